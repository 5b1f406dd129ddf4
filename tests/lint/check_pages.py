#!/usr/bin/env python3
"""Every statement of the conformance catalogue has its test.

tests/conformance/pages.txt says which statements each manual page covers, untestable.txt which have
no test and why. This checks that
  - each page has a file PAGE_test.cpp (more may follow as PAGE_*_test.cpp; the page `headers` also
    owns the programs in c89/) and each such file a page,
  - what a page lists is named in its files, and what its files name is listed,
  - no statement is both tested and untestable, and each of the latter has a reason,
  - the numbers of a group have no gap.
"""
import pathlib
import re
import sys

IDENTIFIER = re.compile(r"\b[A-Z]+(?:-[A-Z]+)*-\d\d\b")


def entries(path: pathlib.Path):
    """(line number, text) of each entry; an indented line continues the one before."""
    found: list[tuple[int, str]] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        if line[0].isspace() and found:
            found[-1] = (found[-1][0], found[-1][1] + " " + line.strip())
        else:
            found.append((number, line.strip()))
    return found


def files_of(page: str, pages: set[str], folder: pathlib.Path):
    """The page's files: of all pages that a name starts with, the longest owns it."""
    for file in sorted(folder.glob("*_test.cpp")):
        stem = file.name.removesuffix("test.cpp")
        owners = [p for p in pages if stem.startswith(p + "_")]
        if owners and max(owners, key=len) == page:
            yield file
    if page == "headers":
        yield from sorted((folder / "c89").glob("*.c"))


def page_faults(page: str, listed: set[str], files: list[pathlib.Path], folder: pathlib.Path):
    if not (folder / f"{page}_test.cpp").is_file():
        yield f"{page}: no {page}_test.cpp"
    named: set[str] = set()
    for file in files:
        named.update(IDENTIFIER.findall(file.read_text(encoding="utf-8")))
    for statement in sorted(listed - named):
        yield f"{page}: {statement} is listed and no file of the page names it"
    for statement in sorted(named - listed):
        yield f"{page}: {statement} is named in a file and not listed"


def gap_faults(known: set[str]):
    highest: dict[str, int] = {}
    for statement in known:
        group, _, number = statement.rpartition("-")
        highest[group] = max(highest.get(group, 0), int(number))
    for group, last in sorted(highest.items()):
        for number in range(1, last + 1):
            if f"{group}-{number:02}" not in known:
                yield f"{group}-{number:02}: neither on a page nor in untestable.txt"


def faults(folder: pathlib.Path):
    pages: dict[str, set[str]] = {}
    for number, text in entries(folder / "pages.txt"):
        page, colon, statements = text.partition(":")
        if not colon or page in pages:
            yield f"pages.txt:{number}: not 'page: statements', or a page again"
            continue
        pages[page] = set(statements.split())
    untestable: set[str] = set()
    for number, text in entries(folder / "untestable.txt"):
        statement, _, reason = text.partition(":")
        if not IDENTIFIER.fullmatch(statement) or not reason.strip():
            yield f"untestable.txt:{number}: not 'statement: reason'"
        untestable.add(statement)

    owned: set[pathlib.Path] = set()
    for page, listed in pages.items():
        files = list(files_of(page, set(pages), folder))
        owned.update(files)
        yield from page_faults(page, listed, files, folder)
    for file in sorted(set(folder.glob("*_test.cpp")) - owned):
        yield f"{file.name}: belongs to no page"

    tested = set().union(*pages.values())
    for statement in sorted(tested & untestable):
        yield f"{statement}: both tested and untestable"
    yield from gap_faults(tested | untestable)


def main(root: pathlib.Path) -> int:
    found = list(faults(root / "tests" / "conformance"))
    print("\n".join(found) or "pages: ok")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
