// Who sleeps is watched, and stopped only when it has awoken.
#include "reader/standstill.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>

namespace lwpi {
namespace {

// A stopped task needs a processor for it, which others may have.
constexpr std::chrono::seconds kPatience{20};

void* wait_for_a_signal(void*)
{
    for (;;) {
        ::pause();
    }
}

// Waits until it sleeps in its call.
bool sleeps(const Process& process, int tid)
{
    SyscallLine line = process.task_syscall(tid);
    while (line.kind != SyscallLine::Kind::kInCall || line.number != SYS_read) {
        ::usleep(100);
        line = process.task_syscall(tid);
    }
    return true;
}

// A process of one task that sleeps in read(); told to, it makes another.
class Sleeper {
  public:
    Sleeper()
    {
        EXPECT_EQ(::pipe2(orders_.data(), O_CLOEXEC), 0);
        EXPECT_EQ(::pipe2(answers_.data(), O_CLOEXEC), 0);
        pid_ = ::fork();
        if (pid_ == 0) {
            ::prctl(PR_SET_PDEATHSIG, SIGKILL);
            char order = 0;
            while (::read(orders_[0], &order, 1) == 1) {
                pthread_t thread;
                ::pthread_create(&thread, nullptr, wait_for_a_signal, nullptr);
                static_cast<void>(::write(answers_[1], &order, 1));
            }
            ::_exit(0);
        }
        sleeps(Process(pid_), pid_);
    }
    Sleeper(const Sleeper&) = delete;
    Sleeper& operator=(const Sleeper&) = delete;
    ~Sleeper()
    {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
        for (const int fd : {orders_[0], orders_[1], answers_[0], answers_[1]}) {
            ::close(fd);
        }
    }
    void make_thread()
    {
        char order = 't';
        ASSERT_EQ(::write(orders_[1], &order, 1), 1);
        ASSERT_EQ(::read(answers_[0], &order, 1), 1);
    }
    [[nodiscard]] pid_t pid() const { return pid_; }

  private:
    std::array<int, 2> orders_{};
    std::array<int, 2> answers_{};
    pid_t pid_ = 0;
};

// A process that cannot be stopped: it waits for its vfork's child, and only its end ends that.
class Unstoppable {
  public:
    Unstoppable()
    {
        pid_ = ::fork();
        if (pid_ == 0) {
            ::prctl(PR_SET_PDEATHSIG, SIGKILL);
            if (::vfork() == 0) {
                ::prctl(PR_SET_PDEATHSIG, SIGKILL);
                for (;;) {
                    ::pause();
                }
            }
            ::_exit(0);
        }
        const Process process(pid_);
        for (auto stat = process.stat(); stat && stat->state != 'D'; stat = process.stat()) {
            ::usleep(100);
        }
    }
    Unstoppable(const Unstoppable&) = delete;
    Unstoppable& operator=(const Unstoppable&) = delete;
    ~Unstoppable()
    {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
    [[nodiscard]] pid_t pid() const { return pid_; }

  private:
    pid_t pid_ = 0;
};

TEST(Standstill, KnowsHowManyDidNotStop)
{
    const Sleeper sleeper;
    const Unstoppable unstoppable;
    for (const std::size_t missed : {0U, 1U}) {
        const Process process(missed == 0 ? sleeper.pid() : unstoppable.pid());
        const auto patience =
            missed == 0 ? std::chrono::milliseconds{kPatience} : std::chrono::milliseconds{10};
        Standstill still(
            process, [](int) { return false; }, patience);
        in_stopping_thread([&] {
            still.seize();
            still.stop();
            ASSERT_EQ(still.tasks().size(), 1U);
            EXPECT_EQ(still.missed(), missed);
            still.release();
        });
    }
}

TEST(Standstill, StopsNobodyWhoSleeps)
{
    const Sleeper sleeper;
    const Process process(sleeper.pid());
    Standstill still(
        process, [&](int tid) { return sleeps(process, tid); }, kPatience);
    in_stopping_thread([&] {
        still.seize();
        still.stop();
        EXPECT_TRUE(still.holds());
        EXPECT_TRUE(still.tasks().empty());
        still.release();
    });
}

// It awakes between being observed and the stop, and makes a thread that nobody has seen.
TEST(Standstill, StopsWhoHasAwokenAndWhatItMade)
{
    Sleeper sleeper;
    const Process process(sleeper.pid());
    Standstill still(
        process, [&](int tid) { return sleeps(process, tid); }, kPatience);
    in_stopping_thread([&] {
        still.seize();
        sleeper.make_thread();
        still.stop();
        EXPECT_FALSE(still.holds());
        still.stop();
        EXPECT_TRUE(still.holds());
        ASSERT_EQ(still.tasks().size(), 2U);
        for (const StoppedLwp& task : still.tasks()) {
            EXPECT_EQ(task.result(), StopResult::kStopped);
        }
        still.release();
    });
    sleeper.make_thread();  // it goes on
    EXPECT_EQ(process.tasks().size(), 3U);
}

TEST(Standstill, StopsAllWhenNobodyIsWatched)
{
    const Sleeper sleeper;
    const Process process(sleeper.pid());
    Standstill still(
        process, [&](int tid) { return sleeps(process, tid); }, kPatience);
    in_stopping_thread([&] {
        still.seize();
        still.watch_nobody();
        still.stop();
        EXPECT_TRUE(still.holds());
        ASSERT_EQ(still.tasks().size(), 1U);
        EXPECT_EQ(still.tasks().front().result(), StopResult::kStopped);
        still.release();
    });
}

}  // namespace
}  // namespace lwpi
