#!/usr/bin/env python3
"""What the conformance tests claim: read from their comments, for the program, the lint and the docs.

A test names the statements that it checks in the comments between the test before it and itself,
    // THR-JOIN-03, THR-JOIN-04: the id joined is stored.
A statement whose comment stands directly above a static_assert or a line of the preprocessor is
decided by the compiler. PAGE_test.cpp and PAGE_*_test.cpp are the tests of the manual page PAGE; the
programs in c89/ belong to the page `headers`, the tests e2e/td_*test.cpp to `td_ta_new`. untestable.txt lists the statements without a test,
deviations.txt those that hold with a difference; each with its reason.

  statements.py --check ROOT        the lint: all of that is consistent
  statements.py --table FILE        C++ source of the tables in runner/statement_table.h
  statements.py --document FILE     docs/CONFORMANCE_TABLE.md: every statement, its result, remarks
  statements.py --compare FILE      whether that file is still what --document makes
"""
import argparse
import collections
import json
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
IDENTIFIER = re.compile(r"\b[A-Z]+(?:-[A-Z]+)*-\d\d\b")
CLAIM = re.compile(r"^(?:/\*|//| \*) ((?:[A-Z]+(?:-[A-Z]+)*-\d\d(?:, )?)+)(?:[:.] ?(.*))?$")
TEST = re.compile(r"^(?:TYPED_)?TEST(?:_F|_P)?\((\w+),\s*(\w+)\)")

Claim = collections.namedtuple("Claim", "statement text")
# test: "Suite.Name", or "" when the compiler decides, or the path of what is no test of the program
Test = collections.namedtuple("Test", "test page file line claims")


def is_case(test: str):
    """A test that the program runs."""
    return test != "" and "/" not in test


def group_of(statement: str):
    return statement.rpartition("-")[0]


def sort_key(statement: str):
    return group_of(statement), int(statement.rpartition("-")[2])


def comment_claims(lines: list[str]):
    """(line after the comment, [Claim]) of each comment that begins with statements."""
    at = 0
    while at < len(lines):
        begin = CLAIM.match(lines[at])
        if not begin:
            at += 1
            continue
        claims = []
        while begin:
            ids, text = IDENTIFIER.findall(begin[1]), begin[2] or ""
            at += 1
            begin = None
            while at < len(lines) and lines[at].startswith("//"):
                begin = CLAIM.match(lines[at])
                if begin:
                    break
                text += " " + lines[at][2:].strip()
                at += 1
            claims += [Claim(i, text.strip().rstrip(".:")) for i in ids]
        yield at, claims


def tests_of_file(file: pathlib.Path, page: str):
    lines = file.read_text(encoding="utf-8").splitlines()
    claims_at = dict(comment_claims(lines))
    pending: list[Claim] = []
    for number, line in enumerate(lines):
        if number in claims_at:
            if line.startswith(("static_assert", "#")) or "clang-format off" in line:
                yield Test("", page, file, number + 1, claims_at[number])
            else:
                pending += claims_at[number]
        if (test := TEST.match(line)):
            yield Test(f"{test[1]}.{test[2]}", page, file, number + 1, pending)
            pending = []


def tests_of_program(file: pathlib.Path):
    """A C program: its statements are named in its comments, several to a comment."""
    text = file.read_text(encoding="utf-8")
    claims = [Claim(i, "") for i in sorted(set(IDENTIFIER.findall(text)))]
    return Test("c89/" + file.name, "headers", file, 1, claims)


def tests_of_debugger(file: pathlib.Path):
    """What a program of its own checks from outside."""
    claims = [c for _, found in comment_claims(file.read_text(encoding="utf-8").splitlines()) for c in found]
    return Test("e2e/" + file.name, "td_ta_new", file, 1, claims)


