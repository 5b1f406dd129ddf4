#!/usr/bin/env python3
"""Fail when a file uses a name without its header, included by itself or by headers of its own component.

The compiler would say so, but not where the sources of a folder are compiled as one (LT_BATCHES) or begin
with precompiled headers (LT_PRECOMPILE). What counts are types, constants and functions of two words, which
one header alone declares, and what those precompiled headers are included for.
"""
import collections
import pathlib
import re
import sys

INCLUDE = re.compile(r'^#include ["<]([^">]+)', re.MULTILINE)
COMMENT_OR_TEXT = re.compile(r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"', re.DOTALL)
# What a header declares, where nothing is indented within namespaces.
DECLARATIONS = [re.compile(pattern, re.MULTILINE) for pattern in (
    r"^(?:struct|class|enum|enum class|union|using) (?:\w+\(.*?\) )?([A-Z]\w*)(?: final)?(?: :[^;{]*)?(?: \{| =)",
    r"^(?:inline )?const\w+ [^=;{(]*\b(k[A-Z]\w*)\b",
    r"^#define ([A-Z]\w*)",
    r"^[A-Za-z\[][^=;{(]*[ &*]([a-z]\w+)\(")]
USE = re.compile(r"(?<![\w.:])(?<!->)(?!std::)(?:[a-z]\w*::)*(k[A-Z]\w*|[A-Z]\w*|[a-z]\w+(?=\())")
OTHERS = {
    r"fmt::": "fmt/", r"CLI::": "CLI/",
    r"std::atomic\b": "atomic", r"std::(?:bit_cast|countr_zero|bit_ceil|popcount)\b": "bit",
    r"std::u?int\d+_t\b": "cstdint", r"std::mem(?:cpy|set|move|cmp)\b|std::str(?:n?cmp|n?len|r?chr|str|error)\(": "cstring",
    r"std::(?:sort|stable_sort|find|find_if|any_of|all_of|none_of|lower_bound|max_element|copy)\(": "algorithm",
    r"std::array<": "array", r"std::chrono\b": "chrono", r"std::function<": "functional", r"std::map<": "map",
    r"std::(?:unique_ptr|shared_ptr|make_unique|make_shared)<": "memory", r"std::optional<": "optional",
    r"std::span<": "span", r"std::(?:string\b|to_string\()": "string", r"std::unordered_map<": "unordered_map",
    r"std::vector<": "vector",
}


class Component:
    def __init__(self, root: pathlib.Path):
        files = {f.relative_to(root).as_posix(): f.read_text(encoding="utf-8")
                 for suffix in ("h", "cpp") for f in sorted(root.rglob(f"*.{suffix}"))}
        self.includes = {name: INCLUDE.findall(text) for name, text in files.items()}
        self.text = {name: COMMENT_OR_TEXT.sub(" ", text) for name, text in files.items()}
        self.declared_in = collections.defaultdict(set)
        for name, text in self.text.items():
            if name.endswith(".h"):
                for pattern in DECLARATIONS:
                    for word in pattern.findall(text):
                        self.declared_in[word].add(name)

    def reached(self, name: str) -> set[str]:
        seen, ahead = set(), [name]
        while ahead:
            file = ahead.pop()
            if file not in seen:
                seen.add(file)
                ahead += self.includes.get(file, [])
        return seen

    def faults(self):
        for name, text in self.text.items():
            reached = self.reached(name)
            for word in sorted(set(USE.findall(text))):
                homes = self.declared_in.get(word, ())
                if len(homes) == 1 and not reached & homes and not self.has_its_own(word, reached):
                    yield f"{name}: uses {word} without {min(homes)}"
            for use, header in OTHERS.items():
                found = re.search(use, text)
                if found and not any(path.startswith(header) for path in reached):
                    yield f"{name}: uses {found[0]} without <{header}>"

    def has_its_own(self, word: str, files: set[str]) -> bool:
        """Something else of this name: a nested type, a member, a variable, a forward declaration."""
        own = re.compile(rf"(?:\b(?!return)\w+>?[&*]* |[>&*] ?){word}\b|\benum [^{{;]*\{{[^}}]*\b{word}\b")
        return any(own.search(self.text[file]) for file in files if file in self.text)


def main(root: pathlib.Path) -> int:
    found = [f"{part}/{fault}" for part in ("libthread", "lwpinspect") for fault in Component(root / part).faults()]
    print("\n".join(found) or "includes: ok")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
