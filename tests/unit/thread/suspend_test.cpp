// Suspension on one LWP, where who runs when is known.
#include <synch.h>
#include <thread.h>

#include <gtest/gtest.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>

#include "support/bounded.h"
#include "support/insight.h"

namespace {

mutex_t mutex;
std::atomic<int> visitors{0};

void* visit(void*)
{
    mutex_lock(&mutex);
    ++visitors;
    mutex_unlock(&mutex);
    return nullptr;
}

thread_t start(void* (*function)(void*), void* argument, long flags = 0)
{
    thread_t id = 0;
    EXPECT_EQ(thr_create(nullptr, 0, function, argument, flags, &id), 0);
    return id;
}

bool sleeps_on(thread_t id, const void* object)
{
    return bounded::until([=] { return insight::is_blocked(id, object); });
}

// Whether unlocking has made the thread the mutex's owner, as it does for one that has waited long.
// The owner stands in the word at offset 12, where lwpinspect looks for it, too.
bool is_handed_to(thread_t id)
{
    constexpr unsigned kOwner = 0x3fffffff;
    return (__atomic_load_n(&mutex.mutex_word[3], __ATOMIC_RELAXED) & kOwner) == id;
}

// True: the wake-up was one that the suspended thread could not use.
bool suspend_a_woken_waiter()
{
    visitors = 0;
    mutex_lock(&mutex);
    const thread_t first = start(visit, nullptr);
    EXPECT_TRUE(sleeps_on(first, &mutex));
    const thread_t second = start(visit, nullptr);
    EXPECT_TRUE(sleeps_on(second, &mutex));
    mutex_unlock(&mutex);              // wakes the first, which does not run yet
    EXPECT_EQ(thr_suspend(first), 0);  // nor will it
    const bool was_handed = is_handed_to(first);
    if (!was_handed) {
        EXPECT_TRUE(bounded::until([] { return visitors == 1; }));
    }
    EXPECT_EQ(thr_continue(first), 0);
    EXPECT_EQ(thr_join(first, nullptr, nullptr), 0);
    EXPECT_EQ(thr_join(second, nullptr, nullptr), 0);
    EXPECT_EQ(visitors, 2);
    return !was_handed;
}

TEST(Suspend, AWakeUpThatASuspendedThreadCannotUseGoesToAnother)
{
    // On a busy machine the first has waited long by the time, and gets the mutex itself.
    bool seen = false;
    for (int round = 0; round < 500 && !seen; ++round) {
        seen = suspend_a_woken_waiter();
    }
    EXPECT_TRUE(seen);
}

std::atomic<int> begun{0};  // forks
std::atomic<bool> forks{false};

// Forks while it is being suspended; the child must not keep the suspension.
void* fork_often(void*)
{
    for (int i = 0; i < 20; ++i) {
        ++begun;
        const pid_t child = fork();
        if (child == 0) {
            thr_yield();
            _exit(0);
        }
        int status = -1;
        EXPECT_EQ(waitpid(child, &status, 0), child);
        EXPECT_EQ(status, 0);
    }
    forks = false;
    return nullptr;
}

TEST(Suspend, EndsInTheChildOfAFork)
{
    constexpr int kBurst = 100;
    forks = true;
    const thread_t id = start(fork_often, nullptr);
    // In bursts, each during another fork: where processors are scarce, it might never end between
    // two suspensions.
    for (int seen = begun; forks; seen = begun) {
        EXPECT_TRUE(bounded::until([&] { return begun != seen || !forks; }));
        for (int i = 0; i < kBurst && forks; ++i) {
            const int error = thr_suspend(id);
            EXPECT_TRUE(error == 0 || error == ESRCH) << error;
            EXPECT_EQ(thr_continue(id), error);
            thr_yield();
        }
    }
    EXPECT_EQ(thr_join(id, nullptr, nullptr), 0);
}

void* read_pipe(void* end)
{
    char byte = 0;
    static_cast<void>(!read(*static_cast<int*>(end), &byte, 1));
    return nullptr;
}

// A cancellation is kept like a signal.
TEST(Suspend, KeepsACancellation)
{
    for (const long flags : {0L, static_cast<long>(THR_BOUND)}) {
        std::array<int, 2> ends{};
        ASSERT_EQ(pipe(ends.data()), 0);
        struct Reader {
            std::atomic<pthread_t> id{0};
            int end = -1;
        } reader;
        reader.end = ends[0];
        const thread_t id = start(
            [](void* argument) -> void* {
                Reader& given = *static_cast<Reader*>(argument);
                given.id = pthread_self();
                return read_pipe(&given.end);
            },
            &reader, flags);
        EXPECT_TRUE(bounded::until([&] { return reader.id != 0; }));
        EXPECT_EQ(thr_suspend(id), 0);
        EXPECT_EQ(pthread_cancel(reader.id), 0);
        EXPECT_TRUE(bounded::holds_for(std::chrono::milliseconds{20},
                                       [&] { return thr_kill(id, 0) == 0; }));
        EXPECT_EQ(thr_continue(id), 0);
        void* status = nullptr;
        EXPECT_EQ(thr_join(id, nullptr, &status), 0);
        EXPECT_EQ(status, PTHREAD_CANCELED);
        close(ends[0]);
        close(ends[1]);
    }
}

}  // namespace
