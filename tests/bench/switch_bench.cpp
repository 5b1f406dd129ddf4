// Giving up the processor: thr_yield in a ring of threads, and a thread that blocks in the kernel.
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <vector>

#include "bench/bench.h"

namespace bench {
namespace {

struct alignas(64) Yielder;

struct Ring {
    std::unique_ptr<Yielder[]> yielders;
    std::atomic<bool> stop{false};
    std::int64_t started = 0;
    std::int64_t stopped = 0;
    std::int64_t cpu = 0;
};

struct alignas(64) Yielder {
    std::uint64_t yields = 0;
    Ring* ring = nullptr;
    Sema go;
    ThreadId id{};
};

// The first thread keeps the time.
void* yield_and_count(void* argument)
{
    constexpr std::uint64_t kYieldsPerLook = 16;
    Yielder& self = *static_cast<Yielder*>(argument);
    Ring& ring = *self.ring;
    self.go.wait();
    const bool keeps_time = &self == &ring.yielders[0];
    const std::int64_t end = now_ns() + measured_ns();
    while (!ring.stop.load(std::memory_order_relaxed)) {
        yield();
        ++self.yields;
        if (keeps_time && self.yields % kYieldsPerLook == 0 && now_ns() >= end) {
            ring.stopped = now_ns();
            ring.cpu += cpu_ns();
            ring.stop.store(true, std::memory_order_relaxed);
        }
    }
    return nullptr;
}

// Time: per yield of any thread.
void yield_ring(benchmark::State& state)
{
    const std::size_t count = count_of(state);
    std::uint64_t total = 0;
    std::uint64_t least = UINT64_MAX;
    std::uint64_t most = 0;
    for (auto _ : state) {
        Ring ring;
        ring.yielders = std::make_unique<Yielder[]>(count);
        for (std::size_t i = 0; i < count; ++i) {
            ring.yielders[i].ring = &ring;
            create(ring.yielders[i].id, yield_and_count, &ring.yielders[i]);
        }
        ring.cpu = -cpu_ns();
        ring.started = now_ns();
        for (std::size_t i = 0; i < count; ++i) {
            ring.yielders[i].go.post();
        }
        for (std::size_t i = 0; i < count; ++i) {
            join(ring.yielders[i].id);
            const std::uint64_t yields = ring.yielders[i].yields;
            total += yields;
            least = std::min(least, yields);
            most = std::max(most, yields);
        }
        state.SetIterationTime(seconds(ring.stopped - ring.started) / static_cast<double>(total));
        state.counters["cpu_ns"] = per(ring.cpu, total);
    }
    const double mean = static_cast<double>(total) / static_cast<double>(count);
    state.counters["least_of_mean"] = static_cast<double>(least) / mean;
    state.counters["most_of_mean"] = static_cast<double>(most) / mean;
}
BENCHMARK(yield_ring)->Name("yield")->Arg(2)->Arg(1000)->UseManualTime()->Iterations(1);

struct Progress {
    std::atomic<std::uint64_t> done{0};
    std::atomic<bool> stop{false};
    double before = 0;  // per nanosecond
    double during = 0;
};

void* make_progress(void* argument)
{
    auto& progress = *static_cast<Progress*>(argument);
    while (!progress.stop.load(std::memory_order_relaxed)) {
        progress.done.fetch_add(1, std::memory_order_relaxed);
        yield();
    }
    return nullptr;
}

void* block_in_kernel(void* argument)
{
    constexpr std::int64_t kBefore = 100'000'000;
    constexpr int kBlockedMs = 200;
    auto& progress = *static_cast<Progress*>(argument);
    const std::uint64_t at_start = progress.done.load(std::memory_order_relaxed);
    const std::int64_t start = now_ns();
    while (now_ns() - start < kBefore) {
        yield();
    }
    const std::uint64_t at_block = progress.done.load(std::memory_order_relaxed);
    const std::int64_t blocked = now_ns();
    // The bare system call: poll() itself is a call that a threads library may well replace.
    syscall(SYS_poll, nullptr, 0, kBlockedMs);
    const std::int64_t end = now_ns();
    const std::uint64_t at_end = progress.done.load(std::memory_order_relaxed);
    progress.stop.store(true, std::memory_order_relaxed);
    progress.before =
        static_cast<double>(at_block - at_start) / static_cast<double>(blocked - start);
    progress.during = static_cast<double>(at_end - at_block) / static_cast<double>(end - blocked);
    return nullptr;
}

// Four threads yield in a loop; a fifth does so as well and then sits in poll(). Time: per step of
// the four meanwhile. progress: their rate meanwhile, by the rate before.
void raw_block(benchmark::State& state)
{
    for (auto _ : state) {
        Progress progress;
        ThreadId ids[5];
        for (std::size_t i = 0; i < 5; ++i) {
            create(ids[i], i < 4 ? make_progress : block_in_kernel, &progress);
        }
        for (ThreadId& id : ids) {
            join(id);
        }
        if (progress.before <= 0) {
            state.SkipWithError("no progress before the call");
            return;
        }
        state.SetIterationTime(1e-9 / std::max(progress.during, 1e-9));
        state.counters["progress"] = progress.during / progress.before;
    }
}
BENCHMARK(raw_block)->Name("rawblock")->UseManualTime()->Iterations(1);

// A chain: each thread makes the next one and sits in a bare system call at once, so that every one
// of them has to wait until it is noticed that no LWP is left for it.
struct Chain {
    static constexpr std::size_t kLinks = 60;

    std::atomic<std::size_t> next{0};
    std::int64_t made[kLinks] = {};
    std::int64_t ran[kLinks] = {};
    ThreadId ids[kLinks]{};
    int ends[2] = {-1, -1};
};

void* add_link(void* argument)
{
    Chain& chain = *static_cast<Chain*>(argument);
    const std::size_t number = chain.next++;
    chain.ran[number] = now_ns();
    if (number + 1 == Chain::kLinks) {
        must(syscall(SYS_write, chain.ends[1], chain.made, Chain::kLinks) > 0 ? 0 : errno, "write");
        return nullptr;
    }
    chain.made[number + 1] = now_ns();
    create(chain.ids[number + 1], add_link, &chain);
    char byte = 0;
    must(syscall(SYS_read, chain.ends[0], &byte, 1) == 1 ? 0 : errno, "read");
    return nullptr;
}

// Time: the median until a thread runs. p99_ms: the longest.
void notice(benchmark::State& state)
{
    for (auto _ : state) {
        Chain chain;
        must(pipe(chain.ends) == 0 ? 0 : errno, "pipe");
        chain.made[0] = now_ns();
        create(chain.ids[0], add_link, &chain);
        for (ThreadId& id : chain.ids) {
            join(id);  // then the next one's is known
        }
        std::vector<std::int64_t> delays;
        for (std::size_t i = 0; i < Chain::kLinks; ++i) {
            delays.push_back(chain.ran[i] - chain.made[i]);
        }
        std::sort(delays.begin(), delays.end());
        state.SetIterationTime(seconds(delays[Chain::kLinks / 2]));
        state.counters["p99_ms"] = static_cast<double>(delays[Chain::kLinks - 1]) * 1e-6;
        close(chain.ends[0]);
        close(chain.ends[1]);
    }
}
BENCHMARK(notice)->Name("notice")->UseManualTime()->Iterations(1);

}  // namespace
}  // namespace bench
