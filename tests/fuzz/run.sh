#!/usr/bin/env bash
# Fuzzes what of lwpinspect reads other people's bytes: each target in turn, two at a time.
set -euo pipefail

usage() {
    cat << 'END'
usage: tests/fuzz/run.sh PROGRAM [SECONDS] [TARGET...]

PROGRAM is inspect_fuzz of a build with LT_FUZZ; SECONDS, for each target, 10 (60 and more by hand).
What was found stays in the folder of the build as TARGET-crash-*, to become an entry of
tests/fuzz/corpus/TARGET. Ends with 1 if anything was found.
END
}

[ $# -gt 0 ] && [ -x "$1" ] || { usage >&2; exit 2; }
program=$1
seconds=${2:-10}
shift $(($# > 1 ? 2 : 1))
corpora=$(cd "$(dirname "$0")" && pwd)/corpus
targets=("$@")
[ ${#targets[@]} -gt 0 ] || mapfile -t targets < <(ls "$corpora")
place=$(dirname "$program")

# Memory is limited, and a second is more than any input may take.
fuzz() {
    local target=$1 fresh
    fresh=$(mktemp -d)
    if "$program" --target="$target" "$fresh" "$corpora/$target" -max_total_time="$seconds" \
        -timeout=5 -rss_limit_mb=1024 -max_len=8192 -close_fd_mask=1 -print_final_stats=1 \
        -artifact_prefix="$place/$target-" > "$place/$target.log" 2>&1; then
        sed -n "s/^stat::number_of_executed_units: */$target: inputs /p" "$place/$target.log"
    else
        echo "$target: FOUND, see $place/$target.log"
        grep -E 'ERROR|SUMMARY|#[0-9] .* in lwpi' "$place/$target.log" | head -8
        touch "$place/found"
    fi
    rm -rf "$fresh"
}

rm -f "$place/found"
running=0
for target in "${targets[@]}"; do
    fuzz "$target" &
    running=$((running + 1))
    [ $((running % 2)) != 0 ] || wait
done
wait
[ ! -e "$place/found" ]
