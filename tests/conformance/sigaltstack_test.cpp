// sigaltstack(2), and faults: signals that belong to what a thread does.
#include <thread.h>

#include <setjmp.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <vector>

#include "conformance/fixture.h"
#include "conformance/signal_sets.h"

namespace conformance {
namespace {

constexpr std::size_t kStackSize = 64 * 1024;

struct Seen {
    std::atomic<thread_t> thread{0};
    std::atomic<std::uintptr_t> stack{0};
    std::atomic<void*> address{nullptr};
};
Seen seen;
thread_local sigjmp_buf resume_here;

void note_place()
{
    int here = 0;
    seen.thread.store(thr_self());
    seen.stack.store(reinterpret_cast<std::uintptr_t>(&here));
}

void leave_fault(int /*number*/, siginfo_t* info, void* /*context*/)
{
    note_place();
    seen.address.store(info->si_addr);
    siglongjmp(resume_here, 1);
}

void note_signal(int /*number*/, siginfo_t* /*info*/, void* /*context*/)
{
    note_place();
}

class Sigaltstack : public ThreadTest {
  protected:
    void SetUp() override
    {
        seen.thread.store(0);
        seen.stack.store(0);
        for (std::size_t i = 0; i < std::size(numbers); ++i) {
            sigaction(numbers[i], nullptr, &before_[i]);
        }
    }

    void TearDown() override
    {
        for (std::size_t i = 0; i < std::size(numbers); ++i) {
            sigaction(numbers[i], &before_[i], nullptr);
        }
        ThreadTest::TearDown();
    }

    static void catch_signal(int number, void (*handler)(int, siginfo_t*, void*), int flags)
    {
        struct sigaction action {};
        action.sa_sigaction = handler;
        action.sa_flags = SA_SIGINFO | flags;
        sigemptyset(&action.sa_mask);
        ASSERT_EQ(sigaction(number, &action, nullptr), 0);
    }

  private:
    static constexpr int numbers[] = {SIGSEGV, SIGFPE, SIGUSR1};
    struct sigaction before_[3]{};
};
INSTANTIATE_TEST_SUITE_P(Threads, Sigaltstack, bindings(), binding_name);

struct AlternateStack {
    AlternateStack() : memory{new char[kStackSize]}
    {
        stack_t stack{};
        stack.ss_sp = memory.get();
        stack.ss_size = kStackSize;
        EXPECT_EQ(sigaltstack(&stack, nullptr), 0);
    }
    ~AlternateStack()
    {
        stack_t none{};
        none.ss_flags = SS_DISABLE;
        EXPECT_EQ(sigaltstack(&none, nullptr), 0);
    }
    AlternateStack(const AlternateStack&) = delete;
    AlternateStack& operator=(const AlternateStack&) = delete;

    [[nodiscard]] bool holds(std::uintptr_t address) const
    {
        const auto low = reinterpret_cast<std::uintptr_t>(memory.get());
        return address >= low && address < low + kStackSize;
    }

