#!/bin/sh
# The dynamic symbols that libthread.so defines are those of its version script: no more (a name we
# would have to keep), no fewer (a name the script promises). Names declared in the public headers are
# among them.
#   check_exports.sh libthread.so libthread.map include-directory
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
nm -D --defined-only "$1" | awk '{ print $NF }' | sort -u > "$work/defined"
sed -e 's|/\*.*\*/||' -e '/\/\*/,/\*\//d' "$2" | tr -s ' ;{}' '\n' |
    grep -vE '^(global:|local:|\*|)$' | sort -u > "$work/promised"
cat "$3/thread.h" "$3/synch.h" "$3/atomic.h" "$3/schedctl.h" |
    sed -n 's/^[a-z_0-9]*t \**\([a-z_0-9]*\)(.*/\1/p; s/^void \([a-z_0-9]*\)(.*/\1/p' |
    sort -u > "$work/declared"
[ "$(wc -l < "$work/declared")" -ge 50 ] || { echo 'the headers could not be read'; exit 1; }

faults=0
report() {
    [ -z "$2" ] || { printf '%s:\n%s\n' "$1" "$2"; faults=1; }
}
report 'exported, not in the version script' "$(comm -23 "$work/defined" "$work/promised")"
report 'in the version script, not defined' "$(comm -13 "$work/defined" "$work/promised")"
report 'declared in a header, not exported' "$(comm -23 "$work/declared" "$work/defined")"
[ "$faults" = 0 ] || exit 1
echo "exports: ok ($(wc -l < "$work/defined") names)"
