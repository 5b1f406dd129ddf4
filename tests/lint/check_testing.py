#!/usr/bin/env python3
"""Fail when docs/TESTING.md names a test that does not exist."""
import pathlib
import re
import sys

NAMED = re.compile(r"`([\w.+]+)`")
GTEST = re.compile(r"^TEST(?:_P|_F)?\((\w+), (\w+)\)", re.MULTILINE)


def exists(name, suites, tests):
    group, _, rest = name.partition(".")
    if group == "stress":
        made = (tests / "stress/CMakeLists.txt").read_text()
        return re.search(rf"(stress_test\(|lt_test\(|stress\.){re.escape(rest)}(_|\b)", made) is not None
    if group in {"e2e", "faults", "program", "lint"}:
        word = {"faults": "faults.${variant}", "program": "program.${name}.valgrind" if "valgrind" in rest else ""}
        needle = word.get(group) or name
        if group == "lint":
            needle = "lt_lint(" + rest
        return any(needle in file.read_text() for pattern in ("**/CMakeLists.txt", "**/*.cmake")
                   for file in tests.glob(pattern))
    return name in suites


def main(root: pathlib.Path) -> int:
    tests = root / "tests"
    suites = {suite + "." + test for file in tests.glob("**/*.cpp") for suite, test in GTEST.findall(file.read_text())}
    named = [name for name in NAMED.findall((root / "docs/TESTING.md").read_text())
             if "." in name and not name.startswith("docs") and name != "Suite.Test"]
    lost = [name for name in named if not exists(name, suites, tests)]
    print("\n".join(f"docs/TESTING.md: there is no {name}" for name in lost) or f"testing: {len(named)} tests named")
    return 1 if lost or not named else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".")))
