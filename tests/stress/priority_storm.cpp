// Priorities that change all the time, of threads that run, wait for an LWP or sleep: nobody gets
// lost in a queue, and nothing is out of order afterwards.
#include <atomic>
#include <cerrno>

#include "stress.h"

namespace {

constexpr std::size_t kThreads = 24;
constexpr unsigned kTokens = 3;

mutex_t mutex{};
sema_t sema;
rwlock_t rwlock{};
std::uint64_t guarded = 0;
std::atomic<std::uint64_t> turns{0};
std::atomic<std::uint64_t> changes{0};

void change_one(const stress::Crew& crew, stress::Random& random)
{
    // Most are of the common priority: they stand in the queues of LWPs.
    const int priority = random.one_in(2) ? 0 : static_cast<int>(random.below(128));
    const int error = thr_setprio(crew.id(random.below(kThreads)), priority);
    stress::check(error == 0 || error == ESRCH, "thr_setprio of one who may have ended");
    ++changes;
}

void turn(stress::Random& random)
{
    switch (random.below(4)) {
        case 0: {
            const stress::Held held{mutex};
            ++guarded;
            if (random.one_in(4)) {
                thr_yield();
            }
            break;
        }
        case 1:
            stress::check_ok(sema_wait(&sema), "sema_wait");
            thr_yield();
            stress::check_ok(sema_post(&sema), "sema_post");
            break;
        case 2:
            stress::check_ok(random.one_in(3) ? rw_wrlock(&rwlock) : rw_rdlock(&rwlock), "rw lock");
            thr_yield();
            stress::check_ok(rw_unlock(&rwlock), "rw_unlock");
            break;
        default:
            thr_yield();
            break;
    }
    ++turns;
}

}  // namespace

void stress::run(const Options& options)
{
    check_ok(sema_init(&sema, kTokens, USYNC_THREAD, nullptr), "sema_init");
    const Stopwatch stopwatch{options.seconds};
    std::atomic<bool> ready{false};
    {
        Crew crew;
        crew.add_mixed(kThreads, [&](std::size_t index) {
            Random random{options.seed * 1000 + index};
            while (!ready) {
                thr_yield();
            }
            constexpr int kLeast = 32;
            for (int i = 0; i < kLeast || !stopwatch.is_over(); ++i) {
                turn(random);
                if (random.one_in(4)) {
                    change_one(crew, random);
                }
            }
        });
        ready = true;
    }
    check_ok(mutex_trylock(&mutex), "nobody holds the mutex");
    check_ok(rw_trywrlock(&rwlock), "nobody holds the rwlock");
    for (unsigned i = 0; i < kTokens; ++i) {
        check_ok(sema_trywait(&sema), "every token is back");
    }
    check(turns > kThreads && changes > 0, "something was done");
    report("turns", turns);
    report("changes", changes);
}
