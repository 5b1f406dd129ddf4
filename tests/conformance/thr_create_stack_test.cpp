// thr_create(3C): stacks and limits.
#include <thread.h>

#include <alloca.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <vector>

#include "conformance/fixture.h"

namespace conformance {
namespace {

class ThrCreateStack : public ThreadTest {};

INSTANTIATE_TEST_SUITE_P(Threads, ThrCreateStack, bindings(), binding_name);

constexpr std::size_t kKiB = 1024;
constexpr std::size_t kMiB = 1024 * kKiB;

std::atomic<int> started{0};

void* count_start(void* argument)
{
    started.fetch_add(1);
    return argument;
}

// Asks for a thread that must be refused, and watches that none runs.
void expect_refused(void* stack, std::size_t size, long binding)
{
    started.store(0);
    EXPECT_EQ(thr_create(stack, size, count_start, nullptr, binding, nullptr), EINVAL);
    EXPECT_TRUE(bounded::holds_for(20ms, [] { return started.load() == 0; }));
}

// THR-CREATE-06: a library stack of one byte is refused.
TEST_P(ThrCreateStack, S06RefusesALibraryStackBelowTheMinimum)
{
    expect_refused(nullptr, 1, binding());
}

// THR-CREATE-07: a library stack of exactly the minimum is enough for a trivial function.
TEST_P(ThrCreateStack, S07AcceptsALibraryStackOfTheMinimum)
{
    started.store(0);
    thread_t id = 0;
    ASSERT_EQ(thr_create(nullptr, THR_MIN_STACK, count_start, nullptr, binding(), &id), 0);
    join(id);
    EXPECT_EQ(started.load(), 1);
}

// THR-CREATE-08: a caller's stack below the minimum is refused.
TEST_P(ThrCreateStack, S08RefusesACallersStackBelowTheMinimum)
{
    std::vector<char> stack(thr_min_stack());
    expect_refused(stack.data(), thr_min_stack() - 1, binding());
}

// THR-CREATE-09: a caller's stack of no size is refused.
TEST_P(ThrCreateStack, S09RefusesACallersStackOfSizeZero)
{
    std::vector<char> stack(thr_min_stack());
    expect_refused(stack.data(), 0, binding());
}

// THR-CREATE-10: a caller's stack is the one that the thread runs on, aligned or not.
TEST_P(ThrCreateStack, S10RunsOnTheCallersStack)
{
    for (const std::size_t skew : {std::size_t{0}, std::size_t{3}, std::size_t{40}}) {
        std::vector<char> memory(64 * kKiB + skew);
        char* const base = memory.data() + skew;
        std::uintptr_t local_address = 0;
        join(start_on(base, 64 * kKiB, [&] {
            const volatile char local = 0;
            local_address = reinterpret_cast<std::uintptr_t>(&local);
        }));
        const auto low = reinterpret_cast<std::uintptr_t>(base);
        EXPECT_GE(local_address, low);
        EXPECT_LT(local_address, low + 64 * kKiB);
    }
}

// Goes down the stack, a kilobyte a call and writing to each, until `bytes` below `top`.
[[gnu::noinline]] std::size_t descend(std::uintptr_t top, std::size_t bytes)
{
    volatile char frame[kKiB];
    for (std::size_t i = 0; i < sizeof frame; i += 64) {
        frame[i] = 1;
    }
    const std::size_t used = top - reinterpret_cast<std::uintptr_t>(&frame[0]);
    const std::size_t reached = used >= bytes ? used : descend(top, bytes);
    // Read after the call, so that the call is no jump.
    return reached + static_cast<std::size_t>(frame[0]) - 1;
}

[[gnu::noinline]] std::size_t use_stack(std::size_t bytes)
{
    const volatile char top = 0;
    return descend(reinterpret_cast<std::uintptr_t>(&top), bytes);
}

// THR-CREATE-11: a library stack of size N has about N bytes to use.
TEST_P(ThrCreateStack, S11GivesTheStackSizeAskedFor)
{
    for (const std::size_t size : {64 * kKiB, 300 * kKiB, 1 * kMiB, 8 * kMiB}) {
        const std::size_t wanted = size - 8 * kKiB;
        std::size_t used = 0;
        join(start_on(nullptr, size, [&] { used = use_stack(wanted); }));
        EXPECT_GE(used, wanted);
    }
}

// What an overflowing thread would run into if its stack had no guard: the stacks of its
// neighbours.
void* overflow(void* /*argument*/)
{
    use_stack(64 * kMiB);
    return nullptr;
}

int overflow_a_library_stack()
{
    latch::Gate never;
    for (int i = 0; i < 8; ++i) {
        const auto wait = [](void* gate) -> void* {
            static_cast<latch::Gate*>(gate)->wait(60s);
            return nullptr;
        };
        thr_create(nullptr, 64 * kKiB, wait, &never, child::argument(), nullptr);
    }
    thread_t id = 0;
    thr_create(nullptr, 64 * kKiB, overflow, nullptr, child::argument(), &id);
    thr_join(id, nullptr, nullptr);
    return 0;
}

const child::Program overflows{"overflows", overflow_a_library_stack};

// THR-CREATE-12: a thread that overflows its library stack takes SIGSEGV.
TEST_P(ThrCreateStack, S12RaisesSigsegvOnOverflow)
{
    const rlimit no_core{0, 0};
    rlimit before{};
    getrlimit(RLIMIT_CORE, &before);
    const rlimit quiet{no_core.rlim_cur, before.rlim_max};
    setrlimit(RLIMIT_CORE, &quiet);
    const child::Outcome outcome = child::run(overflows, {.argument = binding()});
    setrlimit(RLIMIT_CORE, &before);
    EXPECT_EQ(outcome.signal, SIGSEGV) << outcome.describe();
}

// THR-CREATE-13: the default stack has 2 MiB, but for guard and rounding.
TEST_P(ThrCreateStack, S13HasADefaultStackOfTwoMegabytes)
{
    stack_t segment{};
    std::size_t used = 0;
    join(start([&] {
        thr_stksegment(&segment);
        used = use_stack(2 * kMiB - 64 * kKiB);
    }));
    EXPECT_GE(segment.ss_size, 2 * kMiB - 64 * kKiB);
    EXPECT_LE(segment.ss_size, 2 * kMiB + 64 * kKiB);
    EXPECT_GE(used, 2 * kMiB - 64 * kKiB);
}

std::atomic<thread_t> overflowing{0};

// On the alternate stack of the thread that overflows.
void tell_whose_fault(int /*sig*/)
{
    _exit(thr_self() == overflowing.load() ? 7 : 8);
}

void* overflow_with_a_handler(void* /*argument*/)
{
    static std::array<char, 64 * kKiB> alternate;
    stack_t stack{};
    stack.ss_sp = alternate.data();
    stack.ss_size = alternate.size();
    sigaltstack(&stack, nullptr);
    overflowing.store(thr_self());
    use_stack(64 * kMiB);
    return nullptr;
}

const child::Program overflows_and_tells{"overflows_and_tells", [] {
                                             struct sigaction action {};
                                             action.sa_handler = tell_whose_fault;
                                             action.sa_flags = SA_ONSTACK;
                                             sigaction(SIGSEGV, &action, nullptr);
                                             thread_t id = 0;
                                             thr_create(nullptr, 64 * kKiB, overflow_with_a_handler,
                                                        nullptr, child::argument(), &id);
                                             thr_join(id, nullptr, nullptr);
                                             return 1;
                                         }};

// THR-CREATE-12: and it is that thread which takes it.
TEST_P(ThrCreateStack, S12RaisesSigsegvInTheThreadThatOverflows)
{
    const child::Outcome outcome = child::run(overflows_and_tells, {.argument = binding()});
    EXPECT_EQ(outcome.exit_status, 7) << outcome.describe();
}

// How many threads are made one after the other: 100,000, or fewer where each needs a kernel task
// or, made to migrate, another LWP at every step.
int churn(long binding)
{
    const bool is_dear =
        binding != 0 || is_bound_model() || std::getenv("LIBTHREAD_MIGRATE") != nullptr;
    return is_dear ? 4'000 : 100'000;
}

// What the process uses more at the end of such a churn than a little after its beginning. Bound
// threads that the kernel has yet to end still have their stacks. A leak of two pages of each
// of 100,000 threads, or of a stack of each of the dear ones, would be more than is allowed.
// Sanitizers keep records of threads; each LWP may keep a hundred stacks, those that have joined
// the pool meanwhile as well.
class Growth {
  public:
    void note(int thread)
    {
        if (thread == kSettled) {
            before_ = platform::address_space_in_use();
            lwps_before_ = platform::lwp_count();
        }
        if (thread % kLook == 0) {
            most_lwps_ = std::max(most_lwps_, platform::lwp_count());
        }
    }
    void expect_none() const
    {
        const std::size_t most = allowed();
        EXPECT_TRUE(bounded::until([most] { return platform::address_space_in_use() <= most; }))
            << platform::address_space_in_use() << " bytes where " << most << " are allowed";
    }

