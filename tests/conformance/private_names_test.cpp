// Names that no header declares and other vendors' libraries call.
#include <libthread/mutator.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "conformance/fixture.h"
#include "conformance/signal_sets.h"

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
unsigned _sleep(unsigned seconds);
int _sigsetjmp(sigjmp_buf buffer, int with_mask) __attribute__((returns_twice));
void _sigoff();
void _sigon();
void _cancelon();
void _canceloff();
void __pthread_cleanup_push(void (*routine)(void*), void* argument, char* frame, void* record);
void __pthread_cleanup_pop(int execute, void* record);
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

std::atomic<int> signals_seen{0};
std::atomic<void*> caller_of_handler{nullptr};

void see_signal(int /*number*/)
{
    caller_of_handler.store(__builtin_return_address(0));
    signals_seen.fetch_add(1);
}

// COMP-NAME-06: _sigoff keeps signals away until as many _sigon have followed; _sleep sleeps.
TEST_P(PrivateNames, S06PutsSignalsOff)
{
    const ScopedHandler handler{SIGUSR1, see_signal};
    signals_seen.store(0);
    join(start([] {
        EXPECT_EQ(_sleep(0), 0U);
        _sigoff();
        _sigoff();
        EXPECT_EQ(thr_kill(thr_self(), SIGUSR1), 0);
        _sigon();
        EXPECT_EQ(signals_seen.load(), 0);
        _sigon();
        EXPECT_EQ(signals_seen.load(), 1);
        _sigon();
        EXPECT_EQ(thr_kill(thr_self(), SIGUSR1), 0);
        EXPECT_EQ(signals_seen.load(), 2);
    }));
}

// COMP-NAME-07: _sigsetjmp returns again, with the mask it has saved.
TEST_P(PrivateNames, S07JumpsBackWithTheMask)
{
    join(start([] {
        sigjmp_buf place;
        volatile int jumps = 0;
        if (_sigsetjmp(place, 1) == 0) {
            const sigset_t one = signal_set({SIGUSR1});
            EXPECT_EQ(thr_sigsetmask(SIG_BLOCK, &one, nullptr), 0);
            jumps = 1;
            siglongjmp(place, 5);
        }
        EXPECT_EQ(jumps, 1);
        sigset_t mask;
        EXPECT_EQ(thr_sigsetmask(SIG_BLOCK, nullptr, &mask), 0);
        EXPECT_EQ(sigismember(&mask, SIGUSR1), 0);
    }));
}

// COMP-NAME-08: between _cancelon and _canceloff a cancellation acts at any place.
TEST_P(PrivateNames, S08CancelsAtAnyPlace)
{
    std::atomic<pthread_t> target{};
    std::atomic<bool> runs{false};
    const thread_t id = start([&] {
        target.store(pthread_self());
        _cancelon();
        runs.store(true);
        for (;;) {
            asm volatile("");
        }
    });
    ASSERT_TRUE(bounded::until([&] { return runs.load(); }));
    EXPECT_EQ(pthread_cancel(target.load()), 0);
    EXPECT_EQ(join(id), PTHREAD_CANCELED);
    join(start([] {
        _cancelon();
        _canceloff();
        int type = -1;
        EXPECT_EQ(pthread_setcanceltype(PTHREAD_CANCEL_DEFERRED, &type), 0);
        EXPECT_EQ(type, PTHREAD_CANCEL_DEFERRED);
    }));
}

void append(void* text)
{
    static_cast<std::string*>(text)->push_back('x');
}

// COMP-NAME-09: handlers of __pthread_cleanup_push run when the thread ends in their reach, and
// when they are taken off with execute not 0.
TEST_P(PrivateNames, S09RunsCleanupHandlers)
{
    std::string ran;
    join(start([&] {
        alignas(16) std::array<char, 32> first;
        alignas(16) std::array<char, 32> second;
        alignas(16) std::array<char, 32> third;
        __pthread_cleanup_push(append, &ran, nullptr, first.data());
        __pthread_cleanup_push(append, &ran, nullptr, second.data());
        __pthread_cleanup_push(append, &ran, nullptr, third.data());
        __pthread_cleanup_pop(0, third.data());
        EXPECT_EQ(ran, "");
        __pthread_cleanup_pop(1, second.data());
        EXPECT_EQ(ran, "x");
        thr_exit(nullptr);
    }));
    EXPECT_EQ(ran, "xx");
}

void append_and_exit(void* text)
{
    static_cast<std::string*>(text)->push_back('e');
    thr_exit(text);
}

// COMP-NAME-09: one that ends the thread itself is not run again; the rest are.
TEST_P(PrivateNames, S09AHandlerThatExitsRunsOnce)
{
    std::string ran;
    EXPECT_EQ(join(start([&] {
                  alignas(16) std::array<char, 32> first;
                  alignas(16) std::array<char, 32> second;
                  alignas(16) std::array<char, 32> third;
                  __pthread_cleanup_push(append, &ran, nullptr, first.data());
                  __pthread_cleanup_push(append_and_exit, &ran, nullptr, second.data());
                  __pthread_cleanup_push(append, &ran, nullptr, third.data());
                  thr_exit(nullptr);
              })),
              &ran);
    EXPECT_EQ(ran, "xex");
}

// COMP-NAME-10: thr_sighndlrinfo tells where the calls of handlers come from.
TEST_P(PrivateNames, S10KnowsWhoCallsHandlers)
{
#if defined(__SANITIZE_THREAD__)
    GTEST_SKIP() << "the sanitizer calls the handlers";
#endif
    const ScopedHandler handler{SIGUSR1, see_signal};
    void (*function)() = nullptr;
    int size = 0;
    thr_sighndlrinfo(&function, &size);
    ASSERT_GT(size, 0);
    for (const bool by_mask : {false, true}) {
        caller_of_handler.store(nullptr);
        join(start([&] {
            const sigset_t one = signal_set({SIGUSR1});
            if (by_mask) {
                EXPECT_EQ(thr_sigsetmask(SIG_BLOCK, &one, nullptr), 0);
            }
            EXPECT_EQ(thr_kill(thr_self(), SIGUSR1), 0);
            EXPECT_EQ(thr_sigsetmask(SIG_UNBLOCK, &one, nullptr), 0);
        }));
        const auto begin = reinterpret_cast<std::uintptr_t>(function);
        const auto caller = reinterpret_cast<std::uintptr_t>(caller_of_handler.load());
        EXPECT_GT(caller, begin);
        EXPECT_LE(caller, begin + static_cast<std::uintptr_t>(size));
    }
}

}  // namespace
}  // namespace conformance
