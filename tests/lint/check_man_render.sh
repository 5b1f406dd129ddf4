#!/bin/sh
# The manual pages render without a warning. Skipped (77) where there is no groff.
#   check_man_render.sh docs/man
set -eu
if ! command -v groff > /dev/null; then
    echo 'skipped: no groff here (Debian: groff-base) to render the manual pages with'
    exit 77
fi
faults=0
pages=0
for page in "$1"/*.[13] "$1"/*.3thr; do
    warnings=$(groff -t -man -Tutf8 -Kutf8 -ww -rLL=78n -z "$page" 2>&1) || faults=1
    [ -z "$warnings" ] || { printf '%s\n' "$warnings"; faults=1; }
    pages=$((pages + 1))
done
[ "$pages" -gt 10 ] || { echo "only $pages pages found"; exit 1; }
[ "$faults" = 0 ] || exit 1
echo "manual pages: $pages render without a warning"
