// fork1(2), fork(2): the child has the calling thread and a library as good as new.
#include <thread.h>

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>

#include "conformance/fork_support.h"
#include "conformance/signal_sets.h"

namespace conformance {
namespace {

class Fork : public ForkTest {};

INSTANTIATE_TEST_SUITE_P(Threads, Fork, bindings(), binding_name);

// THR-SELF-05: thr_main says the same in the child as in the thread that forked.
TEST_P(Fork, S05ThrMainStaysTheSame)
{
    EXPECT_EQ(status_of_child([] { return thr_main() == 0 ? kFine : 1; }), kFine);
    EXPECT_EQ(fork_and_wait([] { return thr_main() == 1 ? kFine : 1; }), kFine);
}

void* give_back(void* argument)
{
    thr_yield();
    return argument;
}

// FORK-01: the child has one thread: nobody to join, one kernel task.
TEST_P(Fork, S01HasOneThread)
{
    latch::Gate leave;
    const thread_t other = start([&] { leave.wait(); });
    EXPECT_EQ(status_of_child([] {
                  if (thr_join(0, nullptr, nullptr) != EDEADLK) {
                      return 1;
                  }
                  return kernel_task_count() == 1 ? kFine : 2;
              }),
              kFine);
    leave.open();
    join(other);
}

// FORK-02: the caller's id is valid in the child.
TEST_P(Fork, S02KeepsTheCallersId)
{
    EXPECT_EQ(status_of_child([] {
                  const thread_t self = thr_self();
                  return self != 0 && thr_kill(self, 0) == 0 ? kFine : 1;
              }),
              kFine);
}

// FORK-03: the child may make threads of every kind.
TEST_P(Fork, S03MayCreateThreads)
{
    EXPECT_EQ(status_of_child([] {
                  for (const long flags : {0L, long{THR_BOUND}, long{THR_NEW_LWP}}) {
                      for (int round = 0; round < 10; ++round) {
                          thread_t id = 0;
                          void* status = nullptr;
                          if (thr_create(nullptr, 0, give_back, &id, flags, &id) != 0) {
                              return 1;
                          }
                          if (thr_join(id, nullptr, &status) != 0 || status != &id) {
                              return 2;
                          }
                      }
                  }
                  return kFine;
              }),
              kFine);
}

// FORK-04: the parent's threads cannot be joined there.
TEST_P(Fork, S04DoesNotKnowTheParentsThreads)
{
    latch::Gate leave;
    const thread_t other = start([&] { leave.wait(); });
    const thread_t ended = start([] {});
    EXPECT_TRUE(bounded::until([&] { return !is_alive(ended); }));
    EXPECT_EQ(status_of_child([&] {
                  if (thr_join(other, nullptr, nullptr) != ESRCH || thr_kill(other, 0) != ESRCH) {
                      return 1;
                  }
                  return thr_join(ended, nullptr, nullptr) == ESRCH ? kFine : 2;
              }),
              kFine);
    leave.open();
    join(other);
    join(ended);
}

std::atomic<int> destructions{0};

void count_destruction(void* /*value*/)
{
    destructions.fetch_add(1);
}

// FORK-05: thread-specific data and stack of the caller are whole.
// FORK-06: destructors for the other threads' values do not run.
TEST_P(Fork, S05KeepsValuesAndStackS06RunsNoForeignDestructors)
{
    thread_key_t key = 0;
    ASSERT_EQ(thr_keycreate(&key, count_destruction), 0);
    destructions.store(0);
    latch::Gate set;
    latch::Gate leave;
    const thread_t other = start([&] {
        EXPECT_EQ(thr_setspecific(key, &leave), 0);
        set.open();
        leave.wait();
        thr_setspecific(key, nullptr);
    });
    ASSERT_TRUE(set.wait());
    int status = -1;
    const thread_t forker = start([&] {
        int local = 4711;
        thread_local int own = 0;
        own = 815;
        EXPECT_EQ(thr_setspecific(key, &local), 0);
        status = fork_and_wait([&] {
            void* value = nullptr;
            if (thr_getspecific(key, &value) != 0 || value != &local) {
                return 1;
            }
            if (local != 4711 || own != 815) {
                return 2;
            }
            thread_t id = 0;
            if (thr_create(nullptr, 0, give_back, nullptr, 0, &id) != 0 ||
                thr_join(id, nullptr, nullptr) != 0) {
                return 3;
            }
            return destructions.load() == 0 ? kFine : 4;
        });
        thr_setspecific(key, nullptr);
    });
    join(forker);
    EXPECT_EQ(status, kFine);
    leave.open();
    join(other);
}

// FORK-07: a mutex that another thread holds stays locked in the child; one of the caller's is its.
TEST_P(Fork, S07KeepsMutexesAsTheyAre)
{
    mutex_t others{};
    latch::Gate locked;
    latch::Gate leave;
    const thread_t holder = start([&] {
        mutex_lock(&others);
        locked.open();
        leave.wait();
        mutex_unlock(&others);
    });
    ASSERT_TRUE(locked.wait());
    EXPECT_EQ(status_of_child([&] { return mutex_trylock(&others) == EBUSY ? kFine : 1; }), kFine);
    int status = -1;
    join(start([&] {
        mutex_t own{};
        mutex_init(&own, USYNC_THREAD | LOCK_ERRORCHECK, nullptr);
        mutex_lock(&own);
        status = fork_and_wait([&] {
            if (mutex_lock(&own) != EDEADLK) {
                return 1;
            }
            return mutex_unlock(&own) == 0 && mutex_trylock(&own) == 0 ? kFine : 2;
        });
        mutex_unlock(&own);
    }));
    EXPECT_EQ(status, kFine);
    leave.open();
    join(holder);
}

// The order in which handlers of pthread_atfork ran; they stay registered for good.
struct ForkCalls {
    static constexpr int kMost = 16;
    std::atomic<int> count{0};
    char order[kMost] = {};

