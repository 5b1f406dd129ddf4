// _lwp_create(2), _lwp_wait(2), _lwp_suspend(2), _lwp_kill(2), _lwp_info(2), _lwp_setprivate(2).
#include <thread.h>

#include <signal.h>
#include <sys/lwp.h>

#include <cerrno>
#include <memory>
#include <vector>

#include "conformance/suspend_support.h"

namespace conformance {
namespace {

// An LWP that calls a function on a stack of its own.
class TestLwp {
  public:
    TestLwp(void (*start)(void*), void* argument, uint_t flags = 0, void* word = nullptr)
        : stack_(kStack)
    {
        ucontext_t context;
        sigemptyset(&context.uc_sigmask);
        _lwp_makecontext(&context, start, argument, word, stack_.data(), stack_.size());
        EXPECT_EQ(_lwp_create(&context, flags, &id_), 0);
    }

    [[nodiscard]] lwpid_t id() const { return id_; }

    [[nodiscard]] bool is_alive() const { return _lwp_kill(id_, 0) == 0; }

    void wait() const
    {
        lwpid_t departed = 0;
        EXPECT_EQ(_lwp_wait(id_, &departed), 0);
        EXPECT_EQ(departed, id_);
    }

    // For a detached one, which nobody waits for: its stack must outlive it.
    void await_end() const
    {
        EXPECT_TRUE(bounded::until([this] { return !is_alive(); }));
    }

