// Stacks overflow, by deep recursion and by big frames, in unbound and bound threads and in the
// initial one: each is reported as SIGSEGV to the thread whose stack it is, on its alternate stack,
// with an address at the stack's end, and the thread goes on.
// --count: overflows, 1,000 unless given.
#include <setjmp.h>
#include <signal.h>

#include <atomic>
#include <memory>

#include "stress.h"

namespace {

constexpr std::size_t kAlternate = 32 * 1024;
constexpr std::uintptr_t kGuard = 64 * 1024;
constexpr std::uintptr_t kSlack = 16 * 1024;

struct Own {
    thread_t id = 0;
    std::uintptr_t alternate = 0;
    std::uintptr_t stack_end = 0;
    std::uint64_t reports = 0;
    std::uint64_t wrong_threads = 0;
    std::uint64_t wrong_stacks = 0;
    std::uint64_t wrong_addresses = 0;
    sigjmp_buf resume;
};
thread_local Own own;

void report_overflow(int /*number*/, siginfo_t* info, void* /*context*/)
{
    const auto here = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
    const auto address = reinterpret_cast<std::uintptr_t>(info->si_addr);
    ++own.reports;
    own.wrong_threads += own.id != thr_self() ? 1U : 0U;
    own.wrong_stacks += here - own.alternate >= kAlternate ? 1U : 0U;
    const bool at_end = address >= own.stack_end - kGuard && address < own.stack_end + kSlack;
    own.wrong_addresses += at_end ? 0U : 1U;
    siglongjmp(own.resume, 1);
}

[[gnu::noinline]] int recurse(volatile char* above, int depth)
{
    volatile char frame[300];
    frame[0] = *above;
    frame[299] = static_cast<char>(depth);
    return depth > 100'000'000 ? 0 : recurse(frame, depth + 1) + frame[0];
}

// A frame bigger than a guard page, probed page by page as the compiler does it for such frames.
[[gnu::noinline]] int recurse_widely(volatile char* above, int depth)
{
    volatile char frame[40'000];
    frame[0] = *above;
    frame[39'999] = static_cast<char>(depth);
    return depth > 100'000'000 ? 0 : recurse_widely(frame, depth + 1) + frame[0];
}

void overflow(bool widely)
{
    volatile char bottom = 0;
    if (sigsetjmp(own.resume, 1) == 0) {
        static_cast<void>(widely ? recurse_widely(&bottom, 0) : recurse(&bottom, 0));
        stress::check(false, "the stack has an end");
    }
}

class AlternateStack {
  public:
    AlternateStack() : memory_{new char[kAlternate]}
    {
        stack_t stack{};
        stack.ss_sp = memory_.get();
        stack.ss_size = kAlternate;
        stress::check_ok(sigaltstack(&stack, nullptr), "sigaltstack");
        own.alternate = reinterpret_cast<std::uintptr_t>(memory_.get());
    }
    ~AlternateStack()
    {
        stack_t none{};
        none.ss_flags = SS_DISABLE;
        sigaltstack(&none, nullptr);
    }
    AlternateStack(const AlternateStack&) = delete;
    AlternateStack& operator=(const AlternateStack&) = delete;

  private:
    std::unique_ptr<char[]> memory_;
};

void overflow_often(std::uint64_t times)
{
    const AlternateStack alternate;
    stack_t stack{};
    stress::check_ok(thr_stksegment(&stack), "thr_stksegment");
    own.id = thr_self();
    own.stack_end = reinterpret_cast<std::uintptr_t>(stack.ss_sp) - stack.ss_size;
    for (std::uint64_t i = 0; i < times; ++i) {
        overflow(i % 2 == 1);
        thr_yield();
    }
    stress::check_equal(own.reports, times, "overflows reported");
    stress::check_equal(own.wrong_threads, 0, "reports to another thread");
    stress::check_equal(own.wrong_stacks, 0, "reports not on the alternate stack");
    stress::check_equal(own.wrong_addresses, 0, "reports of another address");
}

}  // namespace

void stress::run(const Options& options)
{
    struct sigaction action {};
    action.sa_sigaction = report_overflow;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigemptyset(&action.sa_mask);
    check_ok(sigaction(SIGSEGV, &action, nullptr), "sigaction");
    constexpr std::size_t kThreads = 20;
    const std::uint64_t each = (options.count != 0 ? options.count : 1000) / kThreads;
    {
        Crew crew;
        crew.add_mixed(kThreads, [&](std::size_t) { overflow_often(each); });
    }
    overflow_often(2);
    report("overflows", each * kThreads + 2);
}
