// ppoll(2), pselect(2), epoll_pwait(2) with a signal mask: it is the thread's for the time of the
// wait, wherever signals come from, and no signal that it opens can be missed.
#include <thread.h>

#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/select.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <memory>
#include <vector>

#include "support/bounded.h"
#include "unit/io/crew.h"

namespace {

using io_test::Crew;

thread_local int handled = 0;
std::atomic<thread_t> handled_by{0};

void note(int)
{
    ++handled;
    handled_by = thr_self();
}

sigset_t set_of(int signal)
{
    sigset_t set;
    sigemptyset(&set);
    if (signal != 0) {
        sigaddset(&set, signal);
    }
    return set;
}

// What a call waits for: nothing that comes, on one descriptor or on too many to arm each.
class Quiet {
  public:
    explicit Quiet(int count) : files_(static_cast<std::size_t>(count), pollfd{-1, POLLIN, 0})
    {
        epoll_event event{};
        event.events = EPOLLIN;
        for (pollfd& file : files_) {
            file.fd = eventfd(0, EFD_CLOEXEC);
            event.data.fd = file.fd;
            epoll_ctl(epoll_, EPOLL_CTL_ADD, file.fd, &event);
        }
    }
    ~Quiet()
    {
        for (const pollfd& file : files_) {
            close(file.fd);
        }
        close(epoll_);
    }
    Quiet(const Quiet&) = delete;
    Quiet& operator=(const Quiet&) = delete;

    void make_ready() const
    {
        const std::uint64_t one = 1;
        EXPECT_EQ(write(files_.back().fd, &one, sizeof one), 8);
    }
    std::vector<pollfd>& files() { return files_; }
    [[nodiscard]] int epoll() const { return epoll_; }

  private:
    std::vector<pollfd> files_;
    int epoll_ = epoll_create1(EPOLL_CLOEXEC);
};

using Wait = int (*)(Quiet&, const timespec*, const sigset_t*);

int by_ppoll(Quiet& quiet, const timespec* time, const sigset_t* mask)
{
    return ppoll(quiet.files().data(), quiet.files().size(), time, mask);
}

int by_pselect(Quiet& quiet, const timespec* time, const sigset_t* mask)
{
    fd_set readable;
    FD_ZERO(&readable);
    for (const pollfd& file : quiet.files()) {
        FD_SET(file.fd, &readable);
    }
    return pselect(quiet.files().back().fd + 1, &readable, nullptr, nullptr, time, mask);
}

int by_epoll_pwait(Quiet& quiet, const timespec* time, const sigset_t* mask)
{
    epoll_event event{};
    const auto ms = [](const timespec& one) { return one.tv_sec * 1000 + one.tv_nsec / 1'000'000; };
    return epoll_pwait(quiet.epoll(), &event, 1, time != nullptr ? static_cast<int>(ms(*time)) : -1,
                       mask);
}

int by_epoll_pwait2(Quiet& quiet, const timespec* time, const sigset_t* mask)
{
    epoll_event event{};
    return epoll_pwait2(quiet.epoll(), &event, 1, time, mask);
}

struct Case {
    const char* name;
    Wait wait;
    int descriptors;
};

class MaskedWait : public testing::TestWithParam<Case> {
  protected:
    void SetUp() override
    {
        struct sigaction action {};
        action.sa_handler = note;
        action.sa_flags = SA_RESTART;
        sigemptyset(&action.sa_mask);
        sigaction(SIGUSR1, &action, nullptr);
        sigset_t blocked = set_of(SIGUSR1);
        thr_sigsetmask(SIG_BLOCK, &blocked, nullptr);
    }

    // Runs the body in an unbound and in a bound thread, which block SIGUSR1.
    template <class Body>
    void in_threads(Body body)
    {
        for (const long flags : {0L, static_cast<long>(THR_BOUND)}) {
            Crew crew{flags};
            crew.start([&] {
                Quiet quiet{GetParam().descriptors};
                handled = 0;
                body(quiet);
                sigset_t now;
                thr_sigsetmask(SIG_SETMASK, nullptr, &now);
                EXPECT_EQ(sigismember(&now, SIGUSR1), 1);
                EXPECT_EQ(sigismember(&now, SIGUSR2), 0);
            });
        }
    }

