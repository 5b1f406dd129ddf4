// Two-level behaviour: the pool beside bound threads, the library's own LWPs, the end of the
// process.
#include <synch.h>
#include <thread.h>

#include <algorithm>
#include <vector>

#include "two_level_support.h"

namespace conformance {
namespace {

class TwoLevelProcess : public ThreadTest {
  protected:
    // Runs a child program with one LWP in the pool, where nothing else is said.
    static child::Outcome run_alone(const child::Program& program)
    {
        child::Options options;
        options.environment = {"LIBTHREAD_CONCURRENCY=1", "LIBTHREAD_GROWTH=blocked"};
        return child::run(program, options);
    }
};
INSTANTIATE_TEST_SUITE_P(, TwoLevelProcess, testing::Values(0L), binding_name);

void* set_flag(void* flag)
{
    static_cast<std::atomic<bool>*>(flag)->store(true);
    return nullptr;
}

std::atomic<bool> spin_on{true};

void* spin(void* spinning)
{
    set_flag(spinning);
    while (spin_on) {}
    return nullptr;
}

// MN-08's process: main hands its only LWP to a thread that computes for ever; main raised the
// level by a bound thread's hand, since it cannot run itself.
const child::Program raise_level{"raise_level", [] {
                                     std::atomic<bool> spinning{false};
                                     std::atomic<bool> ran{false};
                                     thread_t spinner = 0;
                                     thread_t other = 0;
                                     thr_create(nullptr, 0, spin, &spinning, 0, &spinner);
                                     thr_create(nullptr, 0, set_flag, &ran, 0, &other);
                                     thread_t raiser = 0;
                                     thr_create(
                                         nullptr, 0,
                                         [](void* spins) -> void* {
                                             while (!*static_cast<std::atomic<bool>*>(spins)) {
                                                 thr_yield();
                                             }
                                             thr_setconcurrency(2);
                                             return nullptr;
                                         },
                                         &spinning, THR_BOUND, &raiser);
                                     thr_join(other, nullptr, nullptr);
                                     const int result = ran ? 7 : 1;
                                     spin_on = false;
                                     thr_join(spinner, nullptr, nullptr);
                                     thr_join(raiser, nullptr, nullptr);
                                     return result;
                                 }};

// MN-08: a thread that computes may starve others, until the level is raised.
TEST_P(TwoLevelProcess, S08RaisingTheLevelEndsStarvation)
{
    const child::Outcome outcome = run_alone(raise_level);
    EXPECT_TRUE(outcome.exited && outcome.exit_status == 7) << outcome.describe();
}

// MN-15: bound threads that block take no LWP from the pool.
TEST_P(TwoLevelProcess, S15BlockedBoundThreadsLeaveThePoolAlone)
{
    constexpr int kBlocked = 6;
    const Pipe empty;
    latch::Counter entered;
    std::vector<thread_t> bound;
    for (int i = 0; i < kBlocked; ++i) {
        bound.push_back(start(
            [&] {
                entered.add(1);
                EXPECT_TRUE(empty.read_one());
            },
            THR_BOUND));
    }
    EXPECT_TRUE(entered.wait_for([](int count) { return count == kBlocked; }));
    const auto growths = platform::pool().growths;
    for (int round = 0; round < 20; ++round) {
        std::atomic<bool> ran{false};
        const thread_t unbound = start([&] { ran = true; });
        ASSERT_TRUE(bounded::until([&] { return ran.load(); }));
        join(unbound);
    }
    if (has_setting("LIBTHREAD_GROWTH", "blocked")) {
        EXPECT_EQ(platform::pool().growths, growths);
    }
    for (int i = 0; i < kBlocked; ++i) {
        empty.write_one();
    }
    for (const thread_t id : bound) {
        join(id);
    }
}

// MN-16: bound threads do not count for thr_setconcurrency.
TEST_P(TwoLevelProcess, S16BoundThreadsDoNotCountForTheLevel)
{
    LT_NEEDS_TWO_LEVELS();
    const int level = thr_getconcurrency();
    const auto pool = platform::pool().lwps;
    latch::Gate release;
    std::vector<thread_t> bound;
    for (int i = 0; i < 6; ++i) {
        bound.push_back(start([&] { release.wait(); }, THR_BOUND));
    }
    for (const thread_t id : bound) {
        ASSERT_TRUE(sleeps_on(id, nullptr));
    }
    EXPECT_EQ(thr_getconcurrency(), level);
    if (has_setting("LIBTHREAD_GROWTH", "blocked")) {
        EXPECT_EQ(platform::pool().lwps, pool);
    }
    release.open();
    for (const thread_t id : bound) {
        join(id);
    }
}

// MN-21: threads switched out in the middle of library calls do not deadlock the library.
TEST_P(TwoLevelProcess, S21SwitchesInsideTheLibraryDoNoHarm)
{
    constexpr int kThreads = 12;
    constexpr int kRounds = 300;
    mutex_t mutex = DEFAULTMUTEX;
    cond_t cond = DEFAULTCV;
    sema_t sema;
    sema_init(&sema, 2, USYNC_THREAD, nullptr);
    rwlock_t lock = DEFAULTRWLOCK;
    long total = 0;
    std::vector<thread_t> threads;
    for (int index = 0; index < kThreads; ++index) {
        threads.push_back(start([&, index] {
            for (int round = 0; round < kRounds; ++round) {
                const timestruc_t moment{0, 1000L * ((round + index) % 200)};
                mutex_lock(&mutex);
                static_cast<void>(cond_reltimedwait(&cond, &mutex, &moment));
                cond_broadcast(&cond);
                ++total;
                mutex_unlock(&mutex);
                sema_wait(&sema);
                if ((round + index) % 4 == 0) {
                    rw_wrlock(&lock);
                } else {
                    rw_rdlock(&lock);
                }
                thr_yield();
                rw_unlock(&lock);
                sema_post(&sema);
                if (round % 50 == 0) {
                    thread_t child = 0;
                    std::atomic<bool> ran{false};
                    EXPECT_EQ(thr_create(nullptr, 0, set_flag, &ran, 0, &child), 0);
                    EXPECT_EQ(thr_join(child, nullptr, nullptr), 0);
                    EXPECT_TRUE(ran);
                }
            }
        }));
    }
    for (const thread_t id : threads) {
        join(id);
    }
    EXPECT_EQ(total, long{kThreads} * kRounds);
}

// MN-25's process: main waits in the library and in the kernel while others run.
const child::Program main_blocks{
    "main_blocks", [] {
        static sema_t sema = DEFAULTSEMA;
        static std::array<int, 2> ends{};
        if (pipe(ends.data()) != 0 || thr_main() != 1) {
            return 1;
        }
        const auto post = [](void*) -> void* {
            sema_post(&sema);
            return nullptr;
        };
        const auto write_byte = [](void*) -> void* {
            return ::write(ends[1], "x", 1) == 1 ? nullptr : &ends;
        };
        for (int round = 0; round < 100; ++round) {
            thr_create(nullptr, 0, post, nullptr, 0, nullptr);
            if (sema_wait(&sema) != 0 || thr_join(0, nullptr, nullptr) != 0) {
                return 2;
            }
            thr_create(nullptr, 0, write_byte, nullptr, 0, nullptr);
            char byte = 0;
            if (::read(ends[0], &byte, 1) != 1 || thr_join(0, nullptr, nullptr) != 0) {
                return 3;
            }
        }
        return 7;
    }};

// MN-25: the initial thread is an unbound one and may block without stopping others.
TEST_P(TwoLevelProcess, S25MainMayBlock)
{
    const child::Outcome outcome = run_alone(main_blocks);
    EXPECT_TRUE(outcome.exited && outcome.exit_status == 7) << outcome.describe();
}

// MN-26: sleeping threads do not delay each other.
TEST_P(TwoLevelProcess, S26SleepsOverlap)
{
    constexpr int kSleepers = 20;
    const auto before = read_clock(CLOCK_MONOTONIC);
    std::vector<thread_t> sleepers;
    for (int i = 0; i < kSleepers; ++i) {
        sleepers.push_back(start([] {
            const timespec second{1, 0};
            EXPECT_EQ(nanosleep(&second, nullptr), 0);
        }));
    }
    for (const thread_t id : sleepers) {
        join(id);
    }
    const auto elapsed = read_clock(CLOCK_MONOTONIC) - before;
    EXPECT_GE(elapsed, 1s);
    EXPECT_LT(elapsed, kSleepers * 1s) << "they slept one after the other";
}

sema_t never_posted = DEFAULTSEMA;

void* sleep_for_ever(void*)
{
    sema_wait(&never_posted);
    return nullptr;
}

// Makes threads with flags(number) and waits until each sleeps; false if one does not.
bool make_sleepers(int count, long (*flags)(int))
{
    std::vector<thread_t> ids(static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) {
        if (thr_create(nullptr, 0, sleep_for_ever, nullptr, flags(i),
                       &ids[static_cast<std::size_t>(i)]) != 0) {
            return false;
        }
    }
    return std::all_of(ids.begin(), ids.end(),
                       [](thread_t id) { return sleeps_on(id, &never_posted); });
}

const child::Program leave_blocked{"leave_blocked", [] {
                                       const auto flags = [](int i) -> long {
                                           return i % 20 == 0 ? THR_BOUND : 0;
                                       };
                                       return make_sleepers(200, flags) ? 7 : 1;
                                   }};

// MN-27: the process ends promptly although threads are blocked.
TEST_P(TwoLevelProcess, S27ProcessEndsInSpiteOfBlockedThreads)
{
    const child::Outcome outcome = run_alone(leave_blocked);
    EXPECT_TRUE(outcome.exited && outcome.exit_status == 7) << outcome.describe();
}

const child::Program leave_daemons{"leave_daemons", [] {
                                       const auto flags = [](int) -> long { return THR_DAEMON; };
                                       if (!make_sleepers(50, flags)) {
                                           return 2;
                                       }
                                       thr_exit(reinterpret_cast<void*>(3));
                                       return 1;
                                   }};

// MN-28: daemon threads do not keep the process alive.
TEST_P(TwoLevelProcess, S28DaemonsDoNotKeepTheProcess)
{
    const child::Outcome outcome = run_alone(leave_daemons);
    EXPECT_TRUE(outcome.exited && outcome.exit_status == 0) << outcome.describe();
}

// MN-29's process: has the library's own LWPs about it when it asks for threads and when main ends.
const child::Program own_lwps{
    "own_lwps", [] {
        const Pipe empty;
        thread_t reader = 0;
        const auto read_byte = [](void* pipe) -> void* {
            return static_cast<const Pipe*>(pipe)->read_one() ? nullptr : pipe;
        };
        Pipe* const argument = const_cast<Pipe*>(&empty);
        thr_create(nullptr, 0, read_byte, argument, 0, &reader);
        // Main in the kernel too: now an LWP must come for the third thread.
        const Pipe ran;
        const auto write_byte = [](void* pipe) -> void* {
            static_cast<const Pipe*>(pipe)->write_one();
            return nullptr;
        };
        thread_t writer = 0;
        thr_create(nullptr, 0, write_byte, const_cast<Pipe*>(&ran), 0, &writer);
        if (!ran.poll_for(kKernelPatience)) {
            return 1;
        }
        empty.write_one();
        for (int i = 0; i < 2; ++i) {
            thread_t departed = 0;
            if (thr_join(0, &departed, nullptr) != 0 ||
                (departed != reader && departed != writer)) {
                return 2;
            }
        }
        if (kernel_task_count() < 2 || thr_join(0, nullptr, nullptr) != EDEADLK) {
            return 3;
        }
        thr_exit(reinterpret_cast<void*>(5));
        return 4;
    }};

// MN-29: LWPs of the library are neither reported by thr_join nor counted for the process' end.
TEST_P(TwoLevelProcess, S29LibrarysLwpsAreInvisible)
{
    LT_NEEDS_TWO_LEVELS();
    const child::Outcome outcome = run_alone(own_lwps);
    EXPECT_TRUE(outcome.exited && outcome.exit_status == 0) << outcome.describe();
}

}  // namespace
}  // namespace conformance
