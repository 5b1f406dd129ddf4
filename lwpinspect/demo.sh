#!/usr/bin/env bash
# A tour of lwpinspect: builds it, starts a program of a thousand threads, and looks inside.
set -euo pipefail

usage() {
    cat << 'END'
usage: lwpinspect/demo.sh [--plain] [--help]

Installs the missing Debian packages (as root or with sudo), builds lwpinspect and an order desk of a
thousand unbound threads on a handful of light-weight processes, and shows it: on a terminal
with `lwpinspect top` (q leaves), elsewhere or with --plain as the text of `ps`, `stacks` and `lwps`.
The program is ended again. Builds in build/tests, as tests/run.sh does. Safe to repeat.
END
}

plain=no
for argument in "$@"; do
    case $argument in
    --plain) plain=yes ;;
    --help | -h) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
    esac
done
[ -t 0 ] && [ -t 1 ] || plain=yes

cd "$(dirname "$0")/.."
# shellcheck source=tests/support/packages.sh
. tests/support/packages.sh
need_packages "${build_packages[@]}"
choose_generator

directory=build/tests
configuration=()
[ -e "$directory/CMakeCache.txt" ] || configuration=(-C tests/config/release.cmake -DLT_BUILD_TESTS=OFF)
mkdir -p "$directory"
echo "Building in $directory ..."
if ! { cmake "${generator[@]}" "${configuration[@]}" -S . -B "$directory" &&
    cmake --build "$directory" --parallel "$(nproc)" --target thread lwpinspect; } > "$directory/demo.log" 2>&1; then
    tail -40 "$directory/demo.log"
    exit 1
fi
"${CC:-cc}" -std=gnu89 -O0 -g -Wall -Iinclude -D_REENTRANT -o "$directory/tour" \
    tests/programs/tour.c "-L$directory/libthread" -lthread "-Wl,-rpath,$PWD/$directory/libthread"

output=$(mktemp)
"$directory/tour" > "$output" &
tour=$!
trap 'kill "$tour" 2> /dev/null || true; wait "$tour" 2> /dev/null || true; rm -f "$output"' EXIT

# The program says when its thousand threads exist.
for ((i = 0; i < 300; i++)); do
    grep -q open "$output" && break
    kill -0 "$tour" 2> /dev/null || { echo 'The program has ended too early.'; exit 1; }
    sleep 0.1
done
grep open "$output" || { echo 'The program did not get ready in 30 s.'; exit 1; }

inspect=$directory/lwpinspect/lwpinspect
show() {
    printf '\n$ lwpinspect %s %s\n' "$1" "$tour"
    "$inspect" "$1" "$tour" > "$output"
    head -n "$2" "$output"
    [ "$(wc -l < "$output")" -le "$2" ] || echo "... ($(wc -l < "$output") lines)"
}

if [ "$plain" = no ]; then
    "$inspect" top "$tour"
else
    show ps 25
    show stacks 60
    show lwps 40
fi