    static void expect_interrupted(Quiet& quiet, const timespec* time)
    {
        const sigset_t open = set_of(0);
        errno = 0;
        EXPECT_EQ(GetParam().wait(quiet, time, &open), -1);
        EXPECT_EQ(errno, EINTR);
        EXPECT_EQ(handled, 1);
    }
};

INSTANTIATE_TEST_SUITE_P(
    Calls, MaskedWait,
    testing::Values(Case{"Ppoll", by_ppoll, 1}, Case{"PpollOfMany", by_ppoll, 50},
                    Case{"Pselect", by_pselect, 1}, Case{"PselectOfMany", by_pselect, 50},
                    Case{"EpollPwait", by_epoll_pwait, 1}, Case{"EpollPwait2", by_epoll_pwait2, 1}),
    [](const auto& one) { return one.param.name; });

constexpr timespec kLong{20, 0};
constexpr timespec kNone{0, 0};

TEST_P(MaskedWait, IsEndedByAPendingSignalThatTheMaskOpens)
{
    // The kernel's epoll_pwait looks at signals only if it may wait.
    const bool is_epoll = GetParam().name[0] == 'E';
    for (const timespec* time : {&kLong, is_epoll ? &kLong : &kNone}) {
        in_threads([time](Quiet& quiet) {
            EXPECT_EQ(thr_kill(thr_self(), SIGUSR1), 0);
            EXPECT_EQ(handled, 0);
            expect_interrupted(quiet, time);
        });
    }
}

TEST_P(MaskedWait, IsEndedByASignalForTheProcessThatOnlyTheMaskOpens)
{
    in_threads([](Quiet& quiet) {
        EXPECT_EQ(kill(getpid(), SIGUSR1), 0);
        expect_interrupted(quiet, &kLong);
        EXPECT_EQ(handled_by, thr_self());
    });
}

TEST_P(MaskedWait, MissesNoSignalThatComesWhenItBegins)
{
    constexpr int kRounds = 15;
    in_threads([](Quiet& quiet) {
        std::atomic<int> round{0};
        const thread_t waiter = thr_self();
        Crew crew;
        crew.start([&] {
            for (int i = 1; i <= kRounds; ++i) {
                EXPECT_TRUE(bounded::until([&] { return round >= i; }));
                const hrtime_t end = gethrtime() + i * 37 % 50 * 1000;
                while (gethrtime() < end) {}
                EXPECT_EQ(thr_kill(waiter, SIGUSR1), 0);
            }
        });
        for (int i = 1; i <= kRounds; ++i) {
            handled = 0;
            round = i;
            expect_interrupted(quiet, &kLong);
        }
    });
}

TEST_P(MaskedWait, LeavesSignalsThatTheMaskClosesUntilItReturns)
{
    in_threads([](Quiet& quiet) {
        struct sigaction action {};
        action.sa_handler = note;
        sigaction(SIGUSR2, &action, nullptr);
        const sigset_t closed = set_of(SIGUSR2);
        const thread_t waiter = thr_self();
        Crew crew;
        crew.start([&] {
            EXPECT_EQ(thr_kill(waiter, SIGUSR2), 0);
            quiet.make_ready();
        });
        EXPECT_EQ(GetParam().wait(quiet, &kLong, &closed), 1);
        EXPECT_TRUE(bounded::until([] { return handled == 1; }));
    });
}

thread_local Quiet* waits_in_handler = nullptr;
thread_local int result_in_handler = 0;
Wait wait_in_handler = nullptr;

void wait_there(int)
{
    const sigset_t open = set_of(0);
    EXPECT_EQ(thr_kill(thr_self(), SIGUSR1), 0);
    result_in_handler = wait_in_handler(*waits_in_handler, &kLong, &open);
}

// On the alternate stack a thread keeps its LWP.
TEST_P(MaskedWait, WorksOnTheAlternateStack)
{
    in_threads([](Quiet& quiet) {
        constexpr std::size_t kSize = 64 * 1024;
        const std::unique_ptr<char[]> memory{new char[kSize]};
        stack_t stack{};
        stack.ss_sp = memory.get();
        stack.ss_size = kSize;
        EXPECT_EQ(sigaltstack(&stack, nullptr), 0);
        struct sigaction action {};
        action.sa_handler = wait_there;
        action.sa_flags = SA_ONSTACK;
        sigaction(SIGUSR2, &action, nullptr);
        waits_in_handler = &quiet;
        wait_in_handler = GetParam().wait;
        EXPECT_EQ(thr_kill(thr_self(), SIGUSR2), 0);
        EXPECT_TRUE(bounded::until([] { return result_in_handler == -1; }));
        EXPECT_EQ(handled, 1);
        stack.ss_flags = SS_DISABLE;
        EXPECT_EQ(sigaltstack(&stack, nullptr), 0);
    });
}

}  // namespace