  private:
    // What LWPs keep that retire stays.
    [[nodiscard]] std::size_t allowed() const
    {
        const int joined = std::max(most_lwps_, platform::lwp_count()) - lwps_before_;
        return before_ + kAllowed + static_cast<std::size_t>(std::max(joined, 0)) * kKeptByLwp;
    }
    static constexpr int kSettled = 1000;
    static constexpr int kLook = 100;
    static constexpr std::size_t kAllowed = 512 * kMiB;
    static constexpr std::size_t kKeptByLwp = 256 * kMiB;
    std::size_t before_ = 0;
    int lwps_before_ = 0;
    int most_lwps_ = 0;
};

sema_t finished;

void* post_finished(void* argument)
{
    sema_post(&finished);
    return argument;
}

// THR-CREATE-22: detached threads give back what they used.
TEST_P(ThrCreateStack, S22RecyclesDetachedThreads)
{
    ASSERT_EQ(sema_init(&finished, 0, USYNC_THREAD, nullptr), 0);
    thread_t id = 0;
    Growth growth;
    for (int i = 0; i < churn(binding()); ++i) {
        growth.note(i);
        const long flags = binding() | THR_DETACHED;
        ASSERT_EQ(thr_create(nullptr, 0, post_finished, nullptr, flags, &id), 0) << "thread " << i;
        while (sema_wait(&finished) == EINTR) {}
    }
    EXPECT_TRUE(bounded::until([id] { return !is_alive(id); }));
    growth.expect_none();
}

// THR-CREATE-23: threads created and joined one after the other leave nothing behind.
TEST_P(ThrCreateStack, S23RecyclesJoinedThreads)
{
    started.store(0);
    Growth growth;
    for (int i = 0; i < churn(binding()); ++i) {
        growth.note(i);
        thread_t id = 0;
        ASSERT_EQ(thr_create(nullptr, 0, count_start, &id, binding(), &id), 0) << "thread " << i;
        void* status = nullptr;
        ASSERT_EQ(thr_join(id, nullptr, &status), 0) << "thread " << i;
        ASSERT_EQ(status, &id);
    }
    EXPECT_EQ(started.load(), churn(binding()));
    growth.expect_none();
}

// THR-CREATE-24: a thousand threads exist at once.
TEST_P(ThrCreateStack, S24HoldsAThousandThreadsAtOnce)
{
    constexpr int kThreads = 1000;
    latch::Latch all_here{kThreads};
    latch::Gate leave;
    std::vector<thread_t> ids;
    for (int i = 0; i < kThreads; ++i) {
        ids.push_back(start_on(nullptr, 64 * kKiB, [&] {
            all_here.arrive();
            leave.wait(120s);
        }));
        ASSERT_NE(ids.back(), 0U) << "thread " << i;
    }
    EXPECT_TRUE(all_here.wait(120s));
    leave.open();
    for (const thread_t id : ids) {
        join(id);
    }
}

void* wait_at_gate(void* gate)
{
    static_cast<latch::Gate*>(gate)->wait(120s);
    return nullptr;
}

// Creates threads until that fails, ends them, and creates one more. Exit statuses 1 to 4 tell what
// went wrong.
int run_out_of_threads()
{
    const rlim_t room = platform::address_space_in_use() + 512 * kMiB;
    const rlimit limit{room, room};
    setrlimit(RLIMIT_AS, &limit);

    constexpr std::size_t kMany = 100'000;
    latch::Gate leave;
    std::vector<thread_t> ids;
    ids.reserve(kMany);
    int error = 0;
    while (error == 0 && ids.size() < kMany) {
        thread_t id = 0;
        error = thr_create(nullptr, 2 * kMiB, wait_at_gate, &leave, child::argument(), &id);
        if (error == 0) {
            ids.push_back(id);
        }
    }
    std::printf("%zu threads, then error %d\n", ids.size(), error);
    if (error != EAGAIN && error != ENOMEM) {
        return 1;
    }
    if (ids.empty()) {
        return 2;
    }
    leave.open();
    for (const thread_t id : ids) {
        if (thr_join(id, nullptr, nullptr) != 0) {
            return 3;
        }
    }
    thread_t last = 0;
    error = thr_create(nullptr, 2 * kMiB, wait_at_gate, &leave, child::argument(), &last);
    return error == 0 && thr_join(last, nullptr, nullptr) == 0 ? 0 : 4;
}

const child::Program runs_out{"runs_out", run_out_of_threads};

// THR-CREATE-25: at the limit an error is returned, and after exits creation works again.
TEST_P(ThrCreateStack, S25FailsWithAnErrorAtTheLimit)
{
    const child::Outcome outcome = child::run(runs_out, {.argument = binding(), .limit = 120s});
    EXPECT_EQ(outcome.exit_status, 0) << outcome.describe();
}

}  // namespace
}  // namespace conformance
