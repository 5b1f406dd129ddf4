#!/usr/bin/env python3
"""Every public function has a manual page, and the pages agree with the headers.

    check_man.py project-root

Public is what a header in include/ declares, and what libthread.so exports under a name without
an underscore. A page of section 3thr is about the functions in its NAME line. libthread(3) names
the functions of libc that the library replaces: those have pages elsewhere.
"""
import os
import pathlib
import re
import subprocess
import sys

SECTIONS = ["NAME", "SYNOPSIS", "DESCRIPTION", "RETURN VALUES", "ERRORS"]
# In this order after those above; only the last is a must.
LATER_SECTIONS = ["EXAMPLES", "NOTES", "SEE ALSO"]
# Pages about functions of other names, as on Solaris.
GROUPS = {"atomic_ops", "atomic_add", "atomic_and", "atomic_bits", "atomic_cas", "atomic_dec", "atomic_inc",
          "atomic_or", "atomic_swap", "membar_ops"}
# Exported, and no function: what lwpinspect looks for.
DATA = {"lwp_debug"}
# Declared because macros and inline functions of the headers call them.
INTERNAL = re.compile(r"__\w+|_lt_\w+|_assfail")
# Declared under another name than programs use, which is a macro.
SPELLED = {"_sysinfo": "sysinfo", "_lt_sigwait": "sigwait"}
# The text of a synopsis starts in column 7 of a terminal of 80.
SYNOPSIS_WIDTH = 73


def normalised(prototype: str) -> str:
    """One spelling for a prototype, however it was broken into lines."""
    text = re.sub(r"__attribute__\s*\(\(.*?\)\)", "", prototype)
    text = re.sub(r"\b(extern|static|inline|__inline|__inline__|__extension__|__restrict)\b", "", text)
    text = re.sub(r"\b__(pid_t|uint8_t)\b", r"\1", text)
    text = re.sub(r"\s+", " ", text).strip()
    return re.sub(r" ?([*(),\[\]]) ?", r"\1", text)


def function_name(prototype: str) -> str | None:
    match = re.fullmatch(r"[\w *]+?\b(\w+)\(.*\)", prototype)
    return match[1] if match and not prototype.startswith(("typedef", "return", "__typeof")) else None


def from_our_headers(header: str, include: pathlib.Path, mode: str) -> str:
    """What the preprocessor leaves of our headers when a program includes this one."""
    command = [*os.environ.get("CC", "cc").split(), "-E", mode, "-I", str(include), "-x", "c", "-"]
    output = subprocess.run(command, check=True, capture_output=True, text=True, input=f"#include <{header}>\n").stdout
    ours, lines = False, []
    for line in output.splitlines():
        marker = re.match(r'# \d+ "([^"]*)"', line)
        if marker:
            ours = marker[1].startswith(str(include))
        elif ours and not line.startswith("#"):
            lines.append(line)
    return "\n".join(lines)


def declared_in(header: str, include: pathlib.Path) -> dict[str, str]:
    """Name -> prototype of what a program gets from our headers by including this one."""
    result: dict[str, str] = {}
    for mode in ("-D_GNU_SOURCE", "-D_XOPEN_SOURCE=600"):  # some names are for one of them
        text, before = from_our_headers(header, include, mode), ""
        while text != before:  # bodies of functions and structures, innermost first
            before, text = text, re.sub(r"\{[^{}]*\}", ";", text)
        for prototype in map(normalised, text.split(";")):
            name = function_name(prototype)
            if name in SPELLED:
                name, prototype = SPELLED[name], prototype.replace(name, SPELLED[name])
            if name and not INTERNAL.fullmatch(name):
                result.setdefault(name, prototype)  # an inline definition may follow
    return result


def arguments(line: str) -> list[str]:
    """The arguments of a macro line, as roff splits them."""
    found = re.findall(r'"((?:[^"]|"")*)"?|(\S+)', line)
    return [quoted.replace('""', '"') or plain for quoted, plain in found]


def plain(text: str) -> str:
    return re.sub(r"\\f[A-Z]|\\&", "", text).replace(r"\-", "-").replace(r"\e", "\\")


