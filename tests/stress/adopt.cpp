// Threads that the library did not make - std::thread, pthread_create - share its locks with
// unbound threads, and come and go.
#include <pthread.h>

#include <atomic>
#include <cerrno>
#include <thread>

#include "stress.h"

namespace {

constexpr std::size_t kUnbound = 12;
constexpr std::size_t kForeign = 6;

mutex_t mutex;
rwlock_t lock;
sema_t tokens;
cond_t cond;
std::uint64_t visits = 0;  // guarded by mutex
std::uint64_t writes = 0;  // guarded by lock
int turn = 0;              // guarded by mutex
std::atomic<std::uint64_t> visits_counted{0};
std::atomic<std::uint64_t> writes_counted{0};
std::atomic<std::uint64_t> strangers{0};

void live(stress::Random& random)
{
    stress::check_ok(sema_wait(&tokens), "sema_wait");
    {
        const stress::Held held{mutex};
        const std::uint64_t before = visits;
        if (random.one_in(8)) {
            thr_yield();
        }
        visits = before + 1;
        ++visits_counted;
        if (random.one_in(2)) {
            const timestruc_t moment{0, static_cast<long>(random.below(100'000))};
            const int error = cond_reltimedwait(&cond, &mutex, &moment);
            stress::check(error == 0 || error == ETIME, "cond_reltimedwait gives 0 or ETIME");
        }
        ++turn;
        cond_signal(&cond);
    }
    stress::check_ok(sema_post(&tokens), "sema_post");
    if (random.one_in(4)) {
        stress::check_ok(rw_wrlock(&lock), "rw_wrlock");
        ++writes;
        ++writes_counted;
    } else {
        stress::check_ok(rw_rdlock(&lock), "rw_rdlock");
    }
    stress::check_ok(rw_unlock(&lock), "rw_unlock");
}

// A thread of somebody else's: short-lived, known to the library from its first call on.
void live_for_a_moment(std::uint64_t seed)
{
    stress::Random random{seed};
    const thread_t id = thr_self();
    stress::check(id > 1 && thr_main() == 0, "an adopted thread has an id of its own");
    for (int i = 0; i < 20; ++i) {
        live(random);
        stress::check_equal(thr_self(), id, "id");
    }
    ++strangers;
}

void* start_moment(void* seed)
{
    live_for_a_moment(reinterpret_cast<std::uintptr_t>(seed));
    return nullptr;
}

// Makes such threads one after the other, in both ways; at least two, however slow the machine.
void bring_strangers(const stress::Stopwatch& stopwatch, std::uint64_t seed)
{
    for (std::uint64_t round = 0; round < 2 || !stopwatch.is_over(); ++round) {
        if (round % 2 == 0) {
            std::thread stranger{live_for_a_moment, seed + round};
            stranger.join();
            continue;
        }
        pthread_t stranger{};
        stress::check_ok(
            pthread_create(&stranger, nullptr, start_moment, reinterpret_cast<void*>(seed + round)),
            "pthread_create");
        stress::check_ok(pthread_join(stranger, nullptr), "pthread_join");
    }
}

}  // namespace

void stress::run(const Options& options)
{
    check_ok(sema_init(&tokens, 4, USYNC_THREAD, nullptr), "sema_init");
    const Stopwatch stopwatch{options.seconds};
    {
        Crew crew{kUnbound, [&](std::size_t index) {
                      Random random{options.seed * 1000 + index};
                      while (!stopwatch.is_over()) {
                          live(random);
                      }
                  }};
        std::vector<std::thread> bringers;
        for (std::size_t i = 0; i < kForeign; ++i) {
            bringers.emplace_back(
                [&, i] { bring_strangers(stopwatch, options.seed * 1'000'000 + i * 10'000); });
        }
        for (std::thread& bringer : bringers) {
            bringer.join();
        }
    }
    check_equal(visits, visits_counted, "visits");
    check_equal(writes, writes_counted, "writes");
    check(strangers >= 2 * kForeign, "strangers came and went");
    report("visits", visits);
    report("strangers", strangers);
}
