// fork: the child has the calling thread, whole, and may use the library as if it had just started.
#include <thread.h>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>

namespace {

constexpr int kForkers = 4;
constexpr int kForksEach = 25;

mutex_t busy_mutex;
std::atomic<bool> over{false};

void* nothing(void* value)
{
    thr_yield();
    return value;
}

// Keeps the library's locks in use while others fork.
void* keep_busy(void*)
{
    while (!over) {
        mutex_lock(&busy_mutex);
        mutex_unlock(&busy_mutex);
        thread_t id = 0;
        if (thr_create(nullptr, 0, nothing, nullptr, 0, &id) == 0) {
            thr_join(id, nullptr, nullptr);
        }
    }
    return nullptr;
}

// What a child checks; its exit status says which step failed.
int live_in_child(thread_t parents_own_id, thread_key_t key, void* value)
{
    void* seen = nullptr;
    if (thr_self() != parents_own_id) {
        return 10;
    }
    if (thr_getspecific(key, &seen) != 0 || seen != value) {
        return 11;
    }
    if (thr_join(0, nullptr, nullptr) != EDEADLK) {
        return 12;
    }
    mutex_t mutex = DEFAULTMUTEX;
    cond_t cond = DEFAULTCV;
    timestruc_t soon{0, 1'000'000};
    mutex_lock(&mutex);
    if (cond_reltimedwait(&cond, &mutex, &soon) != ETIME) {
        return 13;
    }
    mutex_unlock(&mutex);
    for (int i = 0; i < 10; ++i) {
        thread_t id = 0;
        if (thr_create(nullptr, 0, nothing, &mutex, i % 2 == 0 ? 0 : THR_BOUND, &id) != 0) {
            return 14;
        }
        void* status = nullptr;
        if (thr_join(id, nullptr, &status) != 0 || status != &mutex) {
            return 15;
        }
    }
    return 0;
}

struct Result {
    int failures = 0;
    int first_status = 0;
};

void* fork_often(void* argument)
{
    auto& result = *static_cast<Result*>(argument);
    thread_key_t key = 0;
    thr_keycreate(&key, nullptr);
    thr_setspecific(key, &result);
    for (int i = 0; i < kForksEach; ++i) {
        const thread_t self = thr_self();
        const pid_t child = fork();
        if (child == 0) {
            std::_Exit(live_in_child(self, key, &result));
        }
        int status = -1;
        if (child < 0 || waitpid(child, &status, 0) != child || status != 0) {
            result.first_status = result.failures++ == 0 ? status : result.first_status;
        }
    }
    return nullptr;
}

void* fork_once(void* argument)
{
    const pid_t child = fork();
    if (child == 0) {
        thread_t id = 0;
        std::_Exit(thr_create(nullptr, 0, nothing, nullptr, 0, &id) == 0 &&
                           thr_join(id, nullptr, nullptr) == 0
                       ? 0
                       : 1);
    }
    waitpid(child, static_cast<int*>(argument), 0);
    return nullptr;
}

// The child starts anew on the stack of its thread: not with objects larger than that.
TEST(Fork, NeedsNoLargeStack)
{
    constexpr std::size_t kStack = 32 * 1024;
    int status = -1;
    thread_t id = 0;
    ASSERT_EQ(thr_create(nullptr, kStack, fork_once, &status, 0, &id), 0);
    EXPECT_EQ(thr_join(id, nullptr, nullptr), 0);
    EXPECT_EQ(status, 0);
}

TEST(Fork, LeavesAWorkingChildWithTheCallingThread)
{
    thread_t busy = 0;
    ASSERT_EQ(thr_create(nullptr, 0, keep_busy, nullptr, 0, &busy), 0);
    Result results[kForkers];
    thread_t forkers[kForkers];
    for (int i = 0; i < kForkers; ++i) {
        ASSERT_EQ(thr_create(nullptr, 0, fork_often, &results[i], 0, &forkers[i]), 0);
    }
    for (int i = 0; i < kForkers; ++i) {
        EXPECT_EQ(thr_join(forkers[i], nullptr, nullptr), 0);
        EXPECT_EQ(results[i].failures, 0) << "first status " << results[i].first_status;
    }
    over = true;
    EXPECT_EQ(thr_join(busy, nullptr, nullptr), 0);
}

}  // namespace
