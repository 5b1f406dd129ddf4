// Process-shared waits end for what comes at the very last moment: when a thread has looked and
// stands at the system call that would let it sleep. It is led there from outside, by tracing.
#include <synch.h>
#include <thread.h>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <tuple>

#include "support/bounded.h"

namespace {

enum class Wait { kSema, kTimedSema, kCond };
enum class End { kSignal, kCancellation };

// Steps a task of a child, another process, to its next futex(2).
class Stepper {
  public:
    explicit Stepper(pid_t task) : task_{task} { ptrace(PTRACE_SEIZE, task_, nullptr, nullptr); }
    Stepper(const Stepper&) = delete;
    Stepper& operator=(const Stepper&) = delete;
    ~Stepper() { ptrace(PTRACE_DETACH, task_, nullptr, nullptr); }

    [[nodiscard]] bool stop() const
    {
        return ptrace(PTRACE_INTERRUPT, task_, nullptr, nullptr) == 0 && has_stopped();
    }

    [[nodiscard]] bool reach_futex() const
    {
        constexpr int kMostSteps = 100'000;
        for (int i = 0; i < kMostSteps; ++i) {
            if (ptrace(PTRACE_SINGLESTEP, task_, nullptr, nullptr) != 0 || !has_stopped()) {
                return false;
            }
            user_regs_struct registers{};
            ptrace(PTRACE_GETREGS, task_, nullptr, &registers);
            constexpr long kSyscall = 0x050f;
            const long code = ptrace(PTRACE_PEEKTEXT, task_, registers.rip, nullptr);
            if (registers.rax == SYS_futex && (code & 0xffff) == kSyscall) {
                return true;
            }
        }
        return false;
    }

  private:
    [[nodiscard]] bool has_stopped() const
    {
        int status = 0;
        return waitpid(task_, &status, __WALL) == task_ && WIFSTOPPED(status);
    }

    pid_t task_;
};

// The two threads of the child. What it tells and is told goes through pipes, by system calls made
// directly: the thread that is stepped keeps its LWP.
class Child {
  public:
    Child(Wait wait, End end, long flags) : wait_{wait}, end_{end}, flags_{flags} {}

    // Says which task the waiter is; waits to be told to begin, and then to end the wait.
    [[noreturn]] void run()
    {
        struct sigaction action {};
        action.sa_handler = [](int) {};
        action.sa_flags = SA_RESTART;
        sigaction(SIGUSR1, &action, nullptr);
        sema_init(&sema_, 0, USYNC_PROCESS, nullptr);
        mutex_init(&mutex_, USYNC_PROCESS, nullptr);
        cond_init(&cond_, USYNC_PROCESS, nullptr);
        thread_t waiter = 0;
        thr_create(nullptr, 0, begin, this, flags_, &waiter);
        take(interrupt_);
        if (end_ == End::kSignal) {
            thr_kill(waiter, SIGUSR1);
        } else {
            pthread_cancel(handle_);
        }
        give(interrupted_);
        thr_join(waiter, nullptr, nullptr);
        _exit(result_ == (end_ == End::kSignal ? EINTR : kUnwound) ? 0 : 1);
    }

    void let_begin() { give(begin_); }
    void interrupt()
    {
        give(interrupt_);
        take(interrupted_);
    }
    pid_t task()
    {
        pid_t task = 0;
        syscall(SYS_read, task_[0], &task, sizeof(task));
        return task;
    }

  private:
    using Pipe = std::array<int, 2>;
    static constexpr int kUnwound = -1;  // the wait has not returned

    static Pipe make_pipe()
    {
        Pipe pipe{};
        EXPECT_EQ(pipe2(pipe.data(), O_CLOEXEC), 0);
        return pipe;
    }
    static void give(const Pipe& pipe) { syscall(SYS_write, pipe[1], "x", 1); }
    static void take(const Pipe& pipe)
    {
        char byte = 0;
        while (syscall(SYS_read, pipe[0], &byte, 1) < 0 && errno == EINTR) {}
    }

    static void* begin(void* self)
    {
        static_cast<Child*>(self)->wait();
        return nullptr;
    }

    void wait()
    {
        handle_ = pthread_self();
        const auto task = static_cast<pid_t>(syscall(SYS_gettid));
        syscall(SYS_write, task_[1], &task, sizeof(task));
        take(begin_);
        timestruc_t hour{3600, 0};
        int error = 0;
        switch (wait_) {
            case Wait::kSema:
                error = sema_wait(&sema_);
                break;
            case Wait::kTimedSema:
                error = sema_reltimedwait(&sema_, &hour);
                break;
            case Wait::kCond:
                mutex_lock(&mutex_);
                error = cond_wait(&cond_, &mutex_);
                mutex_unlock(&mutex_);
                break;
        }
        result_ = error;
    }

    Wait wait_;
    End end_;
    long flags_;
    sema_t sema_{};
    mutex_t mutex_{};
    cond_t cond_{};
    std::atomic<pthread_t> handle_{};
    std::atomic<int> result_{kUnwound};
    Pipe task_ = make_pipe();
    Pipe begin_ = make_pipe();
    Pipe interrupt_ = make_pipe();
    Pipe interrupted_ = make_pipe();
};

class SharedInterruption : public testing::TestWithParam<std::tuple<Wait, End, long>> {};

TEST_P(SharedInterruption, AtTheLastMomentEndsTheWait)
{
    const auto [wait, end, flags] = GetParam();
    Child child{wait, end, flags};
    const pid_t process = fork();
    ASSERT_GE(process, 0);
    if (process == 0) {
        child.run();
    }
    {
        const Stepper stepper{child.task()};
        const bool stopped = stepper.stop();
        child.let_begin();
        const bool reached = stopped && stepper.reach_futex();
        EXPECT_TRUE(reached);
        child.interrupt();
    }
    int status = -1;
    const bool ended =
        bounded::until([&] { return waitpid(process, &status, WNOHANG) == process; });
    EXPECT_TRUE(ended && status == 0) << "ended: " << ended << ", status " << status;
    if (!ended) {
        kill(process, SIGKILL);
        waitpid(process, &status, 0);
    }
}

INSTANTIATE_TEST_SUITE_P(, SharedInterruption,
                         testing::Combine(testing::Values(Wait::kSema, Wait::kTimedSema,
                                                          Wait::kCond),
                                          testing::Values(End::kSignal, End::kCancellation),
                                          testing::Values(0L, long{THR_BOUND})));

}  // namespace
