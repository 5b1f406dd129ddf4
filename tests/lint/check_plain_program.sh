#!/bin/sh
# A program that does not ask for Solaris' interface is compiled to the same code with our headers in
# the include path as without them.
#   check_plain_program.sh include-directory directory-of-plain_program.c
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
checked=0
while read -r language mode; do
    for with in '' "-I$1"; do
        # shellcheck disable=SC2086  # a mode may be several words, a directory none
        ${CC:-cc} -x $language $mode -O1 -Wall -Wextra -Werror -c $with -o "$work/code${with:+.with}" \
            "$2/plain_program.c" || { echo "plain_program.c fails with $mode $with"; exit 1; }
    done
    cmp -s "$work/code" "$work/code.with" ||
        { echo "other code with $mode"; exit 1; }
    checked=$((checked + 1))
done <<LIST
c -std=gnu89
c -std=gnu17
c -std=c99 -D_POSIX_C_SOURCE=200809L
c -std=c17 -D_XOPEN_SOURCE=700
c -std=gnu17 -D_GNU_SOURCE
c++ -std=gnu++98
c++ -std=gnu++20
LIST
nm "$work/code" | grep -q 'U sigwait$' || { echo 'the program does not call sigwait'; exit 1; }
echo "plain program: ok ($checked modes)"
