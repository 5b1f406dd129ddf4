#!/usr/bin/env python3
"""perf records the probes of a program, and `lwpinspect trace` makes a timeline of that.

perf_trace_test.py LWPINSPECT ORACLE STUCK

The command lines are those that `lwpinspect probes --perf-lines` prints.  Skipped where perf is missing or
may not add the probes to the kernel's.
"""
import fcntl
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile

SKIPPED = 77


def command_lines(tool, oracle):
    with subprocess.Popen([oracle], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as target:
        for line in target.stdout:
            if line.strip() == "ready":
                break
        output = subprocess.run([tool, "probes", str(target.pid), "--perf-lines"], check=True, capture_output=True,
                                text=True).stdout
        target.stdin.close()
    return [shlex.split(line) for line in output.splitlines() if line.startswith("perf ")]


def child_of(pid):
    with open("/proc/%d/task/%d/children" % (pid, pid), encoding="ascii") as file:
        return file.read().split()[0]


def timeline(tool, stuck, record, folder):
    # Two threads that lock each other out, instead of ten seconds of a process.
    with subprocess.Popen([*record[:record.index("-p")], "--", stuck, "circle2"], cwd=folder, stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as recorder:
        assert recorder.stdout.readline().strip() == "ready"
        pid = child_of(recorder.pid)
        while subprocess.run([tool, "deadlocks", pid], check=False, capture_output=True).returncode != 1:
            pass
        recorder.communicate(timeout=200)  # the end of its input is that of the program
    assert recorder.returncode == 0, recorder.returncode
    script = subprocess.run(["perf", "script", "-i", "lwpt.data"], check=True, cwd=folder, stdout=subprocess.PIPE,
                            stderr=subprocess.DEVNULL).stdout
    subprocess.run([tool, "trace", "--perf", "-", "-o", "lwpt.json"], check=True, cwd=folder, input=script,
                   stdout=subprocess.DEVNULL)
    with open(os.path.join(folder, "lwpt.json"), encoding="utf-8") as file:
        return json.load(file)["traceEvents"]


def check(events):
    rows = {event["args"]["name"] for event in events if event["ph"] == "M" and event["name"] == "thread_name"}
    assert {"#1", "#2", "#3"} <= rows, rows
    for thread in (2, 3):
        done = {event["name"] for event in events if event["ph"] == "X" and event.get("tid") == thread}
        assert any(name.startswith("blocked: mutex") for name in done), done
    times = [event["ts"] for event in events if "ts" in event]
    assert times == sorted(times), times


def main(tool, oracle, stuck):
    if not shutil.which("perf"):
        print("no perf")
        return SKIPPED
    lines = command_lines(tool, oracle)
    adding = [line for line in lines if line[1] in ("buildid-cache", "probe") and "--del" not in line]
    record = next(line for line in lines if line[1] == "record")
    deletion = next(line for line in lines if "--del" in line)
    try:
        probes = open("/sys/kernel/tracing/uprobe_events", encoding="ascii")
    except OSError as error:
        print(f"cannot see the kernel's probes: {error}")
        return SKIPPED
    with probes, tempfile.TemporaryDirectory() as folder:
        fcntl.flock(probes, fcntl.LOCK_EX)  # they are the whole machine's: no other run may remove them
        os.environ["HOME"] = folder  # perf's cache
        for line in adding:
            added = subprocess.run(line, check=False, capture_output=True, text=True)
            if added.returncode != 0:
                print("cannot add probes: " + added.stderr)
                return SKIPPED
        try:
            check(timeline(tool, stuck, record, folder))
        finally:
            subprocess.run(deletion, check=True, capture_output=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
