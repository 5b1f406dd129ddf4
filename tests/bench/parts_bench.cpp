// What a switch is made of: the bare exchange of two contexts, and what each of the things costs
// that other libraries leave out. Not a row of run.py; docs/PERFORMANCE.md has the figures.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <memory>

#include "arch/context.h"
#include "arch/cpu.h"
#include "os/clock.h"
#include "os/signal_mask.h"
#include "os/tcb.h"
#include "sched/thread.h"

namespace {

using lt::memory_order_relaxed;
using lt::memory_order_release;

struct Partners {
    lt::ArchContext here{};
    lt::ArchContext there{};
    void* tcb = nullptr;
};

[[noreturn]] const lt::ArchContext* answer(void* argument)
{
    auto& partners = *static_cast<Partners*>(argument);
    for (;;) {
        lt::arch_switch(&partners.there, &partners.here);
    }
}

[[noreturn]] const lt::ArchContext* answer_with_fs_base(void* argument)
{
    auto& partners = *static_cast<Partners*>(argument);
    for (;;) {
        lt::arch_switch_fs(&partners.there, &partners.here, partners.tcb);
    }
}

// Time: per switch.
void exchange(benchmark::State& state, lt::ArchEntry partner, bool with_fs_base)
{
    constexpr std::size_t kStack = 64 * 1024;
    const auto stack = std::make_unique<unsigned char[]>(kStack);
    Partners partners;
    partners.tcb = lt::arch::thread_pointer();
    const auto top = reinterpret_cast<std::uintptr_t>(stack.get() + kStack) & ~std::uintptr_t{63};
    partners.there = lt::arch_prepare(reinterpret_cast<void*>(top), partner, &partners);
    while (state.KeepRunningBatch(2)) {
        if (with_fs_base) {
            lt::arch_switch_fs(&partners.here, &partners.there, partners.tcb);
        } else {
            lt::arch_switch(&partners.here, &partners.there);
        }
    }
}

void bare_switch(benchmark::State& state)
{
    exchange(state, answer, false);
}
BENCHMARK(bare_switch)->Name("switch");

void switch_with_tls(benchmark::State& state)
{
    if (!lt::os::can_write_fs_base()) {
        state.SkipWithError("the kernel has not enabled FSGSBASE: here a system call");
        return;
    }
    exchange(state, answer_with_fs_base, true);
}
BENCHMARK(switch_with_tls)->Name("switch+tls");

// Saved and compared at each switch; loaded only when they differ.
void floating_point_control(benchmark::State& state)
{
    lt::Thread self;
    lt::Thread next;
    next.mxcsr = lt::arch::mxcsr();
    next.x87_control = lt::arch::x87_control();
    for (auto _ : state) {
        self.mxcsr = lt::arch::mxcsr();
        self.x87_control = lt::arch::x87_control();
        benchmark::DoNotOptimize(self.mxcsr != next.mxcsr || self.x87_control != next.x87_control);
    }
}
BENCHMARK(floating_point_control)->Name("fp control");

// What lwpinspect reads: the two steps of `seq`, the state, the LWP's thread and its counter.
void inspection_stores(benchmark::State& state)
{
    lt::Thread self;
    lt::Thread next;
    lt::Atomic<lt::Thread*> carried{nullptr};
    lt::Atomic<std::uint64_t> dispatches{0};
    for (auto _ : state) {
        // The orders are those of sched/switch.cpp.
        next.seq.store(next.seq.load(memory_order_relaxed) + 1, memory_order_release);
        ++next.switches;
        next.state.store(lt::ThreadState::kRunning, memory_order_relaxed);
        carried.store(&next, memory_order_relaxed);
        dispatches.store(dispatches.load(memory_order_relaxed) + 1, memory_order_relaxed);
        self.seq.store(self.seq.load(memory_order_relaxed) + 1, memory_order_release);
        benchmark::ClobberMemory();
    }
}
BENCHMARK(inspection_stores)->Name("inspection stores");

// Six of them in a semaphore's round trip.
void locked_instruction(benchmark::State& state)
{
    lt::Atomic<std::uint32_t> word{0};
    for (auto _ : state) {
        benchmark::DoNotOptimize(word.exchange(1, lt::memory_order_acquire));
    }
}
BENCHMARK(locked_instruction)->Name("locked instruction");

// Since when a thread sleeps: for lwpinspect.
void stamp(benchmark::State& state)
{
    for (auto _ : state) {
        benchmark::DoNotOptimize(lt::os::coarse_now());
    }
}
BENCHMARK(stamp)->Name("stamp of a sleep");

void equal_masks(benchmark::State& state)
{
    lt::Thread self;
    std::uint64_t kernel_mask = self.signal_mask;
    benchmark::DoNotOptimize(kernel_mask);
    for (auto _ : state) {
        benchmark::DoNotOptimize(self.signal_mask != kernel_mask);
    }
}
BENCHMARK(equal_masks)->Name("signal masks, equal");

void differing_masks(benchmark::State& state)
{
    constexpr std::uint64_t kUsr2 = std::uint64_t{1} << (12 - 1);
    std::uint64_t mask = 0;
    for (auto _ : state) {
        mask ^= kUsr2;
        lt::os::set_kernel_mask(mask);
    }
    lt::os::set_kernel_mask(0);
}
BENCHMARK(differing_masks)->Name("signal masks, another");

}  // namespace

BENCHMARK_MAIN();
