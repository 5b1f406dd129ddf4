// Many threads on few mutexes of every type: who is inside is alone, and every visit counts.
#include <array>
#include <atomic>
#include <cerrno>

#include "stress.h"

namespace {

constexpr std::size_t kThreads = 64;
constexpr std::size_t kLocks = 8;

struct Guarded {
    mutex_t mutex{};
    std::uint64_t first = 0;  // both are changed inside only, apart from each other
    std::uint64_t second = 0;
    thread_t inside = 0;
};

std::array<Guarded, kLocks> all;
std::atomic<std::uint64_t> total{0};

constexpr std::array<int, 5> kTypes{LOCK_NORMAL, LOCK_ERRORCHECK, LOCK_RECURSIVE,
                                    LOCK_RECURSIVE | LOCK_ERRORCHECK, USYNC_PROCESS};

void visit(Guarded& guarded, stress::Random& random)
{
    stress::check(mutex_held(&guarded.mutex) != 0, "the mutex is held after its lock");
    stress::check(guarded.inside == 0, "nobody else is inside");
    stress::check(guarded.first == guarded.second, "the last visitor was done");
    guarded.inside = thr_self();
    ++guarded.first;
    if (random.one_in(16)) {
        thr_yield();
    }
    stress::check(guarded.inside == thr_self(), "nobody came in");
    ++guarded.second;
    guarded.inside = 0;
}

// One lock, one visit, one unlock. False: mutex_trylock found it busy.
bool enter(Guarded& guarded, stress::Random& random)
{
    if (random.one_in(4)) {
        const int error = mutex_trylock(&guarded.mutex);
        stress::check(error == 0 || error == EBUSY, "mutex_trylock gives 0 or EBUSY");
        if (error == EBUSY) {
            return false;
        }
    } else {
        stress::check_ok(mutex_lock(&guarded.mutex), "mutex_lock");
    }
    visit(guarded, random);
    stress::check_ok(mutex_unlock(&guarded.mutex), "mutex_unlock");
    return true;
}

// Two locks in the order of their addresses.
void enter_two(std::size_t a, std::size_t b, stress::Random& random)
{
    Guarded& outer = all[std::min(a, b)];
    Guarded& inner = all[std::max(a, b)];
    stress::check_ok(mutex_lock(&outer.mutex), "mutex_lock");
    stress::check_ok(mutex_lock(&inner.mutex), "mutex_lock");
    visit(inner, random);
    stress::check_ok(mutex_unlock(&inner.mutex), "mutex_unlock");
    visit(outer, random);
    stress::check_ok(mutex_unlock(&outer.mutex), "mutex_unlock");
}

}  // namespace

void stress::run(const Options& options)
{
    for (std::size_t i = 0; i < kLocks; ++i) {
        check_ok(mutex_init(&all[i].mutex, kTypes[i % kTypes.size()], nullptr), "mutex_init");
    }
    const Stopwatch stopwatch{options.seconds};
    {
        Crew crew;
        crew.add_mixed(kThreads, [&](std::size_t index) {
            Random random{options.seed * 1000 + index};
            std::uint64_t visits = 0;
            do {
                for (int i = 0; i < 32; ++i) {
                    const std::size_t a = random.below(kLocks);
                    const std::size_t b = random.below(kLocks);
                    if (a != b && random.one_in(8)) {
                        enter_two(a, b, random);
                        visits += 2;
                    } else {
                        visits += enter(all[a], random) ? 1U : 0U;
                    }
                }
            } while (!stopwatch.is_over());
            total += visits;
        });
    }
    std::uint64_t counted = 0;
    for (const Guarded& guarded : all) {
        check_equal(guarded.second, guarded.first, "second count");
        counted += guarded.first;
    }
    check_equal(counted, total, "visits");
    check(counted > kThreads, "something was done");
    report("visits", counted);
}