    void add(char call)
    {
        const int at = count.fetch_add(1);
        if (at < kMost) {
            order[at] = call;
        }
    }
};
ForkCalls calls;

// FORK-08: handlers of pthread_atfork run around fork and fork1, prepare in reverse order.
TEST_P(Fork, S08RunsAtforkHandlersInOrder)
{
    static const int registered = [] {
        return pthread_atfork([] { calls.add('p'); }, [] { calls.add('a'); },
                              [] { calls.add('c'); }) +
               pthread_atfork([] { calls.add('P'); }, [] { calls.add('A'); },
                              [] { calls.add('C'); });
    }();
    ASSERT_EQ(registered, 0);
    pid_t (*const forks[])() = {[] { return fork(); }, [] { return fork1(); }};
    for (pid_t (*const do_fork)() : forks) {
        int status = -1;
        std::string seen;
        join(start([&] {
            calls.count.store(0);
            const pid_t pid = do_fork();
            if (pid == 0) {
                std::_Exit(std::string(calls.order, 4) == "PpcC" ? kFine : 1);
            }
            seen.assign(calls.order, 4);
            status = exit_status(pid);
        }));
        EXPECT_EQ(status, kFine);
        EXPECT_EQ(seen, "PpaA");
    }
}

// FORK-09: a daemon's fork: the child's only thread is none, its end ends the child with 0.
TEST_P(Fork, S09MakesADaemonOrdinary)
{
    int status = -1;
    latch::Gate done;
    start(
        [&] {
            const pid_t pid = fork1();
            if (pid == 0) {
                thr_exit(as_pointer(3));
            }
            status = exit_status(pid);
            done.open();
        },
        THR_DAEMON);
    ASSERT_TRUE(done.wait());
    EXPECT_EQ(status, kFine);
}

// FORK-10: the child has the caller's signal mask.
TEST_P(Fork, S10KeepsTheSignalMask)
{
    int status = -1;
    join(start([&] {
        const sigset_t usr1 = signal_set({SIGUSR1, SIGHUP});
        sigset_t before;
        thr_sigsetmask(SIG_BLOCK, &usr1, nullptr);
        thr_sigsetmask(SIG_BLOCK, nullptr, &before);
        status = fork_and_wait([&] {
            sigset_t now;
            thr_sigsetmask(SIG_BLOCK, nullptr, &now);
            if (numbers_in(now) != numbers_in(before)) {
                return 1;
            }
            kill(getpid(), SIGUSR1);  // the kernel's mask is the same
            sigset_t pending;
            sigpending(&pending);
            return sigismember(&pending, SIGUSR1) == 1 ? kFine : 2;
        });
    }));
    EXPECT_EQ(status, kFine);
}

// FORK-11: no signal that was pending for the caller is pending for the child.
TEST_P(Fork, S11ClearsPendingSignals)
{
    int status = -1;
    join(start([&] {
        const sigset_t both = signal_set({SIGUSR1, SIGUSR2});
        thr_sigsetmask(SIG_BLOCK, &both, nullptr);
        thr_kill(thr_self(), SIGUSR1);
        thr_kill(thr_self(), SIGUSR2);
        status = fork_and_wait([&] {
            sigset_t pending;
            sigpending(&pending);
            return numbers_in(pending).empty() ? kFine : 1;
        });
        // Taken here, or they would end the process.
        const ScopedHandler first{SIGUSR1, [](int) {}};
        const ScopedHandler second{SIGUSR2, [](int) {}};
        thr_sigsetmask(SIG_UNBLOCK, &both, nullptr);
    }));
    EXPECT_EQ(status, kFine);
}

// FORK-15: fork returns 0 in the child and its id in the parent, whoever calls it.
TEST_P(Fork, S15ReturnsIdAndZeroFromAnyThread)
{
    const pid_t parent = getpid();
    const auto check = [&] {
        return fork_and_wait([&] { return getppid() == parent ? kFine : 1; });
    };
    EXPECT_EQ(check(), kFine);
    int status = -1;
    join(start([&] { status = check(); }));
    EXPECT_EQ(status, kFine);
}

}  // namespace
}  // namespace conformance