class Page:
    def __init__(self, path: pathlib.Path):
        self.path = path
        self.stem = path.name.rsplit(".", 1)[0]
        self.text = path.read_text(encoding="utf-8")
        self.sections = re.findall(r"^\.SH (.*)$", self.text, re.M)
        name = plain(self.section("NAME").replace("\n", " "))
        self.names = re.findall(r"\w+", name.split(" - ")[0])
        self.synopsis = [plain("".join(arguments(line.split(" ", 1)[1])) if line.startswith(".BI")
                               else line.removeprefix(".B ").strip('"'))
                         for line in self.section("SYNOPSIS").splitlines()
                         if line.startswith((".B ", ".BI "))]
        self.includes = [m[1] for line in self.synopsis if (m := re.fullmatch(r"#include <(.*)>", line))]
        rest = [line for line in self.synopsis if not line.startswith(("#", "cc "))]
        pieces = [normalised(piece) for piece in " ".join(rest).split(";")]
        self.prototypes = {function_name(p) or p: p for p in pieces if p}
        self.references = re.findall(r"^\.[BI]R (\S+) \(3thr\)", self.text, re.M)

    def section(self, title: str) -> str:
        match = re.search(rf"^\.SH {title}\n(.*?)(?=^\.SH |\Z)", self.text, re.M | re.S)
        return match[1] if match else ""

    def shape_faults(self):
        if not self.text.startswith(f".TH {self.stem} 3thr "):
            yield f"does not begin with .TH {self.stem} 3thr"
        if self.names[:1] != [self.stem]:
            yield "its first name is not that of the file"
        later = [s for s in LATER_SECTIONS if s in self.sections]
        if self.sections != SECTIONS + later or "SEE ALSO" not in later:
            yield f"sections are {self.sections}"
        if not any(line.startswith("cc $(pkg-config --cflags") for line in self.synopsis):
            yield "SYNOPSIS does not say how to compile"
        yield from (f"{len(line)} columns in SYNOPSIS: {line}" for line in self.synopsis if len(line) > SYNOPSIS_WIDTH)


def exported(version_script: pathlib.Path) -> set[str]:
    text = re.sub(r"/\*.*?\*/", "", version_script.read_text(encoding="utf-8"), flags=re.S)
    names = set(re.findall(r"(\w+);", text)) - DATA
    return {name for name in names if not name.startswith("_")}


def faults(root: pathlib.Path):
    include = root / "include"
    headers = [h.relative_to(include).as_posix() for h in sorted(include.rglob("*.h"))]
    by_header = {h: declared_in(h, include) for h in headers}
    declared = {name: prototype for names in by_header.values() for name, prototype in names.items()}
    if len(declared) < 50:
        yield f"only {len(declared)} functions found in the headers: they could not be read"
    pages = [Page(p) for p in sorted((root / "docs/man").glob("*.3thr"))]
    overview = (root / "docs/man/libthread.3").read_text(encoding="utf-8")
    replaced = set(re.findall(r"^\.BR (\w+) \([23]\)", overview, re.M))
    home: dict[str, str] = {}
    for page in pages:
        yield from (f"{page.path.name}: {fault}" for fault in page.shape_faults())
        for name in page.names:
            if name in home:
                yield f"{page.path.name}: {name} is described in {home[name]} too"
            home[name] = page.path.name
        yield from (f"{page.path.name}: no header is {i}" for i in page.includes if i not in by_header)
        reachable = {n for i in page.includes for n in by_header.get(i, {})}
        for name, prototype in page.prototypes.items():
            if name not in page.names:
                yield f"{page.path.name}: {name} is in SYNOPSIS and not in NAME"
            elif name not in declared:
                yield f"{page.path.name}: no header declares {name}"
            elif name not in reachable:
                yield f"{page.path.name}: none of its headers declares {name}"
            elif prototype != declared[name]:
                yield f"{page.path.name}: {prototype}\n    where the header has {declared[name]}"
        yield from (f"{page.path.name}: {name} is in NAME and not in SYNOPSIS"
                    for name in page.names if name not in page.prototypes and name not in GROUPS)
    known = set(home) | replaced
    missing = (declared.keys() | exported(root / "libthread/libthread.map")) - known
    yield from (f"no manual page: {name}" for name in sorted(missing))
    for source in sorted((root / "libthread").rglob("*.cpp")):
        for name in re.findall(r'"(LIBTHREAD_\w+)"', source.read_text(encoding="utf-8")):
            if not re.search(rf"^\.B {name}$", overview, re.M):
                yield f"libthread.3: nothing about {name}"
    for path in sorted((root / "docs/man").glob("*.*")):
        for name in re.findall(r"^\.[BI]R (\S+) \(3thr\)", path.read_text(encoding="utf-8"), re.M):
            if name not in home:
                yield f"{path.name}: refers to {name}(3thr), which there is not"


def main(root: pathlib.Path) -> int:
    found = list(faults(root))
    print("\n".join(found) or "manual pages: ok")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1]).resolve()))
