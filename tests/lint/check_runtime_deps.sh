#!/bin/sh
# libthread.so needs libc and the dynamic loader alone: no C++ run time, no executable stack, no text
# relocation, and it is never unloaded.
#   check_runtime_deps.sh libthread.so
set -eu
dynamic=$(readelf -dW "$1")
needed=$(printf '%s\n' "$dynamic" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' |
    grep -vE '^(libc\.so\.6|ld-linux-.*)$' || true)
cxx=$(nm -D --undefined-only "$1" | awk '{ print $NF }' |
    grep -E '^(_ZN?K?St|_Zn[wa]|_Zd[la]|_ZT[ISV]|__cxa_|__gxx_|_Unwind_)' |
    grep -vE '^__cxa_(finalize|atexit|thread_atexit_impl)(@.*)?$' || true)
faults=0
fault() {
    echo "$1"
    faults=1
}
[ -z "$needed" ] || fault "needs $needed"
[ -z "$cxx" ] || fault "C++ run-time symbols: $cxx"
readelf -lW "$1" | grep -q 'GNU_STACK.*RW ' || fault 'executable stack'
printf '%s\n' "$dynamic" | grep -q 'TEXTREL' && fault 'text relocations'
printf '%s\n' "$dynamic" | grep -q 'Library soname: \[libthread\.so\.1\]' || fault 'wrong SONAME'
printf '%s\n' "$dynamic" | grep -q 'FLAGS_1.*NODELETE' || fault 'may be unloaded'
[ "$faults" = 0 ] || exit 1
echo "runtime dependencies: ok"
