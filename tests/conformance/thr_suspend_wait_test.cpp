// thr_suspend(3C): threads that sleep, and what arrives for them while they are suspended.
#include <thread.h>

#include <signal.h>

#include <cerrno>

#include "conformance/signal_sets.h"
#include "conformance/suspend_support.h"

namespace conformance {
namespace {

class ThrSuspendWait : public SuspensionTest {};

INSTANTIATE_TEST_SUITE_P(Threads, ThrSuspendWait, bindings(), binding_name);

// THR-SUSP-08: signals wait until the thread is continued: it computed,
TEST_P(ThrSuspendWait, S08KeepsSignalsForAThreadThatComputed)
{
    const CountingHandler handler{SIGUSR1};
    Counter counter;
    const thread_t id = start_counting(counter);
    EXPECT_EQ(thr_suspend(id), 0);
    EXPECT_EQ(thr_kill(id, SIGUSR1), 0);
    EXPECT_TRUE(counter.stands_still());
    EXPECT_EQ(CountingHandler::count(), 0);
    EXPECT_EQ(thr_continue(id), 0);
    EXPECT_TRUE(CountingHandler::waits_for(1));
    EXPECT_EQ(CountingHandler::runner(), id);
    finish(id, counter);
}

// THR-SUSP-08: or it slept.
TEST_P(ThrSuspendWait, S08KeepsSignalsForAThreadThatSleeps)
{
    const CountingHandler handler{SIGUSR1};
    sema_t sema{};
    std::atomic<int> result{-1};
    const thread_t id = start([&] { result.store(sema_wait(&sema)); });
    EXPECT_TRUE(sleeps_on(id, &sema));
    EXPECT_EQ(thr_suspend(id), 0);
    EXPECT_EQ(thr_kill(id, SIGUSR1), 0);
    EXPECT_TRUE(bounded::holds_for(kStandstill, [] { return CountingHandler::count() == 0; }));
    EXPECT_EQ(thr_continue(id), 0);
    EXPECT_TRUE(CountingHandler::waits_for(1));
    EXPECT_EQ(CountingHandler::runner(), id);
    join(id);
    EXPECT_EQ(result.load(), EINTR);
}

// THR-SUSP-09: a mutex that becomes free does not make a suspended waiter run.
TEST_P(ThrSuspendWait, S09KeepsTheWakeUpOfAMutex)
{
    mutex_t mutex{};
    std::atomic<bool> locked{false};
    mutex_lock(&mutex);
    const thread_t id = start([&] {
        mutex_lock(&mutex);
        locked.store(true);
        mutex_unlock(&mutex);
    });
    EXPECT_TRUE(sleeps_on(id, &mutex));
    EXPECT_EQ(thr_suspend(id), 0);
    mutex_unlock(&mutex);
    EXPECT_TRUE(bounded::holds_for(kStandstill, [&] { return !locked.load(); }));
    EXPECT_EQ(mutex_trylock(&mutex), 0);  // and it does not hold it either
    mutex_unlock(&mutex);
    EXPECT_EQ(thr_continue(id), 0);
    join(id);
    EXPECT_TRUE(locked.load());
}

// THR-SUSP-10: a semaphore's post stays with the suspended waiter.
TEST_P(ThrSuspendWait, S10KeepsTheWakeUpOfASemaphore)
{
    sema_t sema{};
    std::atomic<int> result{-1};
    const thread_t id = start([&] { result.store(sema_wait(&sema)); });
    EXPECT_TRUE(sleeps_on(id, &sema));
    EXPECT_EQ(thr_suspend(id), 0);
    EXPECT_EQ(sema_post(&sema), 0);
    EXPECT_TRUE(bounded::holds_for(kStandstill, [&] { return result.load() == -1; }));
    EXPECT_EQ(thr_continue(id), 0);
    join(id);
    EXPECT_EQ(result.load(), 0);
}

// THR-SUSP-10: and so does a condition's signal; the wait ends with 0, not EINTR.
TEST_P(ThrSuspendWait, S10KeepsTheWakeUpOfACondition)
{
    mutex_t mutex{};
    cond_t cond{};
    std::atomic<int> result{-1};
    const thread_t id = start([&] {
        const Held held{mutex};
        result.store(cond_wait(&cond, &mutex));
    });
    EXPECT_TRUE(sleeps_on(id, &cond));
    EXPECT_EQ(thr_suspend(id), 0);
    {
        const Held held{mutex};
        EXPECT_EQ(cond_signal(&cond), 0);
    }
    EXPECT_TRUE(bounded::holds_for(kStandstill, [&] { return result.load() == -1; }));
    EXPECT_EQ(thr_continue(id), 0);
    join(id);
    EXPECT_EQ(result.load(), 0);
}

// THR-SUSP-10: suspension alone wakes nobody, whatever the thread waits for.
TEST_P(ThrSuspendWait, S10LeavesSleepersAsleep)
{
    mutex_t mutex{};
    rwlock_t lock{};
    sema_t sema{};
    std::atomic<int> woken{0};
    mutex_lock(&mutex);
    rw_wrlock(&lock);
    const thread_t at_mutex = start([&] {
        mutex_lock(&mutex);
        woken.fetch_add(1);
        mutex_unlock(&mutex);
    });
    const thread_t at_lock = start([&] {
        rw_rdlock(&lock);
        woken.fetch_add(1);
        rw_unlock(&lock);
    });
    const thread_t at_sema = start([&] {
        EXPECT_EQ(sema_wait(&sema), 0);
        woken.fetch_add(1);
    });
    const thread_t at_join = start([&] {
        join(at_sema);
        woken.fetch_add(1);
    });
    const thread_t all[] = {at_mutex, at_lock, at_sema, at_join};
    for (const thread_t id : all) {
        EXPECT_TRUE(bounded::until([=] { return platform::is_blocked(id); }));
        EXPECT_EQ(thr_suspend(id), 0);
        EXPECT_EQ(thr_continue(id), 0);
        EXPECT_EQ(thr_suspend(id), 0);
    }
    EXPECT_TRUE(bounded::holds_for(kStandstill, [&] { return woken.load() == 0; }));
    for (const thread_t id : all) {
        EXPECT_TRUE(platform::is_blocked(id));
        EXPECT_EQ(thr_continue(id), 0);
    }
    mutex_unlock(&mutex);
    rw_unlock(&lock);
    sema_post(&sema);
    for (const thread_t id : {at_mutex, at_lock, at_join}) {
        join(id);
    }
    EXPECT_EQ(woken.load(), 4);
}

// THR-SUSP-10: a deadline passes all the same, and ends the wait once the thread is continued.
TEST_P(ThrSuspendWait, S10LetsADeadlinePass)
{
    sema_t sema{};
    std::atomic<int> result{-1};
    // Longer, should a deadline have passed before the suspension.
    auto time = 30ms;
    bool in_time = false;
    while (!in_time && time < bounded::kPatience) {
        result.store(-1);
        const timestruc_t limit = to_timestruc(time);
        const thread_t id = start([&] { result.store(sema_reltimedwait(&sema, &limit)); });
        EXPECT_TRUE(
            bounded::until([&] { return platform::is_blocked(id, &sema) || result.load() != -1; }));
        in_time = thr_suspend(id) == 0 && platform::is_blocked(id, &sema);
        if (in_time) {
            EXPECT_TRUE(bounded::holds_for(2 * time, [&] { return result.load() == -1; }));
        }
        static_cast<void>(thr_continue(id));
        join(id);
        EXPECT_EQ(result.load(), ETIME);
        time *= 4;
    }
    EXPECT_TRUE(in_time);
}

// THR-SUSP-11: another waiter is woken in place of a suspended one.
TEST_P(ThrSuspendWait, S11WakesAnotherWaiterInItsPlace)
{
    sema_t sema{};
    Order order;
    const thread_t first = start([&] {
        EXPECT_EQ(sema_wait(&sema), 0);
        order.note(1);
    });
    EXPECT_TRUE(sleeps_on(first, &sema));
    const thread_t second = start([&] {
        EXPECT_EQ(sema_wait(&sema), 0);
        order.note(2);
    });
    EXPECT_TRUE(sleeps_on(second, &sema));
    EXPECT_EQ(thr_suspend(first), 0);
    EXPECT_EQ(sema_post(&sema), 0);
    join(second);
    EXPECT_EQ(thr_continue(first), 0);
    EXPECT_EQ(sema_post(&sema), 0);
    join(first);
    EXPECT_EQ(order.seen(), (std::vector<int>{2, 1}));
}

// THR-SUSP-11: the same with a mutex, also one that its waiters have waited for long.
TEST_P(ThrSuspendWait, S11LetsAnotherWaiterHaveTheMutex)
{
    mutex_t mutex{};
    Order order;
    mutex_lock(&mutex);
    const auto take = [&](int who) {
        return start([&mutex, &order, who] {
            mutex_lock(&mutex);
            order.note(who);
            mutex_unlock(&mutex);
        });
    };
    const thread_t first = take(1);
    EXPECT_TRUE(sleeps_on(first, &mutex));
    const thread_t second = take(2);
    EXPECT_TRUE(sleeps_on(second, &mutex));
    EXPECT_EQ(thr_suspend(first), 0);
    EXPECT_TRUE(stays_asleep_on(second, &mutex));
    mutex_unlock(&mutex);
    join(second);
    EXPECT_EQ(thr_continue(first), 0);
    join(first);
    EXPECT_EQ(order.seen(), (std::vector<int>{2, 1}));
}

}  // namespace
}  // namespace conformance
