// thr_create(3C): flags, identity and what a new thread inherits.
#include <thread.h>

#include <fenv.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>
#include <vector>

#include "conformance/fixture.h"
#include "conformance/signal_sets.h"

namespace conformance {
namespace {

class ThrCreate : public ThreadTest {};

INSTANTIATE_TEST_SUITE_P(Threads, ThrCreate, bindings(), binding_name);

std::atomic<void*> seen_argument{nullptr};

void* note_argument(void* argument)
{
    seen_argument.store(argument);
    return nullptr;
}

void* do_nothing(void* argument)
{
    return argument;
}

// THR-CREATE-01: a thread with a default stack starts the function with the argument given.
TEST_P(ThrCreate, S01StartsTheFunctionWithItsArgument)
{
    int object = 0;
    thread_t id = 0;
    ASSERT_EQ(thr_create(nullptr, 0, note_argument, &object, binding(), &id), 0);
    join(id);
    EXPECT_EQ(seen_argument.load(), &object);
}

// THR-CREATE-02: the id stored is the thread's own.
TEST_P(ThrCreate, S02StoresTheIdThatTheThreadSees)
{
    thread_t seen = 0;
    const thread_t id = start([&] { seen = thr_self(); });
    join(id);
    EXPECT_EQ(seen, id);
}

// THR-CREATE-03: the place for the id may be null.
TEST_P(ThrCreate, S03AcceptsANullPlaceForTheId)
{
    seen_argument.store(nullptr);
    int object = 0;
    ASSERT_EQ(thr_create(nullptr, 0, note_argument, &object, binding(), nullptr), 0);
    ASSERT_EQ(thr_join(0, nullptr, nullptr), 0);
    EXPECT_EQ(seen_argument.load(), &object);
}

// THR-CREATE-04: two live threads never have equal ids.
// THR-CREATE-05: ids are not zero.
TEST_P(ThrCreate, S04GivesLiveThreadsDistinctIdsThatAreNotZero)
{
    latch::Gate leave;
    std::vector<thread_t> ids{thr_self()};
    for (int i = 0; i < 50; ++i) {
        ids.push_back(start([&] { leave.wait(); }));
    }
    leave.open();
    for (std::size_t i = 1; i < ids.size(); ++i) {
        join(ids[i]);
    }
    std::sort(ids.begin(), ids.end());
    EXPECT_EQ(std::adjacent_find(ids.begin(), ids.end()), ids.end());
    EXPECT_NE(ids.front(), 0U);
}

// THR-CREATE-14: the new thread has its creator's signal mask.
TEST_P(ThrCreate, S14InheritsTheSignalMask)
{
    const sigset_t mine = signal_set({SIGUSR1, SIGTERM, SIGRTMIN + 3});
    sigset_t before;
    ASSERT_EQ(thr_sigsetmask(SIG_SETMASK, &mine, &before), 0);
    sigset_t inherited;
    sigemptyset(&inherited);
    join(start([&] { thr_sigsetmask(SIG_BLOCK, nullptr, &inherited); }));
    ASSERT_EQ(thr_sigsetmask(SIG_SETMASK, &before, nullptr), 0);
    EXPECT_EQ(numbers_in(inherited), numbers_in(mine));
}

std::atomic<int> handled{0};

void count_signal(int /*number*/)
{
    handled.fetch_add(1);
}

// THR-CREATE-15: what is pending on the creator is not pending on the new thread.
TEST_P(ThrCreate, S15HasNoSignalsPending)
{
    handled.store(0);
    const ScopedHandler handler{SIGUSR1, count_signal};
    const sigset_t blocked_set = signal_set({SIGUSR1});
    sigset_t before;
    ASSERT_EQ(thr_sigsetmask(SIG_BLOCK, &blocked_set, &before), 0);
    ASSERT_EQ(thr_kill(thr_self(), SIGUSR1), 0);
    sigset_t pending;
    sigemptyset(&pending);
    join(start([&] { sigpending(&pending); }));
    EXPECT_EQ(sigismember(&pending, SIGUSR1), 0);
    EXPECT_EQ(handled.load(), 0);
    ASSERT_EQ(thr_sigsetmask(SIG_SETMASK, &before, nullptr), 0);
    EXPECT_TRUE(bounded::until([] { return handled.load() == 1; }));
}

// THR-CREATE-16: the new thread has its creator's priority.
TEST_P(ThrCreate, S16InheritsThePriority)
{
    int before = -1;
    ASSERT_EQ(thr_getprio(thr_self(), &before), 0);
    ASSERT_EQ(thr_setprio(thr_self(), 41), 0);
    int inherited = -1;
    join(start([&] { thr_getprio(thr_self(), &inherited); }));
    ASSERT_EQ(thr_setprio(thr_self(), before), 0);
    EXPECT_EQ(inherited, 41);
}

// THR-CREATE-17: all keys read null in a new thread, also in one that follows an ended thread.
TEST_P(ThrCreate, S17HasNoThreadSpecificData)
{
    static thread_key_t key = THR_ONCE_KEY;
    ASSERT_EQ(thr_keycreate_once(&key, nullptr), 0);
    int object = 0;
    ASSERT_EQ(thr_setspecific(key, &object), 0);
    for (int round = 0; round < 20; ++round) {
        void* value = &object;
        join(start([&] {
            thr_getspecific(key, &value);
            thr_setspecific(key, &object);
        }));
        EXPECT_EQ(value, nullptr) << "round " << round;
    }
    EXPECT_EQ(thr_setspecific(key, nullptr), 0);
}

// THR-CREATE-18: bits without a meaning are ignored.
TEST_P(ThrCreate, S18IgnoresUnknownFlags)
{
    bool ran = false;
    join(start([&] { ran = true; }, 0x0000003c | 0x00010000));
    EXPECT_TRUE(ran);
}

// THR-CREATE-19: flags may be combined; each has its effect.
TEST_P(ThrCreate, S19CombinesFlags)
{
    std::atomic<bool> ran{false};
    latch::Gate leave;
    const thread_t id = start(
        [&] {
            ran.store(true);
            leave.wait();
        },
        THR_BOUND | THR_DETACHED | THR_SUSPENDED);
    EXPECT_EQ(thr_join(id, nullptr, nullptr), ESRCH);
    EXPECT_TRUE(bounded::holds_for(50ms, [&] { return !ran.load(); }));
    EXPECT_EQ(thr_continue(id), 0);
    EXPECT_TRUE(bounded::until([&] { return ran.load(); }));
    leave.open();
    EXPECT_TRUE(bounded::until([&] { return !is_alive(id); }));
}

// THR-CREATE-20: a thread made with THR_SUSPENDED begins at thr_continue.
TEST_P(ThrCreate, S20StartsASuspendedThreadAtContinue)
{
    std::atomic<bool> ran{false};
    const thread_t id = start([&] { ran.store(true); }, THR_SUSPENDED);
    EXPECT_TRUE(bounded::holds_for(50ms, [&] { return !ran.load(); }));
    EXPECT_EQ(thr_continue(id), 0);
    join(id);
    EXPECT_TRUE(ran.load());
}

// THR-CREATE-21: a detached thread cannot be joined.
TEST_P(ThrCreate, S21MakesADetachedThreadUnjoinable)
{
    latch::Gate leave;
    const thread_t id = start([&] { leave.wait(); }, THR_DETACHED);
    EXPECT_EQ(thr_join(id, nullptr, nullptr), ESRCH);
    leave.open();
    EXPECT_TRUE(bounded::until([&] { return !is_alive(id); }));
    EXPECT_EQ(thr_join(id, nullptr, nullptr), ESRCH);
}

// THR-CREATE-26: a child of vfork makes no threads.
TEST_P(ThrCreate, S26IsRefusedInAChildOfVfork)
{
    join(start([] {
        const pid_t pid = vfork();
        if (pid == 0) {
            _exit(thr_create(nullptr, 0, do_nothing, nullptr, binding(), nullptr) == ENOTSUP ? 0
                                                                                             : 1);
        }
        int status = -1;
        EXPECT_EQ(waitpid(pid, &status, 0), pid);
        EXPECT_EQ(status, 0);
    }));
}

// THR-CREATE-27: a failure is told by the value returned; errno stays as it was.
TEST_P(ThrCreate, S27LeavesErrnoAloneOnFailure)
{
    constexpr int kMark = 4242;
    thread_t id = 0;
    errno = kMark;
    const int error = thr_create(nullptr, 1, do_nothing, nullptr, binding(), &id);
    const int errno_after = errno;
    EXPECT_EQ(error, EINVAL);
    EXPECT_EQ(errno_after, kMark);
}

// THR-CREATE-28: what the start function returns is the status joined.
TEST_P(ThrCreate, S28MakesTheReturnValueTheStatus)
{
    int object = 0;
    const thread_t id = start([&]() -> void* { return &object; });
    EXPECT_EQ(join(id), &object);
}

struct IdCell {
    thread_t id = 0;
    thread_t seen = 0;
    thread_t self = 0;
};

void* read_cell(void* argument)
{
    auto& cell = *static_cast<IdCell*>(argument);
    cell.seen = cell.id;
    cell.self = thr_self();
    return nullptr;
}

// THR-CREATE-29: the id is stored before the new thread starts.
TEST_P(ThrCreate, S29StoresTheIdBeforeTheThreadStarts)
{
    for (int round = 0; round < 200; ++round) {
        IdCell cell;
        ASSERT_EQ(thr_create(nullptr, 0, read_cell, &cell, binding(), &cell.id), 0);
        join(cell.id);
        ASSERT_EQ(cell.seen, cell.self) << "round " << round;
    }
}

// THR-CREATE-30: any thread may create, also one that ends at once.
TEST_P(ThrCreate, S30WorksInAThreadAboutToExit)
{
    std::atomic<thread_t> grandchild{0};
    std::atomic<bool> ran{false};
    join(start([&] { grandchild.store(start([&] { ran.store(true); })); }));
    join(grandchild.load());
    EXPECT_TRUE(ran.load());
}

// THR-CREATE-31: the creator's rounding mode is in force in the new thread.
TEST_P(ThrCreate, S31InheritsTheRoundingMode)
{
    const int before = fegetround();
    for (const int mode : {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO, FE_TONEAREST}) {
        ASSERT_EQ(fesetround(mode), 0);
        int inherited = -1;
        join(start([&] { inherited = fegetround(); }));
        EXPECT_EQ(inherited, mode);
    }
    fesetround(before);
}

std::atomic<int> locals_made{0};
std::atomic<int> locals_gone{0};
std::atomic<int> statics_made{0};

struct ThreadObject {
    ThreadObject() { locals_made.fetch_add(1); }
    ThreadObject(const ThreadObject&) = delete;
    ThreadObject& operator=(const ThreadObject&) = delete;
    ~ThreadObject() { locals_gone.fetch_add(1); }
    int value = 0;
};

struct StaticObject {
    StaticObject() { statics_made.fetch_add(1); }
};

thread_local ThreadObject thread_object;

// Throws, catches, lets others run while the exception is handled, and throws it again.
int catch_own_exception(int number)
{
    static const StaticObject once;
    static_cast<void>(once);
    thread_object.value = number;
    try {
        try {
            throw std::runtime_error(std::to_string(number));
        } catch (const std::runtime_error&) {
            thr_yield();
            throw;
        }
    } catch (const std::exception& caught) {
        thr_yield();
        return thread_object.value == number ? std::atoi(caught.what()) : -1;
    }
}

// THR-CREATE-32: C++ static and thread-local objects and exceptions work in created threads.
TEST_P(ThrCreate, S32RunsCxxObjectsAndExceptions)
{
    constexpr int kThreads = 20;
    locals_made.store(0);
    locals_gone.store(0);
    std::vector<int> results(kThreads, -1);
    std::vector<thread_t> ids;
    for (int i = 0; i < kThreads; ++i) {
        int* const result = &results[static_cast<std::size_t>(i)];
        ids.push_back(start([result, i] { *result = catch_own_exception(i); }));
    }
    for (const thread_t id : ids) {
        join(id);
    }
    for (int i = 0; i < kThreads; ++i) {
        EXPECT_EQ(results[static_cast<std::size_t>(i)], i);
    }
    EXPECT_EQ(statics_made.load(), 1);
    EXPECT_EQ(locals_made.load(), kThreads);
    EXPECT_EQ(locals_gone.load(), kThreads);
}

}  // namespace
}  // namespace conformance
