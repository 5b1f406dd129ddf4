// thr_stksegment(3C).
#include <thread.h>

#include <pthread.h>
#include <sys/resource.h>

#include <cerrno>
#include <cstdint>
#include <vector>

#include "conformance/fixture.h"

namespace conformance {
namespace {

class ThrStksegment : public ThreadTest {};

INSTANTIATE_TEST_SUITE_P(Threads, ThrStksegment, bindings(), binding_name);

struct Answer {
    int error = -1;
    stack_t segment{};
    std::uintptr_t local = 0;

    [[nodiscard]] std::uintptr_t high() const
    {
        return reinterpret_cast<std::uintptr_t>(segment.ss_sp);
    }
    [[nodiscard]] std::uintptr_t low() const { return high() - segment.ss_size; }
};

[[gnu::noinline]] Answer ask()
{
    Answer answer;
    const volatile char local = 0;
    answer.local = reinterpret_cast<std::uintptr_t>(&local);
    answer.segment.ss_flags = -1;
    answer.error = thr_stksegment(&answer.segment);
    return answer;
}

void expect_right(const Answer& answer)
{
    EXPECT_EQ(answer.error, 0);
    EXPECT_LT(answer.local, answer.high());
    EXPECT_GT(answer.local, answer.low());
    EXPECT_EQ(answer.segment.ss_flags, 0);
}

// THR-SELF-10: ss_sp is the high end; a local lies between it and ss_size below.
// THR-SELF-11: ss_flags is 0.
TEST_P(ThrStksegment, S10SpansTheCallersStack)
{
    expect_right(ask());
    Answer answer;
    join(start([&] { answer = ask(); }));
    expect_right(answer);
    EXPECT_TRUE(ask().high() <= answer.low() || ask().low() >= answer.high());
}

// THR-SELF-12: for a caller's stack it is the memory given.
TEST_P(ThrStksegment, S12IsTheCallersStack)
{
    constexpr std::size_t kSize = 65536;
    constexpr std::uintptr_t kAlignment = 64;
    for (const std::size_t skew : {std::size_t{0}, std::size_t{24}}) {
        std::vector<char> memory(kSize + skew);
        char* const base = memory.data() + skew;
        Answer answer;
        join(start_on(base, kSize, [&] { answer = ask(); }));
        expect_right(answer);
        const auto low = reinterpret_cast<std::uintptr_t>(base);
        EXPECT_GE(answer.low(), low);
        EXPECT_LE(answer.low(), low + kAlignment);
        EXPECT_LE(answer.high(), low + kSize);
        EXPECT_GE(answer.high(), low + kSize - kAlignment);
    }
}

int ask_in_main()
{
    rlimit limit{};
    getrlimit(RLIMIT_STACK, &limit);
    const Answer answer = ask();
    const bool inside = answer.local < answer.high() && answer.local > answer.low();
    return limit.rlim_cur == RLIM_INFINITY && answer.error == 0 && inside ? 0 : 1;
}

const child::Program asks_in_main{"asks_in_main", ask_in_main};

// THR-SELF-13: in main the call succeeds also when its stack is unlimited.
TEST_P(ThrStksegment, S13SucceedsWithAnUnlimitedStack)
{
    rlimit before{};
    ASSERT_EQ(getrlimit(RLIMIT_STACK, &before), 0);
    const rlimit unlimited{RLIM_INFINITY, RLIM_INFINITY};
    if (setrlimit(RLIMIT_STACK, &unlimited) != 0) {
        GTEST_SKIP() << "the hard limit of the stack cannot be raised";
    }
    const child::Outcome outcome = child::run(asks_in_main);
    setrlimit(RLIMIT_STACK, &before);
    EXPECT_EQ(outcome.exit_status, 0) << outcome.describe();
}

void* ask_for(void* place)
{
    *static_cast<Answer*>(place) = ask();
    return nullptr;
}

// THR-SELF-14: in a thread that the library did not make the call may fail, with EAGAIN only.
TEST_P(ThrStksegment, S14SucceedsOrGivesEagainInAForeignThread)
{
    Answer answer;
    pthread_t handle{};
    ASSERT_EQ(pthread_create(&handle, nullptr, ask_for, &answer), 0);
    ASSERT_EQ(pthread_join(handle, nullptr), 0);
    if (answer.error == 0) {
        expect_right(answer);
    } else {
        EXPECT_EQ(answer.error, EAGAIN);
    }
}

}  // namespace
}  // namespace conformance