def pages_of(folder: pathlib.Path):
    """{file: page}: of all pages that a file's name starts with, the shortest owns it."""
    stems = {f: f.name.removesuffix("_test.cpp") for f in sorted(folder.glob("*_test.cpp"))}
    owners = {}
    for file, stem in stems.items():
        owner = [s for s in stems.values() if stem == s or stem.startswith(s + "_")]
        owners[file] = min(owner, key=len)
    return owners


def reasons(path: pathlib.Path):
    """{statement: reason}; an indented line continues the entry before."""
    found: dict[str, str] = {}
    last = ""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        if line[0].isspace() and last:
            found[last] += " " + line.strip()
            continue
        last, _, reason = line.partition(": ")
        if not IDENTIFIER.fullmatch(last) or not reason.strip() or last in found:
            raise SystemExit(f"{path.name}:{number}: not 'statement: reason', or a statement again")
        found[last] = reason.strip()
    return found


class Suite:
    def __init__(self, folder: pathlib.Path):
        self.owners = pages_of(folder)
        self.tests = [t for f, p in self.owners.items() for t in tests_of_file(f, p)]
        self.tests += [tests_of_program(f) for f in sorted((folder / "c89").glob("*.c"))]
        self.tests += [tests_of_debugger(f) for f in sorted((folder.parent / "e2e").glob("td_*test.cpp"))]
        self.untestable = reasons(folder / "untestable.txt")
        self.deviations = reasons(folder / "deviations.txt")
        self.by_statement: dict[str, list[Test]] = collections.defaultdict(list)
        self.texts: dict[str, str] = {}
        for test in self.tests:
            for claim in test.claims:
                self.by_statement[claim.statement].append(test)
                if claim.text and claim.statement not in self.texts:
                    self.texts[claim.statement] = claim.text

    def statements(self):
        return sorted(set(self.by_statement) | set(self.untestable), key=sort_key)

    def page_of(self, statement: str):
        """Of an untestable statement: the page of the nearest tested one of its group."""
        if statement in self.by_statement:
            return self.by_statement[statement][0].page
        number = int(statement[-2:])
        near = [s for s in self.by_statement if group_of(s) == group_of(statement)]
        if not near:
            return "other"
        nearest = min(near, key=lambda s: (abs(int(s[-2:]) - number), s))
        return self.by_statement[nearest][0].page

    def kind_of(self, statement: str):
        tests = [t.test for t in self.by_statement.get(statement, [])]
        if not tests:
            return "kUntestable"
        if any(is_case(t) for t in tests):
            return "kTested"
        return "kCompiled" if "" in tests else "kElsewhere"


def faults(suite: Suite):
    for test in suite.tests:
        if is_case(test.test) and not test.claims:
            yield f"{test.file.name}:{test.line}: {test.test} names no statement in a comment above it"
    seen: dict[str, Test] = {}
    for test in suite.tests:
        if test.test and seen.setdefault(test.test, test) is not test:
            yield f"{test.file.name}:{test.line}: {test.test} is in {seen[test.test].file.name} too"
    for statement in sorted(set(suite.by_statement) & set(suite.untestable)):
        yield f"{statement}: both tested and in untestable.txt"
    for statement in sorted(set(suite.deviations) - set(suite.by_statement)):
        yield f"{statement}: in deviations.txt, and no test names it"
    for statement in suite.by_statement:
        if suite.kind_of(statement) == "kTested" and statement not in suite.texts:
            yield f"{statement}: no test says what it states"
    known = set(suite.statements())
    last: dict[str, int] = collections.defaultdict(int)
    for statement in known:
        last[group_of(statement)] = max(last[group_of(statement)], int(statement[-2:]))
    for group, highest in sorted(last.items()):
        for number in range(1, highest + 1):
            if f"{group}-{number:02}" not in known:
                yield f"{group}-{number:02}: neither tested nor in untestable.txt"


def quote(text: str):
    return json.dumps(text, ensure_ascii=True)


