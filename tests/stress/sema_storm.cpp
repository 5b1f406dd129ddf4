// Tokens in semaphores, private and process-shared: none is lost, none is made up.
#include <array>
#include <atomic>
#include <cerrno>

#include "stress.h"

namespace {

constexpr std::size_t kThreads = 48;
constexpr std::size_t kSemaphores = 6;
constexpr unsigned kTokens = 5;

std::array<sema_t, kSemaphores> semaphores;
std::array<std::atomic<int>, kSemaphores> held{};
std::atomic<std::uint64_t> turns{0};

// Takes a token in one of the four ways; false if that failed as it may.
bool take(sema_t& sema, stress::Random& random)
{
    const timestruc_t moment{0, static_cast<long>(random.below(200'000))};
    int error = 0;
    switch (random.below(8)) {
        case 0:
            error = sema_trywait(&sema);
            stress::check(error == 0 || error == EBUSY, "sema_trywait gives 0 or EBUSY");
            break;
        case 1:
            error = sema_reltimedwait(&sema, &moment);
            stress::check(error == 0 || error == ETIME, "sema_reltimedwait gives 0 or ETIME");
            break;
        case 2:
            error = sema_timedwait(&sema, &moment);  // long past
            stress::check(error == 0 || error == ETIME, "sema_timedwait gives 0 or ETIME");
            break;
        default:
            error = sema_wait(&sema);
            stress::check_ok(error, "sema_wait");
            break;
    }
    return error == 0;
}

void turn(stress::Random& random)
{
    const std::size_t which = random.below(kSemaphores);
    if (!take(semaphores[which], random)) {
        return;
    }
    const int now = held[which].fetch_add(1) + 1;
    stress::check(now <= int{kTokens}, "no more tokens are out than there are");
    if (random.one_in(8)) {
        thr_yield();
    }
    held[which].fetch_sub(1);
    stress::check_ok(sema_post(&semaphores[which]), "sema_post");
    ++turns;
}

}  // namespace

void stress::run(const Options& options)
{
    for (std::size_t i = 0; i < kSemaphores; ++i) {
        const int type = i % 3 == 2 ? USYNC_PROCESS : USYNC_THREAD;
        check_ok(sema_init(&semaphores[i], kTokens, type, nullptr), "sema_init");
    }
    const Stopwatch stopwatch{options.seconds};
    {
        Crew crew;
        crew.add_mixed(kThreads, [&](std::size_t index) {
            Random random{options.seed * 1000 + index};
            do {
                for (int i = 0; i < 32; ++i) {
                    turn(random);
                }
            } while (!stopwatch.is_over());
        });
    }
    for (sema_t& sema : semaphores) {
        for (unsigned i = 0; i < kTokens; ++i) {
            check_ok(sema_trywait(&sema), "every token is back");
        }
        check_equal(static_cast<std::uint64_t>(sema_trywait(&sema)), EBUSY, "and no more");
    }
    check(turns > kThreads, "something was done");
    report("turns", turns);
}
