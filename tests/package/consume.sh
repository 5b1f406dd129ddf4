#!/bin/sh
# Builds tests/package/prog.c as a user would, in one of several ways, and runs it.
#   consume.sh indirect|pkg_config|static|wrapper|find_package|add_subdirectory prefix work-directory project-root
set -eu
way=$1 prefix=$2 work=$3 root=$4
here=$root/tests/package
rm -rf "$work"
mkdir -p "$work"

# Links the program against nothing but what it should: $1 program, $2 expected count of libthread.
check() {
    [ "$(readelf -d "$1" | grep -c 'NEEDED.*libthread\.so\.1')" = "$2" ] ||
        { echo "$1: libthread.so.1 is needed other than $2 times"; exit 1; }
    readelf -d "$1" | grep 'NEEDED.*libstdc++' && { echo "$1: brings the C++ run time"; exit 1; }
    LD_LIBRARY_PATH=$libdir "$1"
}

pc=$(find "$prefix" -name libthread.pc)
libdir=$(dirname "$(dirname "$pc")")
PKG_CONFIG_PATH=$(dirname "$pc")
export PKG_CONFIG_PATH

case $way in
indirect)
    # The program itself calls nothing of the library's, a part of it does: the library is needed still.
    wrapped=$prefix/bin/libthread-cc
    "$wrapped" -KPIC -G -Dmain=part -o "$work/libpart.so" "$here/prog.c"
    printf 'extern int part(void);\nint main(void) { return part(); }\n' > "$work/main.c"
    "$wrapped" -R "$work" -o "$work/by_wrapper" "$work/main.c" -L"$work" -lpart
    check "$work/by_wrapper" 1
    # shellcheck disable=SC2046
    ${CC:-cc} -o "$work/by_flags" "$work/main.c" -L"$work" -lpart -Wl,-rpath,"$work" -Wl,--as-needed \
        $(pkg-config --libs libthread)
    check "$work/by_flags" 1
    # Linked without it, the library comes after libc, and says so.
    ${CC:-cc} -o "$work/without" "$work/main.c" -L"$work" -lpart -Wl,-rpath,"$work"
    ! LD_LIBRARY_PATH=$libdir "$work/without" 2> "$work/said" || { echo 'works without'; exit 1; }
    grep 'link the program itself with -lthread' "$work/said"
    ;;
pkg_config)
    # shellcheck disable=SC2046  # flags are several words
    ${CC:-cc} -std=c89 -Wall -Werror $(pkg-config --cflags libthread) -o "$work/prog" "$here/prog.c" \
        $(pkg-config --libs libthread)
    check "$work/prog" 1
    # shellcheck disable=SC2046
    ${CC:-cc} $(pkg-config --variable=old_cflags libthread) $(pkg-config --cflags libthread) \
        -o "$work/old" "$here/old.c" "$here/old_part.c" $(pkg-config --libs libthread)
    check "$work/old" 1
    ;;
static)
    # shellcheck disable=SC2046
    ${CC:-cc} -std=c89 -Wall -Werror $(pkg-config --cflags libthread) -o "$work/prog" "$here/prog.c" \
        -Wl,-Bstatic $(pkg-config --static --libs libthread) -Wl,-Bdynamic
    check "$work/prog" 0
    ;;
wrapper)
    # What a makefile of the time passes: a shared library, a program that uses it, and C++.
    for name in cc c++; do
        wrapped=$prefix/bin/libthread-$name
        [ $name = cc ] || language='-x c++'
        export LIBTHREAD_CC="${CC:-cc}"
        printf 'extern int answer(void);\nint answer(void) { return 42; }\n' > "$work/part.c"
        # shellcheck disable=SC2086  # none or two words
        (cd "$work" && "$wrapped" ${language:-} -KPIC -xO4 -mt -G -h libpart.so part.c -o libpart.so &&
            "$wrapped" ${language:-} -c -g -xO2 "$here/prog.c" -o prog.o &&
            "$wrapped" -R "$work" -o "prog_$name" prog.o -L. -Wl,--no-as-needed -lpart \
                -lsocket -lnsl -lthread -lposix4 -Bdynamic && "./prog_$name")
        readelf -d "$work/libpart.so" | grep -q 'SONAME.*libpart.so'
        readelf -d "$work/prog_$name" | grep -q 'NEEDED.*libpart.so'
    done
    # Sources of the time: a common variable, no types and no prototypes; and careless C++.
    "$prefix/bin/libthread-cc" -Xa -o "$work/old" "$here/old.c" "$here/old_part.c"
    check "$work/old" 1
    "$prefix/bin/libthread-c++" -compat=4 -o "$work/old_c++" "$here/old_c++.cpp"
    check "$work/old_c++" 1
    [ "$("$prefix/bin/libthread-cc" --show -c x.c)" = "${CC:-cc} -I$prefix/include/solaris -D_REENTRANT -c x.c" ]
    ;;
find_package)
    cmake -S "$here/find_package" -B "$work" -DCMAKE_PREFIX_PATH="$prefix"
    cmake --build "$work"
    check "$work/prog_thread" 1
    check "$work/prog_of_parts" 1
    LD_LIBRARY_PATH=$libdir "$work/prog_thread_static"
    ;;
add_subdirectory)
    cmake -S "$here/add_subdirectory" -B "$work" -DLIBTHREAD_SOURCE="$root" -DLT_LTO=OFF -DLT_BATCHES=ON
    cmake --build "$work" --target prog_thread --parallel 2
    libdir=$work/libthread/libthread
    check "$work/prog_thread" 1
    ;;
*)
    echo "no such way: $way"
    exit 2
    ;;
esac
