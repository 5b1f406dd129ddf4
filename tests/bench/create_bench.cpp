// Creating, parking and joining threads, few and many.
#include <unistd.h>

#include <atomic>
#include <fstream>

#include "bench/bench.h"

namespace bench {
namespace {

void* do_nothing(void*)
{
    return nullptr;
}

void create_and_join(benchmark::State& state)
{
    for (auto _ : state) {
        ThreadId id{};
        create(id, do_nothing, nullptr);
        join(id);
    }
}
BENCHMARK(create_and_join)->Name("create")->UseRealTime()->MeasureProcessCPUTime();

void run_batch(ThreadId* ids, std::size_t count)
{
    for (std::size_t i = 0; i < count; ++i) {
        create(ids[i], do_nothing, nullptr);
    }
    for (std::size_t i = 0; i < count; ++i) {
        join(ids[i]);
    }
}

// Time: per thread. The first batch warms the caches.
void create_batch(benchmark::State& state)
{
    const std::size_t count = count_of(state);
    const auto ids = std::make_unique<ThreadId[]>(count);
    run_batch(ids.get(), count);
    while (state.KeepRunningBatch(state.range(0))) {
        run_batch(ids.get(), count);
    }
}
BENCHMARK(create_batch)->Name("batch")->Arg(1000)->UseRealTime()->MeasureProcessCPUTime();

// Tells how far a system got that did not get to the end.
void note_limit(benchmark::State& state, std::size_t created)
{
    if (created < count_of(state)) {
        state.counters["limit"] = static_cast<double>(created);
    }
}

std::int64_t resident_bytes()
{
    std::int64_t pages = 0;
    std::int64_t resident = 0;
    std::ifstream{"/proc/self/statm"} >> pages >> resident;
    return resident * sysconf(_SC_PAGESIZE);
}

// Once, in a process that has not had that many threads yet. Time: per thread.
void create_mass(benchmark::State& state)
{
    const std::size_t count = count_of(state);
    const auto ids = std::make_unique<ThreadId[]>(count);
    for (auto _ : state) {
        const std::int64_t before = peak_resident_bytes();
        const std::int64_t cpu = cpu_ns();
        const std::int64_t start = now_ns();
        std::size_t created = 0;
        while (created < count && try_create(ids[created], do_nothing, nullptr)) {
            ++created;
        }
        const std::int64_t full = now_ns();
        for (std::size_t i = 0; i < created; ++i) {
            join(ids[i]);
        }
        const std::int64_t end = now_ns();
        if (created == 0) {
            state.SkipWithError("no thread could be created");
            return;
        }
        state.SetIterationTime(seconds(end - start) / static_cast<double>(created));
        state.counters["cpu_ns"] = per(cpu_ns() - cpu, created);
        state.counters["create_ns"] = per(full - start, created);
        state.counters["join_ns"] = per(end - full, created);
        state.counters["bytes"] = per(peak_resident_bytes() - before, created);
        note_limit(state, created);
    }
}
BENCHMARK(create_mass)->Name("mass")->Arg(1000)->Arg(100'000)->UseManualTime()->Iterations(1);

std::int64_t count_maps()
{
    std::ifstream maps{"/proc/self/maps"};
    std::int64_t count = 0;
    for (std::string line; std::getline(maps, line);) {
        ++count;
    }
    return count;
}

// What is still resident once the threads are gone, and the library had time to give back what it
// does not need: until that has not changed for three seconds (or less, by BENCH_MS).
std::int64_t resident_when_settled()
{
    constexpr int kSteadyLooks = 30;
    std::int64_t least = resident_bytes();
    for (int steady = 0; steady < kSteadyLooks; ++steady) {
        sleep_us(static_cast<unsigned>(measured_ns() / 2'500));
        const std::int64_t now = resident_bytes();
        if (now < least) {
            least = now;
            steady = 0;
        }
    }
    return least;
}

struct Parking {
    std::atomic<std::size_t> arrived{0};
};

struct Parked {
    Sema wake;
    ThreadId id{};
    Parking* parking = nullptr;
};

void* park(void* argument)
{
    Parked& self = *static_cast<Parked*>(argument);
    self.parking->arrived.fetch_add(1, std::memory_order_relaxed);
    self.wake.wait();
    return nullptr;
}

// Creates threads until all are there or the system has had enough.
std::size_t fill(Parking& parking, Parked* places, std::size_t count)
{
    constexpr std::size_t kCreatesPerYield = 256;
    std::size_t created = 0;
    while (created < count) {
        places[created].parking = &parking;
        if (!try_create(places[created].id, park, &places[created])) {
            break;
        }
        if (++created % kCreatesPerYield == 0) {
            yield();
        }
    }
    while (parking.arrived.load(std::memory_order_relaxed) < created) {
        yield();
    }
    return created;
}

// Time: of waking and joining, per thread.
void park_many(benchmark::State& state)
{
    const std::size_t count = count_of(state);
    for (auto _ : state) {
        Parking parking;
        // Its pages are touched here, before the memory of the threads is counted.
        const auto places = std::make_unique<Parked[]>(count);
        const std::int64_t before = resident_bytes();
        const std::int64_t cpu = cpu_ns();
        const std::int64_t start = now_ns();
        const std::size_t created = fill(parking, places.get(), count);
        const std::int64_t full = now_ns();
        const std::int64_t full_cpu = cpu_ns();
        const std::int64_t bytes = resident_bytes() - before;
        state.counters["maps"] = static_cast<double>(count_maps());
        const std::int64_t wake_cpu = cpu_ns();
        const std::int64_t wake = now_ns();
        for (std::size_t i = 0; i < created; ++i) {
            places[i].wake.post();
        }
        for (std::size_t i = 0; i < created; ++i) {
            join(places[i].id);
        }
        const std::int64_t end = now_ns();
        if (created == 0) {
            state.SkipWithError("no thread could be created");
            return;
        }
        state.SetIterationTime(seconds(end - wake) / static_cast<double>(created));
        state.counters["cpu_ns"] = per(cpu_ns() - wake_cpu, created);
        state.counters["create_ns"] = per(full - start, created);
        state.counters["create_cpu_ns"] = per(full_cpu - cpu, created);
        state.counters["bytes"] = per(bytes, created);
        state.counters["kept"] = per(resident_when_settled() - before, created);
        note_limit(state, created);
    }
}
BENCHMARK(park_many)
    ->Name("park")
    ->Arg(1000)
    ->Arg(100'000)
    ->Arg(1'000'000)
    ->UseManualTime()
    ->Iterations(1);

}  // namespace
}  // namespace bench
