// forkall(2), forkallx(2): the child has all threads, each where it was.
#include <thread.h>

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/fork.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <functional>
#include <vector>

#include "conformance/fork_support.h"
#include "conformance/signal_sets.h"

namespace conformance {
namespace {

class ForkAll : public ForkTest {
  protected:
    // As fork_and_wait(), with a child that has all threads. `live` is the forking thread's part.
    template <class Function>
    static int fork_all_and_wait(Function live)
    {
        const pid_t pid = forkall();
        if (pid == 0) {
            std::_Exit(live());
        }
        EXPECT_GT(pid, 0) << "errno " << errno;
        return exit_status(pid);
    }
};

INSTANTIATE_TEST_SUITE_P(Threads, ForkAll, bindings(), binding_name);

// Threads that wait in every way there is, until somebody lets them go.
class Crowd {
  public:
    // Ways to wait; each ends once let_go() was called.
    std::vector<std::function<void()>> ways()
    {
        return {
            [this] { gate_.wait(); },
            [this] {
                mutex_lock(&held_);
                mutex_unlock(&held_);
            },
            [this] {
                while (sema_wait(&sema_) == EINTR) {}
            },
            [this] {
                rw_rdlock(&rwlock_);
                rw_unlock(&rwlock_);
            },
            [this] {
                while (!gate_.is_open()) {
                    thr_yield();
                }
            },
            [this] {
                while (!gate_.is_open()) {
                    const timespec pause{0, 1'000'000};
                    nanosleep(&pause, nullptr);
                }
            },
            [this] {
                pollfd wait{ends_[0], POLLIN, 0};
                while (!gate_.is_open()) {
                    poll(&wait, 1, 10);
                }
            },
            [this] {
                while (!gate_.is_open()) {
                    std::free(std::malloc(static_cast<std::size_t>(++size_ % 3000)));
                    thr_yield();
                }
            },
        };
    }

    [[nodiscard]] bool prepare()
    {
        mutex_lock(&held_);
        rw_wrlock(&rwlock_);
        return sema_init(&sema_, 0, USYNC_THREAD, nullptr) == 0 && platform::make_pipe(ends_);
    }

    // By the thread that prepared.
    void let_go()
    {
        mutex_unlock(&held_);
        rw_unlock(&rwlock_);
        sema_post(&sema_);
        gate_.open();
    }

    void arrive() { present_.add(1); }

    [[nodiscard]] bool all_present(int count)
    {
        return present_.wait_for([count](int now) { return now == count; });
    }

    void close_pipe()
    {
        close(ends_[0]);
        close(ends_[1]);
    }

