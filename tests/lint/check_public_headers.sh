#!/bin/sh
# Each public header compiles alone and doubled, in every language mode a program may be built in,
# without a warning.
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
compilers=${CC:-cc}
command -v clang > /dev/null && compilers="$compilers clang"
checked=0
for name in thread.h synch.h atomic.h sys/atomic.h schedctl.h libthread/types.h libthread/inspect_abi.h sys/types.h sys/fork.h unistd.h \
    pthread.h semaphore.h; do
    unit=$(printf '#include <%s>\n#include <%s>\nextern int lt_unit_is_not_empty;\n' "$name" "$name")
    for compiler in $compilers; do
        while IFS= read -r mode; do
            language=c
            case $mode in *c++*) language=c++ ;; esac
            # shellcheck disable=SC2086  # a mode may be several words
            printf '%s\n' "$unit" | "$compiler" -x $language $mode -pedantic-errors -Wall -Wextra \
                -Wundef -Werror "-I$1" -fsyntax-only - ||
                { echo "$name fails with $compiler $mode"; exit 1; }
            checked=$((checked + 1))
        done <<LIST
$modes
LIST
    done
done
echo "public headers: ok ($checked compilations)"
