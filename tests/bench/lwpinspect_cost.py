#!/usr/bin/env python3
"""lwpinspect beside gdb and eu-stack: how long each takes, how long the target stands still, what it shows.

lwpinspect_cost.py [--runs N] [--looks N] [--document FILE] LWPINSPECT MANY [GDB_SCRIPT]

MANY is the program inspect_many of tests/e2e: sleeping threads, 20 calls deep, and one that spins and notes
its longest pause.  Prints two tables in Markdown, or puts them between the two marks in FILE.  In the first,
wall times are medians of N runs (5); the pause is the least of what the spinning thread saw in them, for
whatever else the machine does only adds to it.  The second has the pauses that lwpinspect itself reports for
one moment, of N looks (20).  Tools that are not installed are left out.  What it is at goes to stderr; it
takes about three minutes.
"""
import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import time

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
GDB = ["gdb", "-nx", "-batch", "-iex", "set debuginfod enabled off", "-iex", "set auto-load off"]
TARGETS = (("10,000 threads on 16 LWPs", ["10000", "20"], 10000),
           ("1,000 LWPs", ["1000", "20", "bound"], 1000),
           ("100 LWPs", ["100", "20", "bound"], 100))


class Target:
    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        env={**os.environ, "MANY_OBSERVER": "1"})
        for line in self.process.stdout:
            if line.strip() == "ready":
                break
        else:
            sys.exit(f"{command[0]} does not start")
        time.sleep(0.3)  # the last ones go to sleep

    def end(self):
        """The longest pause that it saw, in milliseconds."""
        self.process.stdin.close()
        longest = int(self.process.stdout.read() or 0) / 1000
        self.process.wait()
        return longest


def tools(lwpinspect, script):
    """[(name, command before the process id, command after it, text that each thread's stack has once)]."""
    found = [("nothing", None, [], ""),
             ("`lwpinspect ps`", [lwpinspect, "ps"], [], ""),
             ("`lwpinspect stack`", [lwpinspect, "stack"], [], "sleeper+"),
             ("`lwpinspect stacks`", [lwpinspect, "stacks"], [], ""),
             ("`lwpinspect -S stack`, all of one moment", [lwpinspect, "-S", "stack"], [], "sleeper+"),
             ("`lwpinspect deadlocks`", [lwpinspect, "deadlocks"], [], "")]
    if shutil.which("gdb"):
        found.append(("gdb, `thread apply all bt` (pstack, gstack)",
                      [*GDB, "-ex", "thread apply all bt", "-p"], [], " in sleeper "))
        if script:
            found.append(("gdb, `info lwpthreads`", [*GDB, "-ex", "source " + script, "-ex", "info lwpthreads", "-p"],
                          [], ""))
    if shutil.which("eu-stack"):
        found.append(("eu-stack", ["eu-stack", "-p"], [], " sleeper"))
    return found


def measure(many, words, before, after, runs):
    """Wall milliseconds, pause milliseconds, the last output."""
    walls, pauses, output = [], [], ""
    for _ in range(runs):
        target = Target([many, *words])
        begin = time.monotonic()
        if before is None:
            time.sleep(0.3)
        else:
            output = subprocess.run([*before, str(target.process.pid), *after], stdout=subprocess.PIPE,
                                    stderr=subprocess.DEVNULL, text=True, check=False).stdout
        walls.append((time.monotonic() - begin) * 1000)
        pauses.append(target.end())
    return statistics.median(walls), min(pauses), output


def progress(*words):
    print("%s: %s" % (time.strftime("%H:%M:%S"), ", ".join(words)), file=sys.stderr, flush=True)


def moments(asked):
    """What lwpinspect itself says of the moments it takes."""
    yield ""
    yield "| target | of one moment | least, ms | median, ms | most, ms | LWPs stopped |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for name, words, _ in TARGETS:
        target = Target([asked.many, *words])
        for verb in ("ps", "stack"):
            progress(name or "same target", "-S " + verb, "%d looks" % asked.looks)
            pauses, stopped = [], []
            for _ in range(asked.looks):
                output = subprocess.run([asked.lwpinspect, "-S", verb, "--json", str(target.process.pid)],
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)
                end = json.loads(output.stdout.splitlines()[-1])
                pauses.append(end["pause_ns"] / 1e6)
                stopped.append(end["paused_lwps"])
            yield "| %s | `lwpinspect -S %s` | %.2f | %.2f | %.2f | %g |" % (
                name, verb, min(pauses), statistics.median(pauses), max(pauses), statistics.median(stopped))
            name = ""
        target.end()


def rows(asked):
    yield "| target | looked at with | wall, ms | stands still, ms | stacks shown |"
    yield "| --- | --- | --- | --- | --- |"
    for name, words, threads in TARGETS:
        for tool, before, after, mark in tools(asked.lwpinspect, asked.script):
            progress(name or "same target", tool)
            slow = before is not None and before[0] in ("gdb", "eu-stack")
            runs = min(asked.runs, 2) if slow else asked.runs
            wall, pause, output = measure(asked.many, words, before, after, runs)
            shown = "%d of %d" % (output.count(mark), threads) if mark else "-"
            yield "| %s | %s | %s | %.1f | %s |" % (
                name, tool, "-" if before is None else "%.0f" % wall, pause, shown)
            name = ""


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--runs", type=int, default=5)
    options.add_argument("--looks", type=int, default=20)
    options.add_argument("--document")
    options.add_argument("lwpinspect")
    options.add_argument("many")
    options.add_argument("script", nargs="?")
    asked = options.parse_args()
    lines = []
    for part in (rows, moments):
        for row in part(asked):
            lines.append(row)
            print(row, flush=True)
    if asked.document:
        with open(asked.document, encoding="utf-8") as file:
            text = file.read()
        table = "%s\n%s\n%s" % (BEGIN, "\n".join(lines), END)
        text, count = re.subn(re.escape(BEGIN) + ".*?" + re.escape(END), lambda _: table, text, flags=re.S)
        if count != 1:
            print("no marks in %s" % asked.document)
            return 1
        with open(asked.document, "w", encoding="utf-8") as file:
            file.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
