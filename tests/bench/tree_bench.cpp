// A tree of threads: each creates one for the larger half of its work and joins it.
#include "bench/bench.h"

namespace bench {
namespace {

struct Node {
    std::uint64_t n = 0;
    std::uint64_t sum = 0;
};

void* fib(void* argument)
{
    Node& self = *static_cast<Node*>(argument);
    if (self.n < 2) {
        self.sum = self.n;
        return nullptr;
    }
    Node larger{self.n - 1};
    Node smaller{self.n - 2};
    ThreadId id{};
    create(id, fib, &larger);
    fib(&smaller);
    join(id);
    self.sum = larger.sum + smaller.sum;
    return nullptr;
}

std::uint64_t fib_of(std::uint64_t n)
{
    std::uint64_t current = 0;
    for (std::uint64_t next = 1; n > 0; --n) {
        const std::uint64_t sum = current + next;
        current = next;
        next = sum;
    }
    return current;
}

// Time: per thread created.
void fork_join(benchmark::State& state)
{
    const auto n = static_cast<std::uint64_t>(state.range(0));
    const std::uint64_t spawns = fib_of(n + 1) - 1;
    for (auto _ : state) {
        const std::int64_t cpu = cpu_ns();
        const std::int64_t start = now_ns();
        Node root{n};
        fib(&root);
        const std::int64_t end = now_ns();
        if (root.sum != fib_of(n)) {
            state.SkipWithError("the sum is wrong");
            return;
        }
        state.SetIterationTime(seconds(end - start) / static_cast<double>(spawns));
        state.counters["cpu_ns"] = per(cpu_ns() - cpu, spawns);
        state.counters["peak_mb"] = static_cast<double>(peak_resident_bytes()) / 1e6;
    }
}
BENCHMARK(fork_join)->Name("fib")->Arg(12)->Arg(20)->Arg(25)->Arg(30)->UseManualTime()->Iterations(
    1);

}  // namespace
}  // namespace bench
