#!/bin/sh
# Every public header compiles alone and doubled, and all compile together, in every language mode a
# program may be built in, without a warning.
#   check_public_headers.sh include-directory
set -eu
modes='-std=c89
-std=c89 -D_XOPEN_SOURCE=500
-std=gnu89
-std=c99
-std=c11
-std=c17
-std=c2x
-std=c++98
-std=c++11
-std=c++14
-std=c++17
-std=c++20'
names=$(cd "$1" && find . -name '*.h' | sed 's|^\./||' | sort)
checked=0

# compile WHAT COMPILER MODE INCLUDE: the unit on standard input.
compile() {
    language=c
    case $3 in *c++*) language=c++ ;; esac
    # shellcheck disable=SC2086  # a mode may be several words
    "$2" -x $language $3 -pedantic-errors -Wall -Wextra -Wundef -Werror "-I$4" -fsyntax-only - ||
        { echo "$1 fails with $2 $3"; exit 1; }
    checked=$((checked + 1))
}

together=$(for name in $names; do echo "#include <$name>"; done)
while IFS= read -r mode; do
    for compiler in ${CC:-cc} $(command -v clang || true); do
        compile 'the whole set' "$compiler" "$mode" "$1" <<UNIT
$together
extern int lt_unit_is_not_empty;
UNIT
    done
    for name in $names; do
        compile "$name" "${CC:-cc}" "$mode" "$1" <<UNIT
#include <$name>
#include <$name>
extern int lt_unit_is_not_empty;
UNIT
    done
done <<LIST
$modes
LIST
echo "public headers: ok ($checked compilations)"
