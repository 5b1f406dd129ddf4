// Process-shared objects: waiting for another process.
#include <synch.h>
#include <thread.h>

#include "shared_segment.h"

namespace conformance {
namespace {

class SynchSharedWait : public SynchShared {};
INSTANTIATE_TEST_SUITE_P(, SynchSharedWait, bindings(), binding_name);

// Waits until `waiters` wait, then tells them.
void tell(Shared& shared, int waiters, int (*wake)(cond_t*))
{
    const auto all_wait = [&] {
        const Held held{shared.mutex};
        return shared.waiting == waiters;
    };
    if (!bounded::until(all_wait)) {
        std::_Exit(121);
    }
    const Held held{shared.mutex};
    shared.told = true;
    wake(&shared.cond);
}

void wait_until_told(Shared& shared)
{
    const Held held{shared.mutex};
    ++shared.waiting;
    while (!shared.told) {
        if (const int error = cond_wait(&shared.cond, &shared.mutex); error != 0) {
            std::_Exit(error);
        }
    }
    ++shared.total;
}

const child::Program signals{"signals", [] {
                                 tell(find_segment(), 1, cond_signal);
                                 return 0;
                             }};

// PSHARED-04: cond_signal in the child wakes the parent.
TEST_P(SynchSharedWait, S04CondSignalWakesAnotherProcess)
{
    const thread_t waiter = start([this] { wait_until_told(*shared_); });
    expect_child(signals);
    join(waiter);
    EXPECT_EQ(shared_->total, 1);
}

const child::Program waits_until_told{"waits_until_told", [] {
                                          wait_until_told(find_segment());
                                          return 0;
                                      }};

// PSHARED-05: cond_broadcast wakes waiters in several processes.
TEST_P(SynchSharedWait, S05CondBroadcastWakesSeveralProcesses)
{
    constexpr int kChildren = 3;
    std::vector<thread_t> threads;
    for (int i = 0; i < kChildren; ++i) {
        threads.push_back(start([this] { expect_child(waits_until_told); }));
    }
    threads.push_back(start([this] { wait_until_told(*shared_); }));
    tell(*shared_, kChildren + 1, cond_broadcast);
    for (const thread_t id : threads) {
        join(id);
    }
    EXPECT_EQ(shared_->total, kChildren + 1);
}

constexpr int kPosts = 300;

int post_and_wait(Shared& shared)
{
    for (int i = 0; i < kPosts; ++i) {
        if (sema_post(&shared.sema) != 0 || sema_wait(&shared.second_sema) != 0) {
            return 1;
        }
    }
    return 0;
}

// The other process' side.
void wait_and_post(Shared& shared)
{
    for (int i = 0; i < kPosts; ++i) {
        EXPECT_EQ(sema_wait(&shared.sema), 0);
        EXPECT_EQ(sema_post(&shared.second_sema), 0);
    }
}

const child::Program posts{"posts", [] { return post_and_wait(find_segment()); }};

// PSHARED-06: sema_post in the child ends the parent's wait, and the other way round.
TEST_P(SynchSharedWait, S06SemaPostReleasesAnotherProcess)
{
    const thread_t partner = start([this] { wait_and_post(*shared_); });
    expect_child(posts);
    join(partner);
    EXPECT_EQ(sema_trywait(&shared_->sema), EBUSY);
    EXPECT_EQ(sema_trywait(&shared_->second_sema), EBUSY);
}

int write_while_tried(Shared& shared)
{
    if (rw_wrlock(&shared.lock) != 0) {
        return 1;
    }
    shared.step = 1;
    if (!reaches(shared.step, 2)) {
        return 2;
    }
    shared.total = 5;
    return rw_unlock(&shared.lock);
}

// The other process' side.
void try_while_written(Shared& shared)
{
    EXPECT_TRUE(reaches(shared.step, 1));
    EXPECT_EQ(rw_tryrdlock(&shared.lock), EBUSY);
    EXPECT_EQ(rw_trywrlock(&shared.lock), EBUSY);
    shared.step = 2;
    EXPECT_EQ(rw_rdlock(&shared.lock), 0);
    EXPECT_EQ(shared.total, 5);
    EXPECT_EQ(rw_unlock(&shared.lock), 0);
}

const child::Program writes{"writes", [] { return write_while_tried(find_segment()); }};

// PSHARED-07: a writer in the child excludes a reader in the parent until it unlocks.
TEST_P(SynchSharedWait, S07RwlockWriterExcludesAnotherProcess)
{
    const thread_t reader = start([this] { try_while_written(*shared_); });
    expect_child(writes);
    join(reader);
}

const child::Program uses_system_v{
    "uses_system_v", [] {
        Shared& first = SystemVSegment::attach(child::argument());
        const bool elsewhere = reinterpret_cast<std::uintptr_t>(&first) != first.creators_address;
        Shared& shared = elsewhere ? first : SystemVSegment::attach(child::argument());
        if (mutex_init(&shared.robust, USYNC_PROCESS | LOCK_ROBUST, nullptr) != EBUSY) {
            return 10;
        }
        tell(shared, 1, cond_signal);
        const int failed = post_and_wait(shared) + write_while_tried(shared);
        mutex_lock(&shared.robust);
        return failed;
    }};

// PSHARED-03: so do its other objects in System V memory, at another address; a robust one's owner
// may end there.
TEST_P(SynchSharedWait, S03AllKindsInSystemVMemory)
{
    const SystemVSegment segment;
    Shared& shared = *segment;
    const thread_t mine = start([&] {
        wait_until_told(shared);
        wait_and_post(shared);
        try_while_written(shared);
    });
    expect_child(uses_system_v, 0, segment.id());
    join(mine);
    join(start([&] {
        EXPECT_EQ(mutex_lock(&shared.robust), EOWNERDEAD);
        EXPECT_EQ(mutex_consistent(&shared.robust), 0);
        EXPECT_EQ(mutex_unlock(&shared.robust), 0);
    }));
}

// PSHARED-10: timed waits on shared objects give ETIME, not before their time.
TEST_P(SynchSharedWait, S10TimedWaitsGiveEtime)
{
    constexpr auto kWait = 100ms;
    join(start([&] {
        const timestruc_t relative = to_timestruc(kWait);
        auto before = read_clock(CLOCK_MONOTONIC);
        EXPECT_EQ(sema_reltimedwait(&shared_->sema, &relative), ETIME);
        EXPECT_GE(read_clock(CLOCK_MONOTONIC) - before, kWait);

        mutex_lock(&shared_->mutex);
        before = read_clock(CLOCK_MONOTONIC);
        EXPECT_EQ(cond_reltimedwait(&shared_->cond, &shared_->mutex, &relative), ETIME);
        EXPECT_GE(read_clock(CLOCK_MONOTONIC) - before, kWait);
        const auto end = read_clock(CLOCK_REALTIME) + kWait;
        const timestruc_t absolute = to_timestruc(end);
        EXPECT_EQ(cond_timedwait(&shared_->cond, &shared_->mutex, &absolute), ETIME);
        EXPECT_GE(read_clock(CLOCK_REALTIME), end);
        EXPECT_EQ(mutex_held(&shared_->mutex), 1);
        mutex_unlock(&shared_->mutex);

        const timestruc_t past = from_now(-1s);
        EXPECT_EQ(sema_timedwait(&shared_->sema, &past), ETIME);
    }));
}

// PSHARED-11: a caught signal ends waits on shared condition variables and semaphores with EINTR.
TEST_P(SynchSharedWait, S11ReturnsEintrAfterACaughtSignal)
{
    const CountingHandler handler{SIGUSR1};
    for (const bool on_sema : {true, false}) {
        std::atomic<bool> returned{false};
        int result = -1;
        const thread_t waiter = start([&] {
            mutex_lock(&shared_->mutex);
            result =
                on_sema ? sema_wait(&shared_->sema) : cond_wait(&shared_->cond, &shared_->mutex);
            mutex_unlock(&shared_->mutex);
            returned = true;
        });
        // Waits in the kernel are not seen from here: signals until one comes during the wait.
        EXPECT_TRUE(bounded::until([&] {
            if (!returned) {
                thr_kill(waiter, SIGUSR1);
            }
            return returned.load();
        }));
        join(waiter);
        EXPECT_EQ(result, EINTR);
        EXPECT_GE(handler.count(), 1);
    }
    EXPECT_EQ(sema_trywait(&shared_->sema), EBUSY);
}

// PSHARED-13: unbound waiters on shared objects do not stop other unbound threads.
TEST_P(SynchSharedWait, S13WaitersDoNotStopOthers)
{
    constexpr int kWaiters = 6;
    latch::Counter entered;
    std::vector<thread_t> waiters;
    for (int i = 0; i < kWaiters; ++i) {
        waiters.push_back(start([&, this] {
            entered.add(1);
            EXPECT_EQ(sema_wait(&shared_->sema), 0);
        }));
    }
    ASSERT_TRUE(entered.wait_for([](int count) { return count == kWaiters; }));
    for (int round = 0; round < 10; ++round) {
        std::atomic<bool> ran{false};
        const thread_t other = start([&] { ran = true; });
        EXPECT_TRUE(bounded::until([&] { return ran.load(); }));
        join(other);
    }
    for (int i = 0; i < kWaiters; ++i) {
        EXPECT_EQ(sema_post(&shared_->sema), 0);
    }
    for (const thread_t id : waiters) {
        join(id);
    }
}

}  // namespace
}  // namespace conformance
