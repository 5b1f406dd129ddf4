#include "target/attach.h"

#include <elf.h>
#include <pthread.h>
#include <sched.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include <cerrno>
#include <csignal>
#include <exception>
#include <thread>

namespace lwpi {
namespace {

using Clock = std::chrono::steady_clock;

// Waiting without sleeping catches the usual stop, which takes some 10 us. No longer: a task that
// is to stop may need this very processor for it, and we may be what keeps it.
constexpr auto kSpin = std::chrono::microseconds(30);
constexpr auto kNap = std::chrono::microseconds(20);

class BlockedSignals {
  public:
    BlockedSignals()
    {
        sigset_t blocked;
        sigemptyset(&blocked);
        for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGTTIN, SIGTTOU,
                                 SIGPIPE, SIGALRM, SIGWINCH}) {
            sigaddset(&blocked, signal);
        }
        pthread_sigmask(SIG_BLOCK, &blocked, &before_);
    }
    ~BlockedSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
    BlockedSignals(const BlockedSignals&) = delete;
    BlockedSignals& operator=(const BlockedSignals&) = delete;

  private:
    sigset_t before_{};
};

}  // namespace

StoppedLwp::StoppedLwp(int tid, std::chrono::milliseconds patience, Begin begin) : tid_(tid)
{
    if (::ptrace(PTRACE_SEIZE, tid, nullptr, nullptr) != 0) {
        result_ = errno == ESRCH ? StopResult::kGone : StopResult::kDenied;
        return;
    }
    attached_ = true;
    if (begin == Begin::kStopNow) {
        interrupt();
        wait(patience);
    }
}

void StoppedLwp::interrupt()
{
    since_ = Clock::now();
    interrupted_ = attached_ && ::ptrace(PTRACE_INTERRUPT, tid_, nullptr, nullptr) == 0;
}

void StoppedLwp::wait(std::chrono::milliseconds patience)
{
    if (!interrupted_) {
        return;
    }
    const auto start = Clock::now();
    for (;;) {
        const auto now = Clock::now();
        int status = 0;
        const pid_t who = ::waitpid(tid_, &status, __WALL | WNOHANG);
        if (who == tid_ && WIFSTOPPED(status)) {
            // A stop of ours and a group stop carry an event; any other is a signal on its way.
            signal_ = (status >> 16) == PTRACE_EVENT_STOP ? 0 : WSTOPSIG(status);
            result_ = StopResult::kStopped;
            return;
        }
        if (who == tid_ || (who < 0 && errno != EINTR)) {
            attached_ = false;
            result_ = StopResult::kGone;
            return;
        }
        since_ = now;
        const auto waited = now - start;
        if (waited > patience) {
            result_ = StopResult::kTimeout;
            return;
        }
        if (waited > kSpin) {
            std::this_thread::sleep_for(kNap);
        }
    }
}

StoppedLwp::~StoppedLwp()
{
    if (attached_) {
        // The signal goes where the kernel expects a pointer: the interface is that old.
        ::ptrace(PTRACE_DETACH, tid_, nullptr,
                 reinterpret_cast<void*>(static_cast<std::intptr_t>(signal_)));
    }
}

std::optional<user_regs_struct> StoppedLwp::registers() const
{
    user_regs_struct registers{};
    iovec into{&registers, sizeof registers};
    if (result_ != StopResult::kStopped ||
        // The register set's number goes where the kernel expects a pointer.
        ::ptrace(PTRACE_GETREGSET, tid_, reinterpret_cast<void*>(std::uintptr_t{NT_PRSTATUS}),
                 &into) != 0) {
        return std::nullopt;
    }
    return registers;
}

void be_quick()
{
    sched_param first{};
    first.sched_priority = 1;
    // Without the privilege everything works all the same.
    ::sched_setscheduler(0, SCHED_FIFO, &first);
}

void in_stopping_thread(const std::function<void()>& work)
{
    const BlockedSignals blocked;
    std::exception_ptr failure;
    std::thread stopper([&] {
        try {
            work();
        } catch (...) {
            failure = std::current_exception();
        }
    });
    stopper.join();
    if (failure) {
        std::rethrow_exception(failure);
    }
}

}  // namespace lwpi
