// Two threads that wake each other in turn, and a hundred that sleep.
#include <sys/resource.h>

#include "bench/bench.h"

namespace bench {
namespace {

enum class Placement { kFree, kBoundApart };

// Keeps a bound thread on the nth processor that the process may use, if there are that many.
void pin(int nth)
{
    cpu_set_t allowed;
    must(sched_getaffinity(0, sizeof(allowed), &allowed) != 0 ? errno : 0, "sched_getaffinity");
    for (std::size_t cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
        if (CPU_ISSET(cpu, &allowed) && nth-- == 0) {
            cpu_set_t one;
            CPU_ZERO(&one);
            CPU_SET(cpu, &one);
            must(sched_setaffinity(0, sizeof(one), &one) != 0 ? errno : 0, "sched_setaffinity");
            return;
        }
    }
}

void create_placed(Placement placement, ThreadId& id, void* (*body)(void*), void* argument)
{
#if defined(BENCH_HAS_BOUND)
    if (placement == Placement::kBoundApart) {
        must(try_create_bound(id, body, argument) ? 0 : EAGAIN, "creating a bound thread");
        return;
    }
#endif
    static_cast<void>(placement);
    create(id, body, argument);
}

// The partner answers until `stop` is raised; `answers` must equal the rounds in the end.
struct SemaPair {
    Placement placement = Placement::kFree;
    benchmark::State* state = nullptr;
    Sema there;
    Sema back;
    bool stop = false;
    std::uint64_t answers = 0;
};

void* answer_semas(void* argument)
{
    auto& pair = *static_cast<SemaPair*>(argument);
    if (pair.placement == Placement::kBoundApart) {
        pin(1);
    }
    for (;;) {
        pair.there.wait();
        if (pair.stop) {
            return nullptr;
        }
        ++pair.answers;
        pair.back.post();
    }
}

void* ask_semas(void* argument)
{
    auto& pair = *static_cast<SemaPair*>(argument);
    ThreadId partner{};
    create_placed(pair.placement, partner, answer_semas, &pair);
    if (pair.placement == Placement::kBoundApart) {
        pin(0);  // not before: the partner inherits what its creator may run on
    }
    std::uint64_t rounds = 0;
    for (auto _ : *pair.state) {
        pair.there.post();
        pair.back.wait();
        ++rounds;
    }
    pair.stop = true;
    pair.there.post();
    join(partner);
    if (pair.answers != rounds) {
        pair.state->SkipWithError("wake-ups were lost or invented");
    }
    return nullptr;
}

// Time: per round trip, two waits and two wake-ups; CPU: of the whole process.
void sema_ping_pong(benchmark::State& state)
{
    SemaPair pair;
    pair.state = &state;
    ask_semas(&pair);
}
BENCHMARK(sema_ping_pong)->Name("sempp")->UseRealTime()->MeasureProcessCPUTime();

#if defined(BENCH_HAS_BOUND)
void sema_ping_pong_bound(benchmark::State& state)
{
    SemaPair pair;
    pair.placement = Placement::kBoundApart;
    pair.state = &state;
    ThreadId asker{};
    create_placed(pair.placement, asker, ask_semas, &pair);
    join(asker);
}
BENCHMARK(sema_ping_pong_bound)->Name("sempp_bound")->UseRealTime()->MeasureProcessCPUTime();
#endif

enum class Turn { kAsker, kPartner, kStop };

struct CondPair {
    Mutex mutex;
    Cond there;
    Cond back;
    Turn turn = Turn::kAsker;
    std::uint64_t answers = 0;
};

void* answer_conds(void* argument)
{
    auto& pair = *static_cast<CondPair*>(argument);
    pair.mutex.lock();
    for (;;) {
        while (pair.turn == Turn::kAsker) {
            pair.there.wait(pair.mutex);
        }
        if (pair.turn == Turn::kStop) {
            pair.mutex.unlock();
            return nullptr;
        }
        ++pair.answers;
        pair.turn = Turn::kAsker;
        pair.back.signal();
    }
}

void cond_ping_pong(benchmark::State& state)
{
    CondPair pair;
    ThreadId partner{};
    create(partner, answer_conds, &pair);
    std::uint64_t rounds = 0;
    pair.mutex.lock();
    for (auto _ : state) {
        pair.turn = Turn::kPartner;
        pair.there.signal();
        while (pair.turn != Turn::kAsker) {
            pair.back.wait(pair.mutex);
        }
        ++rounds;
    }
    pair.turn = Turn::kStop;
    pair.there.signal();
    pair.mutex.unlock();
    join(partner);
    if (pair.answers != rounds) {
        state.SkipWithError("wake-ups were lost or invented");
    }
}
BENCHMARK(cond_ping_pong)->Name("condpp")->UseRealTime()->MeasureProcessCPUTime();

double cpu_seconds(const rusage& usage)
{
    const auto of = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
    };
    return of(usage.ru_utime) + of(usage.ru_stime);
}

// A process whose threads all sleep. Time means nothing; see cpu_percent and switches_per_s.
void idle_process(benchmark::State& state)
{
    constexpr std::int64_t kLonger = 12;  // than other workloads: there is little to count
    const auto sleepers = std::make_unique<Sleeper[]>(count_of(state));
    Sema nobody_posts;
    for (auto _ : state) {
        // Long enough for the last one to fall asleep; what follows would show it if not.
        nobody_posts.wait_for(measured_ns());
        rusage before{};
        rusage after{};
        getrusage(RUSAGE_SELF, &before);
        const std::int64_t start = now_ns();
        nobody_posts.wait_for(kLonger * measured_ns());
        const double passed = seconds(now_ns() - start);
        getrusage(RUSAGE_SELF, &after);
        state.SetIterationTime(passed);
        state.counters["cpu_percent"] = 100 * (cpu_seconds(after) - cpu_seconds(before)) / passed;
        const long switches = after.ru_nvcsw - before.ru_nvcsw + after.ru_nivcsw - before.ru_nivcsw;
        state.counters["switches_per_s"] = static_cast<double>(switches) / passed;
    }
}
BENCHMARK(idle_process)->Name("idle")->Arg(100)->UseManualTime()->Iterations(1);

}  // namespace
}  // namespace bench
