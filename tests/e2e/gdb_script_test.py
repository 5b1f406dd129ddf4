#!/usr/bin/env python3
"""lwpinspect/gdb/libthread.py on a live process and on a core of it, against what the program says.

gdb_script_test.py SCRIPT FIELDS ORACLE LWPINSPECT
"""
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time

SKIPPED = 77


def slots(fields):
    """The numbers of the field slots, by the definition that the library is compiled from."""
    with open(fields, encoding="utf-8") as file:
        text = re.sub(r"/\*.*?\*/", "", file.read(), flags=re.S)
    names = re.findall(r"LWPT_FIELD\((\w+), (\w+),", text)
    return {"%s_%s" % name: number for number, name in enumerate(names)}


def gdb(script, commands, *target):
    words = ["gdb", "-nx", "-batch", "-iex", "set auto-load off", "-iex", "set debuginfod enabled off",
             "-ex", "source " + script]
    for command in commands:
        words += ["-ex", command]
    return subprocess.run([*words, *target], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, timeout=200, check=False).stdout


def await_rest(tool, pid):
    """What the program prints of its threads comes before they get there."""
    def at_rest(line):
        return line["state"] in ("blocked", "stopped") or (line["syscall"] or {}).get("name") == "read"

    end = time.monotonic() + 60
    while time.monotonic() < end:
        output = subprocess.run([tool, "-q", "stack", str(pid), "--json"], stdout=subprocess.PIPE, text=True,
                                check=False).stdout
        lines = [json.loads(line) for line in output.splitlines()]
        if lines[-1]["moving"] == 0 and all(at_rest(line) for line in lines if line["type"] == "thread"):
            return
    check(False, "the threads come to rest", output)


def check(condition, what, output):
    if not condition:
        print("FAILED: " + what + "\n" + output)
        sys.exit(1)


def expect_threads(told, table, output):
    for line in told:
        _, number, state, wait = line.split()[:4]
        if state == "running":
            continue
        check(re.search(r"^ *%s +%s .*%s" % (number, state, "" if wait == "-" else wait), table, re.M),
              "thread %s is %s on %s" % (number, state, wait), output)


def expect_stack(told, output):
    """All functions of the program, in order, in the frames of one thread."""
    functions = told.split()[-1].split("<")
    seen = re.findall(r"^#\d+ +0x\w+ in (\w+) ", output, re.M)
    start = seen.index(functions[0]) if functions[0] in seen else len(seen)
    check(seen[start:start + len(functions)] == functions, "stack of " + told, output)


def allow_core():
    most = resource.getrlimit(resource.RLIMIT_CORE)[1]
    resource.setrlimit(resource.RLIMIT_CORE, (most, most))


def main(script, fields, oracle, tool):
    if shutil.which("gdb") is None:
        print("no gdb")
        return SKIPPED
    with open(script, encoding="utf-8") as file:
        known = dict(re.findall(r'"(\w+_\w+)": (\d+)', file.read()))
    numbers = slots(fields)
    check(known and all(numbers[name] == int(number) for name, number in known.items()),
          "the script's slots are those of the library", str(known))
    with tempfile.TemporaryDirectory() as folder, subprocess.Popen(
            [oracle], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=folder,
            preexec_fn=allow_core) as target:
        told = []
        for line in target.stdout:
            if line.strip() == "ready":
                break
            told.append(line.strip())
        await_rest(tool, target.pid)
        chosen = [line for line in told if " blocked " in line][::7]
        commands = ["info lwpthreads"]
        for line in chosen:
            commands.append("lwpthread %s bt" % line.split()[1])
        commands += ["lwpthread 1 bt", "lwpthread 99999 bt"]
        live = gdb(script, commands, "-p", str(target.pid))
        # The kernel's core: gdb's own gcore stops reading at guard pages within a mapping.
        target.send_signal(signal.SIGABRT)
        target.wait()
        if "not permitted" in live:
            print("gdb may not attach here")
            return SKIPPED
        outputs = [live]
        for name in os.listdir(folder):
            outputs.append(gdb(script, commands, oracle, os.path.join(folder, name)))
        for output in outputs:
            expect_threads(told, output, output)
            parts = re.split(r"^thread #", output, flags=re.M)
            for line, part in zip(chosen, parts[1:]):
                expect_stack(line, part)
            check("wait_for_end" in output, "the running main thread", output)
            check("no user thread 99999" in output, "a thread that is not there", output)
    print("gdb script: ok, %d stacks, %d programs" % (len(chosen), len(outputs)))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
