// Deadlines that pass while a signal or a post is on its way: exactly one of them ends the wait.
#include <atomic>
#include <cerrno>

#include "stress.h"

namespace {

constexpr std::size_t kTimed = 12;
constexpr std::size_t kPatient = 4;

mutex_t mutex;
cond_t cond;
std::uint64_t tokens = 0;  // guarded by mutex, like the next two
std::uint64_t taken = 0;
bool stop = false;
std::atomic<std::uint64_t> timeouts{0};

sema_t sema;
std::atomic<std::uint64_t> sema_taken{0};
std::atomic<bool> sema_stop{false};

hrtime_t to_nanoseconds(const timestruc_t& time)
{
    return time.tv_sec * 1'000'000'000 + time.tv_nsec;
}

// Looks for a token only after a signal. One that left with ETIME although a signal was meant for
// it would leave the token lying, and patient waiters asleep beside it.
void wait_timed(stress::Random random)
{
    const stress::Held held{mutex};
    while (!stop) {
        const timestruc_t moment{0, static_cast<long>(random.below(120'000))};
        const hrtime_t before = gethrtime();
        const int error = cond_reltimedwait(&cond, &mutex, &moment);
        if (error == ETIME) {
            ++timeouts;
            stress::check(gethrtime() - before >= to_nanoseconds(moment), "no timeout is early");
            continue;
        }
        stress::check_ok(error, "cond_reltimedwait");
        if (tokens > 0) {
            --tokens;
            ++taken;
        }
    }
}

void wait_patiently()
{
    const stress::Held held{mutex};
    while (!stop) {
        if (tokens > 0) {
            --tokens;
            ++taken;
            continue;
        }
        stress::check_ok(cond_wait(&cond, &mutex), "cond_wait");
    }
}

void wait_on_sema(stress::Random random)
{
    while (!sema_stop) {
        const timestruc_t moment{0, static_cast<long>(random.below(100'000))};
        const hrtime_t before = gethrtime();
        const int error = sema_reltimedwait(&sema, &moment);
        if (error == 0) {
            ++sema_taken;
        } else {
            stress::check_equal(static_cast<std::uint64_t>(error), ETIME, "sema_reltimedwait");
            stress::check(gethrtime() - before >= to_nanoseconds(moment), "no timeout is early");
        }
    }
}

// Returns how many tokens it gave.
std::uint64_t give_tokens(const stress::Stopwatch& stopwatch, stress::Random random)
{
    std::uint64_t given = 0;
    while (!stopwatch.is_over() || timeouts == 0) {
        {
            const stress::Held held{mutex};
            ++tokens;
            ++given;
            stress::check_ok(cond_signal(&cond), "cond_signal");
        }
        stress::check_ok(sema_post(&sema), "sema_post");
        const timestruc_t pause{0, static_cast<long>(random.below(60'000))};
        if (random.one_in(2)) {
            nanosleep(&pause, nullptr);
        } else {
            thr_yield();
        }
    }
    return given;
}

// Waits until the last tokens are gone: whoever was signalled must have taken them.
void expect_drained()
{
    const stress::Stopwatch patience{20};
    for (;;) {
        {
            const stress::Held held{mutex};
            if (tokens == 0) {
                return;
            }
        }
        stress::check(!patience.is_over(), "every token finds a taker: no signal was lost");
        thr_yield();
    }
}

}  // namespace

void stress::run(const Options& options)
{
    const Stopwatch stopwatch{options.seconds};
    Crew crew;
    crew.add_mixed(kPatient, [](std::size_t) { wait_patiently(); });
    crew.add_mixed(kTimed,
                   [&](std::size_t index) { wait_timed(Random{options.seed * 1000 + index}); });
    crew.add_mixed(kTimed,
                   [&](std::size_t index) { wait_on_sema(Random{options.seed * 2000 + index}); });
    const std::uint64_t given = give_tokens(stopwatch, Random{options.seed});
    expect_drained();
    {
        const Held held{mutex};
        stop = true;
        sema_stop = true;
        check_ok(cond_broadcast(&cond), "cond_broadcast");
    }
    crew.join();
    check_equal(taken, given, "tokens");
    std::uint64_t left = 0;
    while (sema_trywait(&sema) == 0) {
        ++left;
    }
    check_equal(sema_taken + left, given, "posts");
    check(timeouts > 0, "some waits timed out");
    report("tokens", given);
    report("timeouts", timeouts);
}
