// Signals at random at threads in every kind of wait: locks keep their promises, waits end only as
// they may, and each handler runs in the thread that it was sent to.
#include <signal.h>

#include <array>
#include <atomic>
#include <cerrno>

#include "stress.h"

namespace {

constexpr std::size_t kTargets = 32;
constexpr std::size_t kSenders = 3;

mutex_t mutex;
cond_t cond;
rwlock_t lock;
sema_t sema;
std::uint64_t visits = 0;       // guarded by mutex
std::uint64_t lock_writes = 0;  // guarded by lock
std::atomic<std::uint64_t> writes{0};
std::atomic<std::uint64_t> visits_counted{0};
std::atomic<std::uint64_t> posts{0};
std::atomic<std::uint64_t> taken{0};
std::atomic<std::uint64_t> handled{0};
std::atomic<std::uint64_t> interrupted{0};
std::atomic<std::uint64_t> sent{0};
std::atomic<bool> stop_sending{false};
std::atomic<bool> stop{false};

std::array<std::atomic<thread_t>, kTargets> targets{};
thread_local thread_t own_id = 0;

void handle(int signal)
{
    const int saved = errno;
    // Never in the wrong thread: its thread-local id is the one that thr_self gives.
    if (own_id != thr_self()) {
        stress::check(false, "a handler runs in the thread it was sent to");
    }
    ++handled;
    if (signal == SIGUSR2) {
        ++posts;
        stress::check_ok(sema_post(&sema), "sema_post in a handler");
    }
    errno = saved;
}

void count_interruption(int error)
{
    stress::check(error == 0 || error == EINTR || error == ETIME, "a wait gives 0, EINTR or ETIME");
    interrupted += error == EINTR ? 1U : 0U;
}

void visit_mutex(stress::Random& random)
{
    stress::check_ok(mutex_lock(&mutex), "mutex_lock");
    const std::uint64_t before = visits;
    if (random.one_in(4)) {
        thr_yield();
    }
    visits = before + 1;
    ++visits_counted;
    stress::check_ok(mutex_unlock(&mutex), "mutex_unlock");
}

void wait_on_cond(stress::Random& random)
{
    const timestruc_t moment{0, static_cast<long>(random.below(500'000))};
    const stress::Held held{mutex};
    count_interruption(random.one_in(2) ? cond_reltimedwait(&cond, &mutex, &moment)
                                        : cond_wait(&cond, &mutex));
    stress::check(mutex_held(&mutex) != 0, "a wait returns with the mutex held");
}

void wait_on_sema()
{
    const timestruc_t moment{0, 300'000};
    const int error = sema_reltimedwait(&sema, &moment);
    count_interruption(error);
    taken += error == 0 ? 1U : 0U;
}

void visit_lock(stress::Random& random)
{
    if (random.one_in(3)) {
        stress::check_ok(rw_wrlock(&lock), "rw_wrlock");
        const std::uint64_t before = lock_writes;
        thr_yield();
        lock_writes = before + 1;
        ++writes;
    } else {
        stress::check_ok(rw_rdlock(&lock), "rw_rdlock");
    }
    stress::check_ok(rw_unlock(&lock), "rw_unlock");
}

void live(std::size_t index, stress::Random random)
{
    own_id = thr_self();
    targets[index] = thr_self();
    errno = static_cast<int>(index);
    while (!stop) {
        switch (random.below(4)) {
            case 0:
                visit_mutex(random);
                break;
            case 1:
                wait_on_cond(random);
                break;
            case 2:
                wait_on_sema();
                break;
            default:
                visit_lock(random);
                break;
        }
        stress::check_equal(static_cast<std::uint64_t>(errno), index, "errno");
    }
}

// Also wakes those that wait without a time limit.
void send(stress::Random random)
{
    while (!stop_sending) {
        const thread_t target = targets[random.below(kTargets)];
        if (target != 0) {
            stress::check_ok(thr_kill(target, random.one_in(4) ? SIGUSR2 : SIGUSR1), "thr_kill");
            ++sent;
        }
        if (random.one_in(8)) {
            cond_signal(&cond);
        }
        if (random.one_in(4)) {
            const timespec pause{0, static_cast<long>(random.below(50'000))};
            nanosleep(&pause, nullptr);
        } else {
            thr_yield();
        }
    }
}

}  // namespace

void stress::run(const Options& options)
{
    catch_signal(SIGUSR1, handle);
    catch_signal(SIGUSR2, handle);
    Crew crew;
    crew.add_mixed(kTargets,
                   [&](std::size_t index) { live(index, Random{options.seed * 1000 + index}); });
    Crew senders;
    senders.add_mixed(kSenders,
                      [&](std::size_t index) { send(Random{options.seed * 2000 + index}); });
    const Stopwatch stopwatch{options.seconds};
    while (!stopwatch.is_over() || interrupted == 0) {
        const timespec pause{0, 1'000'000};
        nanosleep(&pause, nullptr);
    }
    stop_sending = true;
    senders.join();
    stop = true;
    // A thread may have tested `stop` before and wait only now: tell until all have left.
    std::atomic<bool> done{false};
    Crew teller{1, [&](std::size_t) {
                    while (!done) {
                        cond_broadcast(&cond);
                        thr_yield();
                    }
                }};
    crew.join();
    done = true;
    teller.join();

    check_equal(visits, visits_counted, "visits under the mutex");
    check_equal(lock_writes, writes, "writes under the lock");
    std::uint64_t left = 0;
    while (sema_trywait(&sema) == 0) {
        ++left;
    }
    check_equal(taken + left, posts, "posts");
    check(handled > 0 && handled <= sent, "signals were handled, none twice");
    check(interrupted > 0, "some waits were interrupted");
    report("sent", sent);
    report("handled", handled);
    report("interrupted waits", interrupted);
}
