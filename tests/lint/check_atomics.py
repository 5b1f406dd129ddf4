#!/usr/bin/env python3
"""Every atomic operation names its order, and says beside it why that order."""
import pathlib
import re
import sys

OPERATION = re.compile(r"\.(load|store|exchange|fetch_\w+|compare_exchange_\w+|test_and_set)\(")
ORDER = re.compile(r"memory_order_\w+|memory_order::\w+")
REACH = 4  # lines above an operation in which its comment may stand


def faults(source: pathlib.Path):
    lines = source.read_text().splitlines()
    for number, line in enumerate(lines):
        code = line.split("//")[0]
        if not OPERATION.search(code):
            continue
        statement = " ".join(lines[number : number + 6]).split(";")[0]
        nearby = "\n".join(lines[max(0, number - REACH) : number + 1])
        if not ORDER.search(statement):
            yield f"{source}:{number + 1}: atomic operation without a memory order"
        elif not re.search(r"//.*\b(relaxed|acquire|release|acq_rel|seq_cst)\b", nearby):
            yield f"{source}:{number + 1}: no comment says why this order"


def main() -> int:
    found = [f for s in sorted(pathlib.Path(sys.argv[1]).rglob("*")) if s.suffix in {".h", ".cpp"} for f in faults(s)]
    print("\n".join(found) or "atomics: ok")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
