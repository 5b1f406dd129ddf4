#!/usr/bin/env python3
"""How long lwpinspect takes, and how long its target stands still, beside gdb.

lwpinspect_cost.py LWPINSPECT MANY [RUNS]

MANY is the program inspect_many of tests/e2e.  Prints a table in Markdown: medians of RUNS runs (5; gdb 1).
`pause` is what the tool itself measured, of gdb the time from attaching to detaching.
"""
import json
import shutil
import statistics
import subprocess
import sys
import time


class Target:
    def __init__(self, *command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for line in self.process.stdout:
            if line.strip() == "ready":
                break
        time.sleep(0.5)  # the last ones go to sleep

    @property
    def pid(self):
        return str(self.process.pid)

    def end(self):
        self.process.kill()
        self.process.wait()


def run(command):
    begin = time.monotonic()
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    return time.monotonic() - begin, result.stdout


def measure(command, runs):
    walls, pauses, shown = [], [], ""
    for _ in range(runs):
        wall, out = run(command)
        walls.append(wall * 1000)
        if "--json" in command:
            end = json.loads(out.splitlines()[-1])
            pauses.append(end["pause_ns"] / 1e6)
            shown = "%d lines, %d moving, exit %d" % (out.count("\n"), end["moving"], end["exit"])
        else:
            shown = "%d lines" % out.count("\n")
    return statistics.median(walls), statistics.median(pauses) if pauses else None, shown


def row(name, tool, command, runs):
    wall, pause, shown = measure(command, runs)
    if tool == "gdb":
        pause = wall
    print("| %s | %s | %.0f | %s | %s |" % (
        name, " ".join([tool, *[w for w in command[1:] if not w.isdigit()]]) if tool != "gdb" else
        "gdb thread apply all bt", wall, "%.2f" % pause if pause is not None else "-", shown))
    sys.stdout.flush()


def main(tool, many, runs=5):
    runs = int(runs)
    print("| target | command | wall ms | pause ms | output |\n| --- | --- | --- | --- | --- |")
    for name, words in (("10,000 threads, 16 LWPs", ["10000", "20"]),
                        ("1,000 LWPs", ["1000", "20", "bound"]), ("100 LWPs", ["100", "20", "bound"]),
                        ("12 LWPs", ["12", "20", "bound"])):
        target = Target(many, *words)
        try:
            for command in (["ps"], ["stacks"], ["stacks", "--json"], ["stack", "--json"], ["-S", "ps", "--json"],
                            ["-S", "stacks", "--json"], ["deadlocks", "--json"]):
                row(name, "lwpinspect", [tool, *command, target.pid], runs)
            if shutil.which("gdb"):
                row(name, "gdb", ["gdb", "-nx", "-batch", "-iex", "set debuginfod enabled off", "-ex",
                                  "thread apply all bt", "-p", target.pid], 1)
        finally:
            target.end()
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
