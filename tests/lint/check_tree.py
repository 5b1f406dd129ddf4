#!/usr/bin/env python3
"""The tree as a whole: what lies at the top, how long files are, and no path of somebody's machine."""
import pathlib
import re
import sys

TOP = {"CMakeLists.txt", "README.md", "LICENSE", "libthread", "lwpinspect", "include", "tests", "docs"}
SOURCE_LIMIT = 400
HEADER_LIMIT = 200
# Longer files that hold one idea all the same, each with its reason.
LONG_ON_PURPOSE: dict[str, str] = {
    "lwpinspect/lwpdb/lwpdb.h": "the whole C interface; half of it is the contract in comments",
    "include/synch.h": "four objects of one manual section; half of it is the contract in comments",
}
SOURCES = {".def", ".cpp", ".c", ".S", ".py", ".sh"}
HEADERS = {".h"}
TEXTS = SOURCES | HEADERS | {".txt", ".cmake", ".md", ".in", ".map", ".1", ".3", ".3thr", ""}
MACHINE_PATH = re.compile(r"(?<![\w.$}])/(?:work|home|root|Users|mnt)/[\w.-]+")


def files(root: pathlib.Path):
    for entry in sorted(root.iterdir()):
        if entry.name == ".git" or entry.name.startswith("build"):
            continue
        yield from ([entry] if entry.is_file() else (f for f in sorted(entry.rglob("*")) if f.is_file()))


def faults(root: pathlib.Path):
    for entry in sorted(root.iterdir()):
        hidden = entry.name.startswith(".")
        if not hidden and entry.name not in TOP and not entry.name.startswith("build"):
            yield f"{entry.name}: does not belong at the top level"
    for file in files(root):
        name = file.relative_to(root).as_posix()
        if file.suffix not in TEXTS or "__pycache__" in name:
            continue
        lines = file.read_text(encoding="utf-8").splitlines()
        limit = HEADER_LIMIT if file.suffix in HEADERS else SOURCE_LIMIT
        if file.suffix in SOURCES | HEADERS and len(lines) > limit and name not in LONG_ON_PURPOSE:
            yield f"{name}: {len(lines)} lines, more than {limit}"
        for number, line in enumerate(lines, 1):
            if MACHINE_PATH.search(line):
                yield f"{name}:{number}: a path of one machine"


def example_faults(root: pathlib.Path):
    """The program in the README is the one that the tests compile and run."""
    program = (root / "tests/programs/relay.c").read_text(encoding="utf-8")
    if f"```c\n{program}```" not in (root / "README.md").read_text(encoding="utf-8"):
        yield "README.md: its program is not tests/programs/relay.c"


def main(root: pathlib.Path) -> int:
    found = [*faults(root), *example_faults(root)]
    print("\n".join(found) or "tree: ok")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
