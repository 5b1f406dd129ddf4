#!/usr/bin/env bash
# Builds the benchmarks with every peer that Debian packages, runs them and writes the results.
set -euo pipefail

usage() {
    cat << 'END'
usage: tests/bench/measure.sh [--install] [--document] [run.py's options, such as --quick or --rows WORD]

Builds libthread and the benchmarks in build/bench, measures ours beside each peer that is installed, and
writes the table to the standard output, all figures to build/bench/results.json and the chart to
build/bench/results.svg. Takes about 20 minutes (--rounds 3: 12); --quick, about one.
--document puts table, chart and the costs of the parts into docs/PERFORMANCE.md and docs/performance.svg.
--install first installs the peers' packages (as root or with sudo): Boost.Fiber, Go, State Threads, Pth.
END
}

install=no
document=no
options=()
for argument in "$@"; do
    case $argument in
    --install) install=yes ;;
    --document) document=yes ;;
    --help | -h) usage; exit 0 ;;
    *) options+=("$argument") ;;
    esac
done
[ ${#options[@]} = 0 ] || options+=(--)

cd "$(dirname "$0")/../.."
# shellcheck source=tests/support/packages.sh
. tests/support/packages.sh
need_packages "${build_packages[@]}" python3 libgtest-dev libbenchmark-dev
[ "$install" = no ] || need_packages libboost-fiber-dev golang-go libst-dev libpth-dev
choose_generator

directory=build/bench
targets=(thread_bench nptl_bench parts_bench)
cmake "${generator[@]}" -C tests/config/release.cmake -DLT_BUILD_TESTS=ON -DLT_BUILD_LWPINSPECT=OFF \
    -S . -B "$directory" > /dev/null
known=$(cmake --build "$directory" --target help)
for peer in boost_bench st_bench pth_bench go_bench_program; do
    if [[ $known == *$peer* ]]; then targets+=("$peer"); fi
done
cmake --build "$directory" --parallel --target "${targets[@]}" > "$directory/build.log" ||
    { tail -40 "$directory/build.log"; exit 1; }
programs=()
for program in thread_bench nptl_bench boost_bench go_bench st_bench pth_bench; do
    if [ -x "$directory/tests/bench/$program" ]; then programs+=("$directory/tests/bench/$program"); fi
done
python3 tests/bench/run.py --json "$directory/results.json" --svg "$directory/results.svg" \
    --table "$directory/results.md" "${options[@]}" "${programs[@]}"
"$directory/tests/bench/parts_bench" --benchmark_format=json > "$directory/parts.json" 2> /dev/null
if [ "$document" = yes ]; then
    python3 tests/bench/document.py docs/PERFORMANCE.md "$directory/results.json" "$directory/results.md" \
        "$directory/parts.json"
    cp "$directory/results.svg" docs/performance.svg
fi
