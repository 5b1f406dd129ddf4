// pthread_cancel(3C), of threads made by thr_create.
#include <synch.h>
#include <thread.h>

#include <pthread.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "conformance/fixture.h"

namespace conformance {
namespace {

class PthreadCancel : public ThreadTest {
  protected:
    // Starts a thread that calls wait() until it is cancelled, and cancels it there. `wait` is told
    // that it is about to be called.
    template <class Wait>
    void expect_cancelled_in(const char* where, Wait wait)
    {
        SCOPED_TRACE(where);
        std::atomic<pthread_t> handle{};
        std::atomic<bool> cleaned{false};
        blocked::Marker waiting;
        const thread_t id = start([&] {
            handle.store(pthread_self());
            pthread_cleanup_push(&set, &cleaned);
            waiting.about_to_wait();
            for (;;) {
                wait();
            }
            pthread_cleanup_pop(0);
        });
        ASSERT_TRUE(waiting.seen_waiting());
        EXPECT_EQ(pthread_cancel(handle.load()), 0);
        EXPECT_EQ(join(id), PTHREAD_CANCELED);
        EXPECT_TRUE(cleaned.load());
    }

    static void set(void* flag) { static_cast<std::atomic<bool>*>(flag)->store(true); }
};
INSTANTIATE_TEST_SUITE_P(Threads, PthreadCancel, bindings(), binding_name);

// CANCEL-01: a thread made by thr_create ends with PTHREAD_CANCELED; its frames are unwound.
TEST_P(PthreadCancel, S01EndsAThreadOfThrCreate)
{
    struct Guard {
        explicit Guard(std::atomic<int>& given) : count{given} {}
        ~Guard() { ++count; }
        Guard(const Guard&) = delete;
        Guard& operator=(const Guard&) = delete;
        std::atomic<int>& count;
    };
    std::atomic<int> unwound{0};
    std::atomic<pthread_t> handle{};
    latch::Gate ready;
    const thread_t id = start([&] {
        const Guard guard{unwound};
        handle.store(pthread_self());
        ready.open();
        for (;;) {
            pthread_testcancel();
            thr_yield();
        }
    });
    ASSERT_TRUE(ready.wait());
    EXPECT_EQ(pthread_cancel(handle.load()), 0);
    EXPECT_EQ(join(id), PTHREAD_CANCELED);
    EXPECT_EQ(unwound.load(), 1);
}

// CANCEL-02: thr_join, the waits of conditions and semaphores, read and sleep act on it.
TEST_P(PthreadCancel, S02ActsInTheWaitsOfTheLibrary)
{
    latch::Gate leave;
    const thread_t other = start([&] { leave.wait(); });
    expect_cancelled_in("thr_join", [=] { thr_join(other, nullptr, nullptr); });
    leave.open();
    join(other);
    sema_t sema{};
    const timestruc_t minute{60, 0};
    expect_cancelled_in("sema_wait", [&] { sema_wait(&sema); });
    expect_cancelled_in("sema_reltimedwait", [&] { sema_reltimedwait(&sema, &minute); });
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    expect_cancelled_in("read", [&] {
        char byte = 0;
        static_cast<void>(read(ends[0], &byte, 1) == 1);
    });
    close(ends[0]);
    close(ends[1]);
    expect_cancelled_in("sleep", [] { sleep(60); });
}

void unlock(void* mutex)
{
    EXPECT_TRUE(mutex_held(static_cast<mutex_t*>(mutex)));
    mutex_unlock(static_cast<mutex_t*>(mutex));
}

// CANCEL-02: and cond_wait holds the mutex when the cleanup handlers run.
TEST_P(PthreadCancel, S02CondWaitTakesTheMutexBack)
{
    mutex_t mutex{};
    cond_t cond{};
    const timestruc_t minute{60, 0};
    timestruc_t later{};
    clock_gettime(CLOCK_REALTIME, &later);
    later.tv_sec += 60;
    const auto wait_in = [&](const char* name, auto wait) {
        expect_cancelled_in(name, [&] {
            mutex_lock(&mutex);
            pthread_cleanup_push(unlock, &mutex);
            wait();
            pthread_cleanup_pop(1);
        });
        EXPECT_EQ(mutex_trylock(&mutex), 0);
        mutex_unlock(&mutex);
    };
    wait_in("cond_wait", [&] { cond_wait(&cond, &mutex); });
    wait_in("cond_timedwait", [&] { cond_timedwait(&cond, &mutex, &later); });
    wait_in("cond_reltimedwait", [&] { cond_reltimedwait(&cond, &mutex, &minute); });
}

// CANCEL-03: locks, thr_self, thr_yield and sema_post do not act on it.
TEST_P(PthreadCancel, S03IsNotActedOnByOtherFunctions)
{
    mutex_t mutex{};
    rwlock_t lock{};
    sema_t sema{};
    std::atomic<bool> passed{false};
    const thread_t id = start([&] {
        EXPECT_EQ(pthread_cancel(pthread_self()), 0);
        mutex_lock(&mutex);
        mutex_unlock(&mutex);
        rw_rdlock(&lock);
        rw_unlock(&lock);
        rw_wrlock(&lock);
        rw_unlock(&lock);
        thr_self();
        thr_yield();
        sema_post(&sema);
        passed.store(true);
        pthread_testcancel();
        ADD_FAILURE() << "not cancelled";
    });
    EXPECT_EQ(join(id), PTHREAD_CANCELED);
    EXPECT_TRUE(passed.load());
}

// CANCEL-03: nor does a thread that waits for a mutex.
TEST_P(PthreadCancel, S03DoesNotEndTheWaitForAMutex)
{
    mutex_t mutex{};
    std::atomic<pthread_t> handle{};
    std::atomic<bool> got_it{false};
    blocked::Marker waiting;
    mutex_lock(&mutex);
    const thread_t id = start([&] {
        handle.store(pthread_self());
        waiting.about_to_wait();
        mutex_lock(&mutex);
        got_it.store(true);
        mutex_unlock(&mutex);
        pthread_testcancel();
    });
    ASSERT_TRUE(waiting.seen_waiting());
    EXPECT_EQ(pthread_cancel(handle.load()), 0);
    EXPECT_TRUE(bounded::holds_for(20ms, [&] { return !got_it.load(); }));
    mutex_unlock(&mutex);
    EXPECT_EQ(join(id), PTHREAD_CANCELED);
    EXPECT_TRUE(got_it.load());
}

// CANCEL-04: while disabled it is put off to a point after it was enabled.
TEST_P(PthreadCancel, S04IsPutOffWhileDisabled)
{
    std::atomic<pthread_t> handle{};
    latch::Gate ready;
    sema_t sema{};
    std::atomic<bool> passed{false};
    const thread_t id = start([&] {
        pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, nullptr);
        handle.store(pthread_self());
        ready.open();
        EXPECT_EQ(sema_wait(&sema), 0);
        pthread_testcancel();
        passed.store(true);
        pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, nullptr);
        pthread_testcancel();
        ADD_FAILURE() << "not cancelled";
    });
    ASSERT_TRUE(ready.wait());
    EXPECT_EQ(pthread_cancel(handle.load()), 0);
    EXPECT_EQ(sema_post(&sema), 0);
    EXPECT_EQ(join(id), PTHREAD_CANCELED);
    EXPECT_TRUE(passed.load());
}

