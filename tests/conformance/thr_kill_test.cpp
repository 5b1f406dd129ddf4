// thr_kill(3C).
#include <thread.h>

#include <signal.h>

#include <cerrno>
#include <vector>

#include "conformance/fixture.h"
#include "conformance/signal_sets.h"

namespace conformance {
namespace {

class ThrKill : public ThreadTest {
  protected:
    void SetUp() override
    {
        handled.store(0);
        handled_by.store(0);
    }

    static void note_signal(int /*number*/)
    {
        handled_by.store(thr_self());
        handled.fetch_add(1);
    }

    static inline std::atomic<int> handled{0};
    static inline std::atomic<thread_t> handled_by{0};
};

INSTANTIATE_TEST_SUITE_P(Threads, ThrKill, bindings(), binding_name);

// SIG-01: a signal to oneself runs the handler in this thread.
TEST_P(ThrKill, S01RunsTheHandlerInTheCaller)
{
    const ScopedHandler handler{SIGUSR1, note_signal};
    EXPECT_EQ(thr_kill(thr_self(), SIGUSR1), 0);
    EXPECT_TRUE(bounded::until([] { return handled.load() == 1; }));
    EXPECT_EQ(handled_by.load(), thr_self());

    const thread_t other = start([] {
        EXPECT_EQ(thr_kill(thr_self(), SIGUSR1), 0);
        EXPECT_TRUE(bounded::until([] { return handled.load() == 2; }));
    });
    join(other);
    EXPECT_EQ(handled_by.load(), other);
}

// SIG-02: a signal to another thread runs the handler there: in one that computes,
TEST_P(ThrKill, S02RunsTheHandlerInAThreadThatComputes)
{
    const ScopedHandler handler{SIGUSR1, note_signal};
    std::atomic<bool> runs{false};
    const thread_t target = start([&] {
        runs.store(true);
        while (handled.load() == 0) {}
    });
    EXPECT_TRUE(bounded::until([&] { return runs.load(); }));
    EXPECT_EQ(thr_kill(target, SIGUSR1), 0);
    join(target);
    EXPECT_EQ(handled_by.load(), target);
    EXPECT_EQ(handled.load(), 1);
}

// SIG-02: in one that yields,
TEST_P(ThrKill, S02RunsTheHandlerInAThreadThatYields)
{
    const ScopedHandler handler{SIGUSR1, note_signal};
    std::atomic<bool> runs{false};
    const thread_t target = start([&] {
        runs.store(true);
        EXPECT_TRUE(bounded::until([] { return handled.load() != 0; }));
    });
    EXPECT_TRUE(bounded::until([&] { return runs.load(); }));
    EXPECT_EQ(thr_kill(target, SIGUSR1), 0);
    join(target);
    EXPECT_EQ(handled_by.load(), target);
    EXPECT_EQ(handled.load(), 1);
}

// SIG-02: and in one that waits.
TEST_P(ThrKill, S02RunsTheHandlerInAThreadThatWaits)
{
    const ScopedHandler handler{SIGUSR1, note_signal};
    latch::Gate leave;
    blocked::Marker waiting;
    const thread_t target = start([&] {
        waiting.about_to_wait();
        leave.wait();
    });
    EXPECT_TRUE(waiting.seen_waiting());
    EXPECT_EQ(thr_kill(target, SIGUSR1), 0);
    EXPECT_TRUE(bounded::until([] { return handled.load() == 1; }));
    EXPECT_EQ(handled_by.load(), target);
    leave.open();
    join(target);
}

// SIG-03: signal 0 only asks whether the thread lives.
TEST_P(ThrKill, S03ProbesWithSignalZero)
{
    latch::Gate leave;
    const thread_t target = start([&] { leave.wait(); });
    EXPECT_EQ(thr_kill(target, 0), 0);
    EXPECT_EQ(thr_kill(thr_self(), 0), 0);
    leave.open();
    join(target);
    EXPECT_EQ(thr_kill(target, 0), ESRCH);
}

// SIG-04: an unknown id gives ESRCH.
TEST_P(ThrKill, S04FailsWithEsrchForAnUnknownId)
{
    EXPECT_EQ(thr_kill(kNeverIssued, 0), ESRCH);
    EXPECT_EQ(thr_kill(kNeverIssued, SIGUSR1), ESRCH);
}

// SIG-05: numbers that are no signals give EINVAL.
TEST_P(ThrKill, S05RefusesNumbersThatAreNoSignals)
{
    EXPECT_EQ(thr_kill(thr_self(), -1), EINVAL);
    EXPECT_EQ(thr_kill(thr_self(), SIGRTMAX + 1), EINVAL);
    EXPECT_EQ(thr_kill(thr_self(), 100'000), EINVAL);
}

// SIG-06: so do the signals kept for cancellation; their names are the C library's.
TEST_P(ThrKill, S06RefusesReservedSignals)
{
    for (int number = __SIGRTMIN; number < SIGRTMIN; ++number) {
        EXPECT_EQ(thr_kill(thr_self(), number), EINVAL) << number;
    }
}

void* wait_long(void* /*argument*/)
{
    sema_t never{};
    for (;;) {
        sema_wait(&never);
    }
}

int kill_a_thread()
{
    thread_t id = 0;
    thr_create(nullptr, 0, wait_long, nullptr, child::argument(), &id);
    thr_kill(id, SIGTERM);
    thr_join(id, nullptr, nullptr);
    return 0;
}

const child::Program kills_a_thread{"kills_a_thread", kill_a_thread};

// SIG-07: a signal whose default is to terminate ends the whole process.
TEST_P(ThrKill, S07EndsTheProcessByDefault)
{
    const child::Outcome outcome = child::run(kills_a_thread, {.argument = binding()});
    EXPECT_EQ(outcome.signal, SIGTERM) << outcome.describe();
}

// SIG-15: a signal that its target blocks stays pending for it until it unblocks the signal, and no
// other thread takes it.
TEST_P(ThrKill, S15StaysPendingWhileBlocked)
{
    const ScopedHandler handler{SIGUSR1, note_signal};
    const sigset_t usr1 = signal_set({SIGUSR1});
    latch::Gate blocks;
    latch::Gate unblock;
    std::atomic<bool> pending{false};
    const thread_t target = start([&] {
        EXPECT_EQ(thr_sigsetmask(SIG_BLOCK, &usr1, nullptr), 0);
        blocks.open();
        unblock.wait();
        sigset_t waiting;
        sigpending(&waiting);
        pending.store(sigismember(&waiting, SIGUSR1) == 1);
        EXPECT_EQ(thr_sigsetmask(SIG_UNBLOCK, &usr1, nullptr), 0);
        EXPECT_TRUE(bounded::until([] { return handled.load() == 1; }));
    });
    ASSERT_TRUE(blocks.wait());
    EXPECT_EQ(thr_kill(target, SIGUSR1), 0);
    EXPECT_TRUE(bounded::holds_for(50ms, [] { return handled.load() == 0; }));
    unblock.open();
    join(target);
    EXPECT_TRUE(pending.load());
    EXPECT_EQ(handled.load(), 1);
    EXPECT_EQ(handled_by.load(), target);
}

// SIG-26: what is pending for a thread ends with it; its id is unknown then.
TEST_P(ThrKill, S26PendingSignalsEndWithTheThread)
{
    const ScopedHandler handler{SIGUSR1, note_signal};
    const sigset_t usr1 = signal_set({SIGUSR1});
    latch::Gate blocks;
    latch::Gate leave;
    const thread_t target = start([&] {
        thr_sigsetmask(SIG_BLOCK, &usr1, nullptr);
        blocks.open();
        leave.wait();
    });
    ASSERT_TRUE(blocks.wait());
    EXPECT_EQ(thr_kill(target, SIGUSR1), 0);
    leave.open();
    join(target);
    EXPECT_EQ(thr_kill(target, SIGUSR1), ESRCH);
    join(start([] { thr_yield(); }));
    EXPECT_EQ(handled.load(), 0);
}

// SIG-29: a thread that is on no LWP handles the signal when it runs next.
TEST_P(ThrKill, S29RunsTheHandlerInAThreadThatIsReady)
{
    const ScopedHandler handler{SIGUSR1, note_signal};
    constexpr int kThreads = 40;
    std::vector<thread_t> ids;
    std::atomic<int> in_place{0};
    for (int i = 0; i < kThreads; ++i) {
        ids.push_back(start([&] {
            while (handled_by.load() != thr_self()) {
                thr_yield();
            }
            ++in_place;
            handled_by.store(0);
        }));
    }
    for (const thread_t id : ids) {
        EXPECT_EQ(thr_kill(id, SIGUSR1), 0);
        join(id);
    }
    EXPECT_EQ(in_place.load(), kThreads);
    EXPECT_EQ(handled.load(), kThreads);
}

// SIG-30: a wait of the library ends with EINTR after the handler.
TEST_P(ThrKill, S30EndsCondWaitWithEintr)
{
    const ScopedHandler handler{SIGUSR1, note_signal};
    mutex_t mutex{};
    cond_t cond{};
    blocked::Marker waiting;
    const thread_t target = start([&] {
        mutex_lock(&mutex);
        waiting.about_to_wait();
        EXPECT_EQ(cond_wait(&cond, &mutex), EINTR);
        EXPECT_EQ(handled.load(), 1);
        mutex_unlock(&mutex);
    });
    ASSERT_TRUE(waiting.seen_waiting());
    EXPECT_EQ(thr_kill(target, SIGUSR1), 0);
    join(target);
    EXPECT_EQ(handled_by.load(), target);
}

// SIG-30: a signal that is ignored ends nothing.
TEST_P(ThrKill, S30IgnoredSignalsEndNothing)
{
    const ScopedHandler handler{SIGUSR1, SIG_IGN};
    sema_t sema{};
    blocked::Marker waiting;
    const thread_t target = start([&] {
        waiting.about_to_wait();
        EXPECT_EQ(sema_wait(&sema), 0);
    });
    ASSERT_TRUE(waiting.seen_waiting());
    EXPECT_EQ(thr_kill(target, SIGUSR1), 0);
    EXPECT_EQ(thr_kill(target, SIGWINCH), 0);
    EXPECT_EQ(sema_post(&sema), 0);
    join(target);
}

}  // namespace
}  // namespace conformance
