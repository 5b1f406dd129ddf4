#!/usr/bin/env python3
"""perf records the probes of a program, and `lwpinspect trace` makes a timeline of that.

perf_trace_test.py LWPINSPECT ORACLE STUCK

The command lines are those that `lwpinspect probes --perf-lines` prints.  Skipped where perf is missing or
may not add the probes to the kernel's.
"""
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


def timeline(tool, stuck, record, folder):
    # Two threads that lock each other out, instead of ten seconds of a process.
    subprocess.run([*record[:record.index("-p")], "--", stuck, "circle2"], check=True, cwd=folder,
                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    script = subprocess.run(["perf", "script", "-i", "lwpt.data"], check=True, cwd=folder, stdout=subprocess.PIPE,
                            stderr=subprocess.DEVNULL).stdout
    subprocess.run([tool, "trace", "--perf", "-", "-o", "lwpt.json"], check=True, cwd=folder, input=script,
                   stdout=subprocess.DEVNULL)
    with open(os.path.join(folder, "lwpt.json"), encoding="utf-8") as file:
        return json.load(file)["traceEvents"]


def check(events):
    rows = {event["args"]["name"] for event in events if event["ph"] == "M" and event["name"] == "thread_name"}
    assert {"#1", "#2", "#3"} <= rows, rows
    done = {event["name"] for event in events if event["ph"] == "X" and event.get("tid") == 1}
    # The first thread waits on a semaphore until the others have their locks.
    assert any(name.startswith("blocked: sema") for name in done), done
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
    with tempfile.TemporaryDirectory() as folder:
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