// CANCEL-04: asynchronous cancellation ends a thread that only computes.
TEST_P(PthreadCancel, S04AsynchronousTypeActsAnywhere)
{
    std::atomic<pthread_t> handle{};
    std::atomic<bool> runs{false};
    const thread_t id = start([&] {
        handle.store(pthread_self());
        pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, nullptr);
        runs.store(true);
        for (volatile unsigned long i = 0;;) {
            i = i + 1;
        }
    });
    ASSERT_TRUE(bounded::until([&] { return runs.load(); }));
    EXPECT_EQ(pthread_cancel(handle.load()), 0);
    EXPECT_EQ(join(id), PTHREAD_CANCELED);
}

// CANCEL-05: thr_exit runs the cleanup handlers, newest first.
TEST_P(PthreadCancel, S05ThrExitRunsCleanupHandlers)
{
    static std::array<int, 2> order;
    static int count;
    count = 0;
    const auto note = [](void* number) {
        order[static_cast<std::size_t>(count++)] =
            static_cast<int>(reinterpret_cast<std::uintptr_t>(number));
    };
    const thread_t id = start([&] {
        pthread_cleanup_push(note, as_pointer(1));
        pthread_cleanup_push(note, as_pointer(2));
        thr_exit(as_pointer(7));
        pthread_cleanup_pop(0);
        pthread_cleanup_pop(0);
    });
    EXPECT_EQ(join(id), as_pointer(7));
    EXPECT_EQ(count, 2);
    EXPECT_EQ(order, (std::array<int, 2>{2, 1}));
}

}  // namespace
}  // namespace conformance