  private:
    latch::Gate gate_;
    latch::Counter present_;
    mutex_t held_{};
    sema_t sema_{};
    rwlock_t rwlock_{};
    int ends_[2] = {-1, -1};
    int size_ = 0;
};

// FORK-12: every thread goes on in the child, and in the child's child, wherever it was; new ones
// can be made there. Nothing has changed for those of the parent.
TEST_P(ForkAll, S12TakesAllThreadsAlong)
{
    Crowd crowd;
    ASSERT_TRUE(crowd.prepare());
    std::vector<thread_t> threads;
    for (auto& way : crowd.ways()) {
        threads.push_back(start([&crowd, way] {
            way();
            crowd.arrive();
        }));
    }
    const int count = static_cast<int>(threads.size());
    const auto check = [&] {
        crowd.let_go();
        if (!crowd.all_present(count)) {
            return 1;
        }
        for (const thread_t id : threads) {
            if (thr_join(id, nullptr, nullptr) != 0) {
                return 2;
            }
        }
        void* status = nullptr;
        thread_t id = 0;
        const auto give_back = [](void* argument) { return argument; };
        if (thr_create(nullptr, 0, give_back, &id, binding(), &id) != 0 ||
            thr_join(id, nullptr, &status) != 0 || status != &id) {
            return 3;
        }
        return kFine;
    };
    EXPECT_EQ(fork_all_and_wait(check), kFine);
    EXPECT_EQ(fork_all_and_wait([&] { return fork_all_and_wait(check); }), kFine);
    EXPECT_EQ(check(), kFine);
    crowd.close_pipe();
}

// FORK-12: whichever thread calls; it returns 0 in the child, with its id, its values and its mask.
TEST_P(ForkAll, S12ReturnsInTheCallersCopy)
{
    latch::Gate leave;
    const thread_t other = start([&] { leave.wait(); });
    int status = -1;
    join(start([&] {
        const pid_t parent = getpid();
        const thread_t self = thr_self();
        const sigset_t usr1 = signal_set({SIGUSR1});
        thr_sigsetmask(SIG_BLOCK, &usr1, nullptr);
        thr_kill(self, SIGUSR1);
        thread_local int own = 0;
        own = 815;
        status = fork_all_and_wait([&] {
            sigset_t mask;
            sigset_t pending;
            thr_sigsetmask(SIG_BLOCK, nullptr, &mask);
            sigpending(&pending);
            if (getppid() != parent || thr_self() != self || own != 815) {
                return 1;
            }
            if (numbers_in(mask) != std::vector<int>{SIGUSR1} || !numbers_in(pending).empty()) {
                return 2;
            }
            leave.open();
            return thr_join(other, nullptr, nullptr) == 0 ? kFine : 3;
        });
        const ScopedHandler taken{SIGUSR1, [](int) {}};
        thr_sigsetmask(SIG_UNBLOCK, &usr1, nullptr);
    }));
    EXPECT_EQ(status, kFine);
    leave.open();
    join(other);
}

// FORK-12: a thread that is suspended is so in the child, and can be continued there.
TEST_P(ForkAll, S12KeepsThreadsSuspended)
{
    std::atomic<int> rounds{0};
    std::atomic<bool> over{false};
    const thread_t other = start([&] {
        while (!over.load()) {
            rounds.fetch_add(1);
            thr_yield();
        }
    });
    ASSERT_EQ(thr_suspend(other), 0);
    EXPECT_EQ(fork_all_and_wait([&] {
                  const int before = rounds.load();
                  if (!bounded::holds_for(2ms, [&] { return rounds.load() == before; })) {
                      return 1;
                  }
                  if (thr_continue(other) != 0 ||
                      !bounded::until([&] { return rounds.load() > before; })) {
                      return 2;
                  }
                  over.store(true);
                  return thr_join(other, nullptr, nullptr) == 0 ? kFine : 3;
              }),
              kFine);
    over.store(true);
    thr_continue(other);
    join(other);
}

// FORK-12: signals and cancellation find their threads in the child.
TEST_P(ForkAll, S12DeliversSignalsToTheCopies)
{
    static std::atomic<thread_t> handled_by;
    handled_by.store(0);
    const ScopedHandler handler{SIGUSR1, [](int) { handled_by.store(thr_self()); }};
    latch::Gate leave;
    const thread_t other = start([&] { leave.wait(); });
    EXPECT_EQ(fork_all_and_wait([&] {
                  if (thr_kill(other, SIGUSR1) != 0 ||
                      !bounded::until([&] { return handled_by.load() == other; })) {
                      return 1;
                  }
                  handled_by.store(0);
                  kill(getpid(), SIGUSR1);
                  return bounded::until([] { return handled_by.load() != 0; }) ? kFine : 2;
              }),
              kFine);
    EXPECT_EQ(handled_by.load(), 0U);
    leave.open();
    join(other);
}

void* read_byte(void* end)
{
    char byte = 0;
    ssize_t got = 0;
    do {
        got = read(*static_cast<int*>(end), &byte, 1);
    } while (got < 0 && errno == EINTR);
    return as_pointer(got == 1 ? 1 : 0);
}

// FORK-13: a call that blocks goes on in the parent and in the child, or ends with EINTR; so does
// that of a thread that pthread_create has made.
TEST_P(ForkAll, S13InterruptsBlockingCallsAtMost)
{
    int ends[2];
    ASSERT_TRUE(platform::make_pipe(ends));
    const thread_t own = start([&] { return read_byte(&ends[0]); });
    pthread_t other{};
    ASSERT_EQ(pthread_create(&other, nullptr, read_byte, &ends[0]), 0);
    // The pipe is one for both processes, and each of the four readers takes one byte.
    const auto joins_both = [&] {
        void* first = nullptr;
        void* second = nullptr;
        return thr_join(own, nullptr, &first) == 0 && pthread_join(other, &second) == 0 &&
               first == as_pointer(1) && second == as_pointer(1);
    };
    EXPECT_EQ(fork_all_and_wait([&] {
                  if (write(ends[1], "four", 4) != 4) {
                      return 1;
                  }
                  return joins_both() ? kFine : 2;
              }),
              kFine);
    EXPECT_TRUE(joins_both());
    close(ends[0]);
    close(ends[1]);
}

// FORK-14: what one process does to its private locks is nothing to the other.
TEST_P(ForkAll, S14SharesNoPrivateLocks)
{
    mutex_t mutex{};
    latch::Gate locked;
    latch::Gate leave;
    const thread_t holder = start([&] {
        mutex_lock(&mutex);
        locked.open();
        leave.wait();
        mutex_unlock(&mutex);
    });
    ASSERT_TRUE(locked.wait());
    EXPECT_EQ(fork_all_and_wait([&] {
                  if (mutex_trylock(&mutex) != EBUSY) {
                      return 1;
                  }
                  leave.open();  // its holder is here as well
                  return thr_join(holder, nullptr, nullptr) == 0 && mutex_trylock(&mutex) == 0
                             ? kFine
                             : 2;
              }),
              kFine);
    EXPECT_EQ(mutex_trylock(&mutex), EBUSY);
    leave.open();
    join(holder);
    EXPECT_EQ(mutex_trylock(&mutex), 0);
}

// FORK-17: forkallx, too, refuses flags that are not defined.
// FORK-18: and with FORK_WAITPID only a wait by id reaps.
TEST_P(ForkAll, S17RefusesUndefinedFlagsS18KeepsThoseDefined)
{
    errno = 0;
    EXPECT_EQ(forkallx(4), -1);
    EXPECT_EQ(errno, EINVAL);
    latch::Gate leave;
    const thread_t other = start([&] { leave.wait(); });
    const pid_t pid = forkallx(FORK_WAITPID);
    if (pid == 0) {
        leave.open();
        std::_Exit(thr_join(other, nullptr, nullptr) == 0 ? kFine : 1);
    }
    ASSERT_GT(pid, 0);
    errno = 0;
    EXPECT_EQ(wait(nullptr), -1);
    EXPECT_EQ(errno, ECHILD);
    EXPECT_EQ(exit_status(pid), kFine);
    leave.open();
    join(other);
}

}  // namespace
}  // namespace conformance