def table(suite: Suite):
    yield "// Made by statements.py.\n#include \"conformance/runner/statement_table.h\"\n"
    yield "namespace conformance {\n\nconst std::vector<Statement>& statements()\n{"
    yield "    static const std::vector<Statement> all{"
    for s in suite.statements():
        remark = suite.untestable.get(s) or suite.deviations.get(s, "")
        programs = [t.test for t in suite.by_statement.get(s, []) if "/" in t.test]
        if suite.kind_of(s) == "kElsewhere":
            remark = remark or "checked beside this program: " + ", ".join(programs)
        yield (f"        {{{quote(s)}, {quote(suite.page_of(s))}, Statement::Kind::{suite.kind_of(s)},\n"
               f"         {quote(suite.texts.get(s, ''))},\n         {quote(remark)}}},")
    yield "    };\n    return all;\n}\n\nconst std::vector<TestEntry>& test_entries()\n{"
    yield "    static const std::vector<TestEntry> all{"
    for test in suite.tests:
        if is_case(test.test):
            ids = " ".join(c.statement for c in test.claims)
            yield f"        {{{quote(test.test)}, {quote(test.page)}, {quote(ids)}}},"
    yield "    };\n    return all;\n}\n\n}  // namespace conformance"


RESULTS = {"kTested": "passes", "kCompiled": "passes (the compiler decides)",
           "kElsewhere": "passes (a program of its own)", "kUntestable": "not tested"}
HEAD = """# Conformance, statement by statement

Made from the tests by `tests/conformance/statements.py --document docs/CONFORMANCE_TABLE.md`; the test
`conformance.table` compares.
*passes*: the tests that name the statement pass, in each way to run threads that `tests/run.sh` goes through; a
statement about threads that share LWPs is skipped where each has one. *differs*: what holds here instead, and passes.
`docs/CONFORMANCE.md` has the reasons at length, `thr_conformance --filter=ID` runs the tests of one statement."""


def result_of(suite: Suite, statement: str):
    return "differs" if statement in suite.deviations else RESULTS[suite.kind_of(statement)]


def document(suite: Suite):
    groups: dict[str, list[str]] = collections.defaultdict(list)
    for statement in suite.statements():
        groups[group_of(statement)].append(statement)
    yield HEAD + "\n\n| group | statements | pass | differ | not tested |\n|---|---|---|---|---|"
    for group, members in groups.items():
        results = [result_of(suite, s) for s in members]
        counts = [len(members), sum(r.startswith("passes") for r in results), results.count("differs"),
                  results.count("not tested")]
        yield f"| {group} | " + " | ".join(map(str, counts)) + " |"
    for group, members in groups.items():
        yield f"\n## {group}\n\n| statement | | result | remarks |\n|---|---|---|---|"
        for s in members:
            remark = suite.untestable.get(s) or suite.deviations.get(s) or f"page {suite.page_of(s)}"
            cells = [s, suite.texts.get(s, ""), result_of(suite, s), remark]
            yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", type=pathlib.Path, metavar="ROOT")
    parser.add_argument("--table", type=pathlib.Path, metavar="FILE")
    parser.add_argument("--document", type=pathlib.Path, metavar="FILE")
    parser.add_argument("--compare", type=pathlib.Path, metavar="FILE")
    asked = parser.parse_args()
    suite = Suite(asked.check / "tests/conformance" if asked.check else HERE)
    if asked.table:
        text = "\n".join(table(suite)) + "\n"
        asked.table.write_text(text, encoding="utf-8")
    text = "\n".join(document(suite)) + "\n"
    if asked.document:
        asked.document.write_text(text, encoding="utf-8")
    if asked.compare and asked.compare.read_text(encoding="utf-8") != text:
        print(f"{asked.compare.name} is stale: run tests/conformance/statements.py --document docs/CONFORMANCE_TABLE.md")
        return 1
    if asked.check:
        found = list(faults(suite))
        print("\n".join(found) or f"statements: ok ({len(suite.statements())})")
        return 1 if found else 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
