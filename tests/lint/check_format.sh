#!/bin/sh
# C and C++ sources are as clang-format 14 leaves them. 77 (skipped) where that version is not installed:
# other versions disagree.
#   check_format.sh project-root
set -eu
formatter=
for candidate in clang-format-14 clang-format; do
    if command -v $candidate > /dev/null && $candidate --version | grep -q 'version 14\.'; then
        formatter=$candidate
        break
    fi
done
[ -n "$formatter" ] || { echo 'no clang-format 14'; exit 77; }
cd "$1"
faults=$(find include libthread lwpinspect tests -type f \
    \( -name '*.h' -o -name '*.cpp' -o -name '*.c' \) -print0 |
    xargs -0 "$formatter" --style=file --dry-run 2>&1 |
    sed -n 's/^\([^:]*\):[0-9]*:.*code should be clang-formatted.*/\1/p' | sort -u)
if [ -n "$faults" ]; then
    printf 'not as %s -i leaves them:\n%s\n' "$formatter" "$faults"
    exit 1
fi
echo "format: ok"