    std::unique_ptr<char[]> memory;
};

volatile int* const no_address = nullptr;

// SIG-22: a fault is handled by the thread that made it.
// SIG-33: siglongjmp leaves the handler, and the thread goes on with the mask it had.
TEST_P(Sigaltstack, S22FaultsBelongToTheirThread)
{
    catch_signal(SIGSEGV, leave_fault, 0);
    for (int i = 0; i < 3; ++i) {
        const thread_t id = start([] {
            for (int again = 0; again < 3; ++again) {
                if (sigsetjmp(resume_here, 1) == 0) {
                    *no_address = 1;
                    ADD_FAILURE() << "no fault";
                }
                sigset_t mask;
                thr_sigsetmask(SIG_BLOCK, nullptr, &mask);
                EXPECT_EQ(sigismember(&mask, SIGSEGV), 0);
                thr_yield();
            }
        });
        join(id);
        EXPECT_EQ(seen.thread.load(), id);
    }
}

int fault_while_blocked()
{
    thread_t id = 0;
    thr_create(
        nullptr, 0,
        [](void*) -> void* {
            const sigset_t set = signal_set({SIGSEGV});
            thr_sigsetmask(SIG_BLOCK, &set, nullptr);
            struct sigaction action {};
            action.sa_handler = [](int) { _exit(3); };
            sigaction(SIGSEGV, &action, nullptr);
            *no_address = 1;
            return nullptr;
        },
        nullptr, child::argument(), &id);
    thr_join(id, nullptr, nullptr);
    return 0;
}

const child::Program faults_while_blocked{"faults_while_blocked", fault_while_blocked};

// SIG-23: a fault that its thread blocks ends the process, handler or not.
TEST_P(Sigaltstack, S23BlockedFaultEndsTheProcess)
{
    const child::Outcome outcome = child::run(faults_while_blocked, {.argument = binding()});
    EXPECT_EQ(outcome.signal, SIGSEGV) << outcome.describe();
}

// SIG-25: a handler that asks for it runs on the alternate stack of its thread, wherever that runs.
TEST_P(Sigaltstack, S25HandlerRunsOnTheStackOfItsThread)
{
    catch_signal(SIGUSR1, note_signal, SA_ONSTACK);
    constexpr int kThreads = 3;
    latch::Latch all_set{kThreads};
    std::vector<thread_t> ids;
    std::atomic<int> turn{0};
    for (int i = 0; i < kThreads; ++i) {
        ids.push_back(start([&, i] {
            const AlternateStack own;
            EXPECT_TRUE(all_set.arrive_and_wait());
            thr_yield();
            EXPECT_TRUE(bounded::until([&] { return turn.load() == i; }));
            stack_t now{};
            EXPECT_EQ(sigaltstack(nullptr, &now), 0);
            EXPECT_EQ(now.ss_sp, own.memory.get());
            EXPECT_EQ(thr_kill(thr_self(), SIGUSR1), 0);
            EXPECT_TRUE(bounded::until([&] { return seen.thread.load() == thr_self(); }));
            EXPECT_TRUE(own.holds(seen.stack.load()));
            EXPECT_EQ(kill(getpid(), 0), 0);
            turn.store(i + 1);
        }));
    }
    for (const thread_t id : ids) {
        join(id);
    }
}

// SIG-25: a thread without one gets the signal on its own stack, even on an LWP that ran another.
TEST_P(Sigaltstack, S25OthersKeepTheirOwnStack)
{
    catch_signal(SIGUSR1, note_signal, SA_ONSTACK);
    latch::Gate done;
    latch::Gate has_one;
    const AlternateStack* other = nullptr;
    const thread_t with = start([&] {
        const AlternateStack own;
        other = &own;
        has_one.open();
        done.wait();
    });
    ASSERT_TRUE(has_one.wait());
    const thread_t without = start([&] {
        EXPECT_EQ(thr_kill(thr_self(), SIGUSR1), 0);
        EXPECT_TRUE(bounded::until([&] { return seen.thread.load() == thr_self(); }));
        EXPECT_FALSE(other->holds(seen.stack.load()));
    });
    join(without);
    done.open();
    join(with);
}

int use_up_stack(volatile char* above, int depth)
{
    volatile char frame[512];
    frame[0] = *above;
    return depth > 1'000'000 ? 0 : use_up_stack(frame, depth + 1) + frame[0];
}

// SIG-22: an overflow of the stack is a fault of its thread, seen on the alternate stack.
// SIG-25: there.
TEST_P(Sigaltstack, S22StackOverflowIsReportedToItsThread)
{
    catch_signal(SIGSEGV, leave_fault, SA_ONSTACK);
    constexpr int kRounds = 5;
    for (int round = 0; round < kRounds; ++round) {
        std::atomic<bool> on_stack{false};
        const thread_t id = start([&] {
            const AlternateStack own;
            volatile char bottom = 0;
            if (sigsetjmp(resume_here, 1) == 0) {
                use_up_stack(&bottom, 0);
                ADD_FAILURE() << "no overflow";
            }
            on_stack.store(own.holds(seen.stack.load()));
        });
        join(id);
        EXPECT_EQ(seen.thread.load(), id);
        EXPECT_TRUE(on_stack.load());
    }
}

}  // namespace
}  // namespace conformance
