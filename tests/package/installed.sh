#!/bin/sh
# What was installed is complete: every public header, and a manual page under each function's name.
#   installed.sh prefix project-root
set -eu
prefix=$1 root=$2
man=$prefix/share/man/man3

cd "$root/include"
find . -type f | while read -r header; do
    [ -f "$prefix/include/solaris/$header" ] || { echo "not installed: $header"; exit 1; }
done

grep -q '^\.TH mutex_init 3thr' "$man/mutex_init.3thr"
[ "$(cat "$man/mutex_trylock.3thr")" = '.so man3/mutex_init.3thr' ] ||
    { echo 'mutex_trylock does not lead to mutex_init'; exit 1; }
for page in "$man"/*.3thr; do
    target=$(sed -n '1s/^\.so //p' "$page")
    [ -z "$target" ] || [ -f "$prefix/share/man/$target" ] || { echo "$page leads nowhere"; exit 1; }
done
pages=$(find "$man" -name '*.3thr' | wc -l)
[ "$pages" -ge 50 ] || { echo "only $pages manual pages"; exit 1; }

if man -V 2> /dev/null | grep -q '^man 2'; then
    MANPATH=$prefix/share/man man -w 3 sema_post > /dev/null
    MANPATH=$prefix/share/man man 3thr cond_broadcast | grep -q 'cond_broadcast'
fi
echo "installed: $pages manual pages of functions"
