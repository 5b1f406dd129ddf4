#!/usr/bin/env python3
"""environment.py PROGRAM MANUAL: each variable of libthread(3) is read, and a bad value is named and ignored."""
import os
import re
import subprocess
import sys

# Of each a bad value that a hurried reader could take for a good one, and a good one.
VALUES = {
    "LIBTHREAD_MODEL": ("mnx", "mn"),
    "LIBTHREAD_CONCURRENCY": ("2x", "2"),
    "LIBTHREAD_GROWTH": ("", "blocked"),
    "LIBTHREAD_IO": ("PARK", "block"),
    "LIBTHREAD_MIGRATE": ("1", "always"),
    "LIBTHREAD_TIMESLICE": ("-1", "10"),
    "LIBTHREAD_MAX_LWPS": ("0", "8"),
    "LIBTHREAD_RETIRE_MS": ("soon", "100"),
    "LIBTHREAD_STACK_GUARD": ("1", "8192"),
}


def run(program, setting):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LIBTHREAD_")}
    result = subprocess.run([program], env=environment | setting, capture_output=True, text=True, timeout=60)
    if result.returncode != 0:
        raise SystemExit(f"{setting}: exit status {result.returncode}\n{result.stderr}")
    return result.stderr


def main(program, manual):
    documented = set(re.findall(r"^\.B (LIBTHREAD_\w+)$", open(manual).read(), re.MULTILINE))
    faults = sorted(documented ^ set(VALUES))
    for name, (bad, good) in VALUES.items():
        said = run(program, {name: bad})
        if not re.fullmatch(rf"libthread: ignored, (no such value|out of range): {name}\n", said):
            faults.append(f"{name}={bad}: {said!r}")
        if said := run(program, {name: good}):
            faults.append(f"{name}={good}: {said!r}")
    print("\n".join(faults) or f"{len(VALUES)} variables")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
