// Names that no header declares and other vendors' libraries call.
#include <sys/wait.h>
#include <unistd.h>

#include "conformance/fixture.h"

extern "C" {
int _thr_detach(thread_t tid);
int _thr_key_delete(thread_key_t key);
thread_t _ti_thr_self();
std::size_t __pthread_min_stack();
int __nthreads();
extern int __threaded;
void* _getfp();
void* _getsp();
void* _stack_grow(void* address);
pid_t _fork();
}

namespace conformance {
namespace {

class PrivateNames : public ThreadTest {};

INSTANTIATE_TEST_SUITE_P(Threads, PrivateNames, bindings(), binding_name);

// COMP-NAME-01: _thr_detach detaches a thread once; joining it then is ESRCH.
TEST_P(PrivateNames, S01Detaches)
{
    latch::Counter gate;
    const thread_t id = start([&] { EXPECT_TRUE(gate.wait_for([](int open) { return open; })); });
    EXPECT_EQ(_thr_detach(id), 0);
    EXPECT_EQ(_thr_detach(id), EINVAL);
    EXPECT_EQ(thr_join(id, nullptr, nullptr), ESRCH);
    gate.add(1);
    EXPECT_TRUE(bounded::until([id] { return !is_alive(id); }));
    EXPECT_EQ(_thr_detach(id), ESRCH);
}

// COMP-NAME-02: _thr_key_delete ends a key without calling its destructor.
TEST_P(PrivateNames, S02DeletesAKey)
{
    static std::atomic<int> destroyed;
    destroyed.store(0);
    thread_key_t key = 0;
    ASSERT_EQ(thr_keycreate(&key, [](void*) { ++destroyed; }), 0);
    join(start([key] {
        EXPECT_EQ(thr_setspecific(key, as_pointer(1)), 0);
        EXPECT_EQ(_thr_key_delete(key), 0);
    }));
    EXPECT_EQ(destroyed.load(), 0);
    EXPECT_EQ(thr_setspecific(key, nullptr), EINVAL);
    EXPECT_EQ(_thr_key_delete(key), EINVAL);
    EXPECT_EQ(_thr_key_delete(0), EINVAL);
}

// COMP-NAME-03: __nthreads counts the threads there are, and __threaded is not zero once one was
// made; the other names do as their namesakes.
TEST_P(PrivateNames, S03Counts)
{
    const int before = __nthreads();
    int beside = 0;
    join(start([&] { beside = __nthreads(); }));
    EXPECT_EQ(beside, before + 1);
    EXPECT_NE(__threaded, 0);
    EXPECT_EQ(_ti_thr_self(), thr_self());
    EXPECT_EQ(__pthread_min_stack(), thr_min_stack());
}

// COMP-NAME-04: _getfp, _getsp and _stack_grow are about the caller's stack.
TEST_P(PrivateNames, S04LooksAtItsStack)
{
    join(start([] {
        stack_t stack{};
        ASSERT_EQ(thr_stksegment(&stack), 0);
        char* const high = static_cast<char*>(stack.ss_sp);
        EXPECT_EQ(_getfp(), __builtin_frame_address(0));
        EXPECT_LT(static_cast<char*>(_getsp()), high);
        EXPECT_GE(static_cast<char*>(_getsp()), high - stack.ss_size);
        char* const deep = static_cast<char*>(_getsp()) - 256 * 1024;
        EXPECT_EQ(_stack_grow(deep), deep);
    }));
}

// COMP-NAME-05: _fork is fork.
TEST_P(PrivateNames, S05Forks)
{
    const pid_t pid = _fork();
    if (pid == 0) {
        _exit(7);
    }
    int status = 0;
    ASSERT_EQ(waitpid(pid, &status, 0), pid);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 7);
}

}  // namespace
}  // namespace conformance
