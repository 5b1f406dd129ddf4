// The benchmarks' main(): the peer's run time, then Google Benchmark.
#include "bench/bench.h"

int main(int argc, char** argv)
{
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) {
        return 2;
    }
    [[maybe_unused]] const bench::Runtime runtime;
    benchmark::RunSpecifiedBenchmarks();
    return 0;
}