  private:
    static constexpr std::size_t kStack = 64 * 1024;
    std::vector<char> stack_;
    lwpid_t id_ = 0;
};

class LwpCreate : public ThreadTest {};

INSTANTIATE_TEST_SUITE_P(Threads, LwpCreate, bindings(), binding_name);

void raise_flag(void* flag)
{
    static_cast<std::atomic<bool>*>(flag)->store(true);
}

void wait_for_flag(void* flag)
{
    const auto& is_set = *static_cast<std::atomic<bool>*>(flag);
    EXPECT_TRUE(bounded::until([&] { return is_set.load(); }));
}

// LWP-01: _lwp_self does not change during a bound thread's life.
// LWP-02: it is the thread's id.
TEST_P(LwpCreate, S01HasAStableId)
{
    const thread_t id = start([] {
        const lwpid_t own = _lwp_self();
        EXPECT_EQ(own, thr_self());
        for (int i = 0; i < 100; ++i) {
            thr_yield();
            EXPECT_EQ(_lwp_self(), own);
        }
    });
    join(id);
}

struct SeenByLwp {
    std::atomic<void*> argument{nullptr};
    std::atomic<void*> word{nullptr};
    std::atomic<lwpid_t> id{0};
};

// LWP-03: the function runs with the argument and the private word, on the stack given;
// LWP-04: and the LWP ends when it returns.
TEST_P(LwpCreate, S03RunsTheFunctionGiven)
{
    static SeenByLwp seen;
    seen.id = 0;
    const TestLwp lwp{[](void* argument) {
                          seen.argument = argument;
                          seen.word = _lwp_getprivate();
                          seen.id = _lwp_self();
                      },
                      as_pointer(17), 0, as_pointer(18)};
    lwp.wait();
    EXPECT_EQ(seen.argument.load(), as_pointer(17));
    EXPECT_EQ(seen.word.load(), as_pointer(18));
    EXPECT_EQ(seen.id.load(), lwp.id());
}

// LWP-04: _lwp_exit ends it too.
TEST_P(LwpCreate, S04EndsByLwpExit)
{
    std::atomic<bool> runs{false};
    const TestLwp lwp{[](void* flag) {
                          raise_flag(flag);
                          _lwp_exit();
                      },
                      &runs};
    lwp.wait();
    EXPECT_TRUE(runs.load());
}

// LWP-03: the LWP has the context's signal mask.
TEST_P(LwpCreate, S03TakesTheMaskOfTheContext)
{
    static std::atomic<bool> right;
    right = false;
    std::vector<char> stack(64 * 1024);
    ucontext_t context;
    sigemptyset(&context.uc_sigmask);
    sigaddset(&context.uc_sigmask, SIGUSR2);
    _lwp_makecontext(
        &context,
        [](void*) {
            sigset_t mask;
            thr_sigsetmask(SIG_BLOCK, nullptr, &mask);
            right = sigismember(&mask, SIGUSR2) == 1 && sigismember(&mask, SIGUSR1) == 0;
        },
        nullptr, nullptr, stack.data(), stack.size());
    lwpid_t id = 0;
    EXPECT_EQ(_lwp_create(&context, 0, &id), 0);
    EXPECT_EQ(_lwp_wait(id, nullptr), 0);
    EXPECT_TRUE(right.load());
}

// LWP-05: with LWP_SUSPENDED it runs only after _lwp_continue.
TEST_P(LwpCreate, S05StartsSuspended)
{
    std::atomic<bool> runs{false};
    const TestLwp lwp{raise_flag, &runs, LWP_SUSPENDED};
    EXPECT_TRUE(bounded::holds_for(kStandstill, [&] { return !runs.load(); }));
    EXPECT_EQ(_lwp_continue(lwp.id()), 0);
    lwp.wait();
    EXPECT_TRUE(runs.load());
}

// LWP-06: undefined flags are refused.
TEST_P(LwpCreate, S06RefusesUndefinedFlags)
{
    ucontext_t context;
    sigemptyset(&context.uc_sigmask);
    std::vector<char> stack(64 * 1024);
    _lwp_makecontext(&context, raise_flag, nullptr, nullptr, stack.data(), stack.size());
    lwpid_t id = 0;
    EXPECT_EQ(_lwp_create(&context, 0x1, &id), EINVAL);
    EXPECT_EQ(_lwp_create(&context, LWP_DETACHED | 0x4000, &id), EINVAL);
}

// LWP-07: nobody waits for a detached LWP.
TEST_P(LwpCreate, S07DoesNotWaitForADetachedOne)
{
    std::atomic<bool> may_end{false};
    const TestLwp lwp{wait_for_flag, &may_end, LWP_DETACHED};
    EXPECT_EQ(_lwp_wait(lwp.id(), nullptr), ESRCH);
    may_end.store(true);
    lwp.await_end();

    may_end.store(false);
    const TestLwp other{wait_for_flag, &may_end};
    EXPECT_EQ(_lwp_detach(other.id()), 0);
    EXPECT_EQ(_lwp_detach(other.id()), EINVAL);
    EXPECT_EQ(_lwp_wait(other.id(), nullptr), ESRCH);
    EXPECT_EQ(_lwp_detach(kNeverIssued), ESRCH);
    may_end.store(true);
    other.await_end();
}

// LWP-08: an LWP cannot wait for itself.
TEST_P(LwpCreate, S08DoesNotWaitForItself)
{
    EXPECT_EQ(_lwp_wait(_lwp_self(), nullptr), EDEADLK);
}

// LWP-09: _lwp_wait of 0 takes any that has ended.
TEST_P(LwpCreate, S09WaitsForAny)
{
    std::atomic<bool> ran{false};
    const TestLwp lwp{raise_flag, &ran};
    lwpid_t departed = 0;
    EXPECT_EQ(_lwp_wait(0, &departed), 0);
    EXPECT_EQ(departed, lwp.id());
    EXPECT_TRUE(ran.load());
}

// LWP-10: unknown ids give ESRCH.
// LWP-13: so they do with _lwp_suspend and _lwp_continue.
TEST_P(LwpCreate, S10KnowsNoSuchLwp)
{
    EXPECT_EQ(_lwp_wait(kNeverIssued, nullptr), ESRCH);
    EXPECT_EQ(_lwp_suspend(kNeverIssued), ESRCH);
    EXPECT_EQ(_lwp_continue(kNeverIssued), ESRCH);
}

// LWP-11: a handler ends _lwp_wait, for one LWP and for any.
TEST_P(LwpCreate, S11IsInterruptedByAHandler)
{
    const CountingHandler handler{SIGUSR1};
    std::atomic<bool> may_end{false};
    const TestLwp lwp{wait_for_flag, &may_end};
    for (const lwpid_t whom : {lwp.id(), lwpid_t{0}}) {
        std::atomic<int> result{-1};
        const thread_t waiter = start([&] { result.store(_lwp_wait(whom, nullptr)); });
        EXPECT_TRUE(bounded::until([=] { return platform::is_blocked(waiter); }));
        EXPECT_EQ(thr_kill(waiter, SIGUSR1), 0);
        join(waiter);
        EXPECT_EQ(result.load(), EINTR);
    }
    may_end.store(true);
    lwp.wait();
}

// LWP-12: _lwp_kill finds bad numbers and unknown ids, and delivers.
TEST_P(LwpCreate, S12SendsASignal)
{
    const CountingHandler handler{SIGUSR1};
    EXPECT_EQ(_lwp_kill(_lwp_self(), -1), EINVAL);
    EXPECT_EQ(_lwp_kill(_lwp_self(), 1000), EINVAL);
    EXPECT_EQ(_lwp_kill(kNeverIssued, SIGUSR1), ESRCH);
    std::atomic<bool> may_end{false};
    const TestLwp lwp{wait_for_flag, &may_end};
    EXPECT_EQ(_lwp_kill(lwp.id(), SIGUSR1), 0);
    EXPECT_TRUE(CountingHandler::waits_for(1));
    EXPECT_EQ(CountingHandler::runner(), lwp.id());
    may_end.store(true);
    lwp.wait();
}

// LWP-14: suspensions are not counted.
TEST_P(LwpCreate, S14IsContinuedByOneCall)
{
    Counter counter;
    const TestLwp lwp{[](void* given) { static_cast<Counter*>(given)->compute(); }, &counter};
    EXPECT_TRUE(counter.moves());
    EXPECT_EQ(_lwp_suspend(lwp.id()), 0);
    EXPECT_EQ(_lwp_suspend(lwp.id()), 0);
    EXPECT_TRUE(counter.stands_still());
    EXPECT_EQ(_lwp_continue(lwp.id()), 0);
    EXPECT_TRUE(counter.moves());
    counter.ends.store(true);
    lwp.wait();
}

// LWP-15: the private word is each LWP's own.
TEST_P(LwpCreate, S15KeepsAWordForEach)
{
    _lwp_setprivate(as_pointer(1));
    const thread_t id = start([] {
        EXPECT_EQ(_lwp_getprivate(), nullptr);
        _lwp_setprivate(as_pointer(2));
        thr_yield();
        EXPECT_EQ(_lwp_getprivate(), as_pointer(2));
    });
    join(id);
    EXPECT_EQ(_lwp_getprivate(), as_pointer(1));
    _lwp_setprivate(nullptr);
}

// LWP-16: the time used does not go back, and goes on.
TEST_P(LwpCreate, S16ReportsTheTimeUsed)
{
    const thread_t id = start([] {
        const auto used = [] {
            lwpinfo info{};
            EXPECT_EQ(_lwp_info(&info), 0);
            return (info.lwp_utime.tv_sec + info.lwp_stime.tv_sec) * kNanosecondsPerSecond +
                   info.lwp_utime.tv_nsec + info.lwp_stime.tv_nsec;
        };
        const auto first = used();
        auto last = first;
        EXPECT_TRUE(bounded::until([&] {
            std::atomic<int> spins{0};
            while (spins.fetch_add(1) < 10'000) {}
            const auto now = used();
            EXPECT_GE(now, last);
            last = now;
            return last > first;
        }));
    });
    join(id);
    EXPECT_EQ(_lwp_info(nullptr), EFAULT);
}

// LWP-27: thr_join of any reports such an LWP, with a null status.
TEST_P(LwpCreate, S27IsJoinedLikeAThread)
{
    std::atomic<bool> ran{false};
    const TestLwp lwp{raise_flag, &ran};
    thread_t departed = 0;
    void* status = &ran;
    EXPECT_EQ(thr_join(0, &departed, &status), 0);
    EXPECT_EQ(departed, lwp.id());
    EXPECT_EQ(status, nullptr);
}

const child::Program last_lwp{"last_lwp_ends_the_process", [] {
                                  static std::vector<char> stack(64 * 1024);
                                  static std::vector<char> daemon_stack(64 * 1024);
                                  ucontext_t context;
                                  sigemptyset(&context.uc_sigmask);
                                  _lwp_makecontext(
                                      &context,
                                      [](void*) {
                                          for (;;) {
                                              thr_yield();
                                          }
                                      },
                                      nullptr, nullptr, daemon_stack.data(), daemon_stack.size());
                                  if (_lwp_create(&context, LWP_DAEMON, nullptr) != 0) {
                                      return 10;
                                  }
                                  _lwp_makecontext(
                                      &context, [](void*) { _lwp_exit(); }, nullptr, nullptr,
                                      stack.data(), stack.size());
                                  if (_lwp_create(&context, LWP_DETACHED, nullptr) != 0) {
                                      return 11;
                                  }
                                  _lwp_exit();
                                  return 12;
                              }};

// LWP-26: the end of the last LWP that is no daemon ends the process with 0.
TEST_P(LwpCreate, S26EndsTheProcessWithTheLast)
{
    const child::Outcome outcome = child::run(last_lwp);
    EXPECT_TRUE(outcome.exited) << outcome.describe();
    EXPECT_EQ(outcome.exit_status, 0) << outcome.describe();
}

}  // namespace
}  // namespace conformance
