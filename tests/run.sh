#!/usr/bin/env bash
# Builds everything and runs all tests, from a bare Debian 12 on. Safe to repeat.
set -euo pipefail

usage() {
    cat << 'END'
usage: tests/run.sh [--quick] [--help]

Installs the missing Debian packages (as root or with sudo), then
  1  builds with gcc and runs every test, the conformance tests also with each way to a thread control
     block forced (hand, husk, bound)
  2  builds the library, lwpinspect, unit and conformance tests with clang, AddressSanitizer and
     UndefinedBehaviorSanitizer, the files of a folder as if they were one, and runs them; clang's warnings
     and lock analysis are errors
  3  fuzzes what lwpinspect reads for 20 or 5 seconds each (LT_FUZZ_SECONDS: for that long)
Where no clang can be had, gcc takes its place in the second, and the third is skipped. --quick stops
after the first and forces nothing. Build directories: build/tests, build/sanitize; the log of a step that
failed is shown and kept there. The last line is "N passed, N failed".
END
}

quick=no
for argument in "$@"; do
    case $argument in
    --quick) quick=yes ;;
    --help | -h) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
    esac
done

cd "$(dirname "$0")/.."
# shellcheck source=tests/support/packages.sh
. tests/support/packages.sh

jobs=$(nproc)
tests_at_once=$((jobs + 1)) # many wait rather than compute
passed=0
failed=0
skipped=0
failures=()

say() {
    printf '\n== %s\n' "$*"
}

# fail NAME: one more failure, which the summary names.
fail() {
    failed=$((failed + 1))
    failures+=("$1")
}

# build DIRECTORY TARGETS CMAKE-ARGUMENT...: configures and builds; counts a failure itself.
build() {
    local directory=$1 log=$1/build.log start=$SECONDS targets
    read -ra targets <<< "$2"
    shift 2
    mkdir -p "$directory"
    printf 'Building in %s (log: %s) ... ' "$directory" "$log"
    if { cmake "${generator[@]}" "$@" -S . -B "$directory" &&
        cmake --build "$directory" --parallel "$jobs" --target "${targets[@]}"; } > "$log" 2>&1; then
        printf 'done, %d s\n' $((SECONDS - start))
    else
        printf 'FAILED\n'
        grep -E -A5 'error|FAILED' "$log" | head -60 || tail -40 "$log"
        fail "build of $directory"
        return 1
    fi
}

# attribute NAME FILE: a number at the head of a JUnit file, as ctest writes it.
attribute() {
    sed -n "s/^[[:space:]]*$1=\"\([0-9]*\)\".*/\1/p" "$2" | head -1
}

# run_tests NAME DIRECTORY CTEST-ARGUMENT...: runs ctest and adds its results to ours.
run_tests() {
    local name=$1 directory=$2 report=$2/report.xml
    local total bad missed test
    shift 2
    rm -f "$report"
    # The limit is for a machine that hangs; each test has its own.
    timeout --foreground 1800 ctest --test-dir "$directory" --output-junit report.xml \
        --output-on-failure --parallel "$tests_at_once" --no-tests=error "$@" || true
    if [ ! -s "$report" ]; then
        fail "$name: ctest did not finish"
        return
    fi
    total=$(attribute tests "$report")
    bad=$(attribute failures "$report")
    missed=$(($(attribute skipped "$report") + $(attribute disabled "$report")))
    passed=$((passed + total - bad - missed))
    skipped=$((skipped + missed))
    while IFS= read -r test; do
        fail "$name: $test"
    done < <(sed -n 's/.*<testcase name="\([^"]*\)".*status="fail".*/\1/p' "$report")
}

finish() {
    say "Summary, after $((SECONDS / 60)) min $((SECONDS % 60)) s"
    for failure in "${failures[@]}"; do
        echo "FAILED  $failure"
    done
    [ "$skipped" = 0 ] || echo "$skipped skipped (see above why)"
    echo "$passed passed, $failed failed"
    [ "$failed" = 0 ]
}

say 'Packages'
need_packages "${build_packages[@]}" python3 libgtest-dev libbenchmark-dev tmux binutils groff-base ||
    { fail 'installation of packages'; finish; exit 1; }
[ "$quick" = yes ] || need_packages clang libclang-rt-dev || echo 'No clang: gcc takes its place.'
echo 'All there.'
choose_generator

say 'gcc, every test'
selection=()
[ "$quick" = no ] || selection=(-LE forced)
if build build/tests all -C tests/config/release.cmake -DLT_BUILD_TESTS=ON \
    '-DLT_TEST_OPTIONS=-O0;-g0' '-DLT_INSPECT_OPTIONS=-O1;-g0' -DLT_PRECOMPILE=ON -DLT_BATCHES=ON; then
    run_tests gcc build/tests "${selection[@]}"
fi
if [ "$quick" = yes ]; then
    finish
    exit
fi

say 'AddressSanitizer, UndefinedBehaviorSanitizer and lock analysis'
compiler=()
if command -v clang++ > /dev/null; then
    compiler=(-C tests/config/clang.cmake -DLT_FUZZ=ON)
fi
if build build/sanitize 'thread thread_static lwpinspect lwpdb lwpdb_td tests.unit tests.conformance' \
    -C tests/config/asan.cmake "${compiler[@]}" '-DCMAKE_CXX_FLAGS_RELWITHDEBINFO=-O0 -g1' \
    '-DLT_TEST_OPTIONS=-fno-sanitize=undefined;-g0' -DLT_INSPECT_OPTIONS=-g0 -DLT_PRECOMPILE=ON -DLT_BATCHES=ON; then
    run_tests sanitize build/sanitize -L 'unit|conformance'
    if [ ${#compiler[@]} = 0 ]; then
        echo 'No clang, no fuzzing.'
        skipped=$((skipped + 1))
    else
        say 'Fuzzing'
        fuzzer=build/sanitize/tests/fuzz/inspect_fuzz
        # What comes from the target's memory, and the rest.
        if tests/fuzz/run.sh "$fuzzer" "${LT_FUZZ_SECONDS:-20}" core descriptor json maps &&
            tests/fuzz/run.sh "$fuzzer" "${LT_FUZZ_SECONDS:-5}" filter options snapshot symbols; then
            passed=$((passed + 1))
        else
            fail 'fuzzing'
        fi
    fi
fi
finish
