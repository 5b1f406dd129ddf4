#!/usr/bin/env python3
"""A debugger, a profiler or a tracer attaches to a process with unbound threads under a load of signals, works there,
and leaves: no signal is lost or doubled, and the process goes on.

attach_test.py gdb|perf|strace PROGRAM
"""
import re
import shutil
import signal
import subprocess
import sys
import tempfile

SKIPPED = 77
ROUNDS = 2


def run(words, **options):
    return subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=200,
                          check=False, **options)


def computes(target, ticks):
    """Waits until the target has had a processor for so many ticks of the kernel's clock."""
    def used():
        with open("/proc/%d/stat" % target.pid, encoding="utf-8") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return int(fields[11]) + int(fields[12])
    before = used()
    while used() < before + ticks:
        ask(target)


def debug(target, folder):
    """Stops at a breakpoint again and again, looks at all tasks, detaches. What it saw, "" if it may not."""
    del folder
    commands = ["handle all nostop noprint pass", "break checkpoint", "continue", "info threads", "continue",
                "thread apply all bt 3", "delete", "detach"]
    words = ["gdb", "-nx", "-batch", "-iex", "set auto-load off", "-iex", "set debuginfod enabled off"]
    for command in commands:
        words += ["-ex", command]
    seen = run([*words, "-p", str(target.pid)]).stdout
    if "not permitted" in seen:
        return ""
    stops = len(re.findall(r"hit Breakpoint 1, .*checkpoint", seen))
    return seen if stops == 2 and "detached" in seen else "FAILED " + seen


def profile(target, folder):
    """Samples all tasks for a moment: while cat runs, which perf starts when it has attached."""
    data = folder + "/data"
    with subprocess.Popen(["perf", "record", "-e", "cpu-clock", "-F", "500", "-g", "-o", data, "-p", str(target.pid),
                           "--", "cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True) as recorder:
        try:
            recorder.stdin.write("begin\n")
            recorder.stdin.flush()
            if recorder.stdout.readline() != "":
                computes(target, 20)
        except BrokenPipeError:
            pass  # perf has said why
        seen = recorder.communicate(timeout=200)[1]
    if recorder.returncode != 0:
        return "" if re.search("[Pp]ermi|paranoid|not supported", seen) else "FAILED " + seen
    report = run(["perf", "report", "-i", data, "--stdio", "--no-children", "-g", "none"]).stdout
    return report if "mutex_" in report or "lt::" in report or "signal_load" in report else "FAILED " + report


def trace(target, folder):
    """Follows all tasks for a moment; told to leave, strace detaches."""
    del folder
    with subprocess.Popen(["strace", "-f", "-c", "-p", str(target.pid)], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True) as tracer:
        seen = tracer.stdout.readline()
        if "attached" in seen:
            computes(target, 5)
            tracer.send_signal(signal.SIGINT)
        seen += tracer.communicate(timeout=200)[0]
    if "not permitted" in seen:
        return ""
    return seen if "detached" in seen else "FAILED " + seen


TOOLS = {"gdb": debug, "perf": profile, "strace": trace}


def ask(target):
    target.stdin.write("?\n")
    target.stdin.flush()
    return int(target.stdout.readline())


def main(tool, program):
    if shutil.which(tool) is None:
        print("no " + tool)
        return SKIPPED
    with tempfile.TemporaryDirectory() as folder, subprocess.Popen(
            [program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as target:
        assert target.stdout.readline().strip() == "ready"
        for _ in range(ROUNDS):
            before = ask(target)
            seen = TOOLS[tool](target, folder)
            if seen == "":
                print(tool + " may not attach here")
                target.kill()
                return SKIPPED
            if seen.startswith("FAILED"):
                print(seen)
                target.kill()
                return 1
            while ask(target) <= before:
                pass
        target.stdin.close()
        words = target.stdout.read().split()
        target.wait(timeout=200)
        if words != ["healthy"] or target.returncode != 0:
            print("FAILED: the program was not healthy afterwards", words, target.returncode)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
