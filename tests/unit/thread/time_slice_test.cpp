// LIBTHREAD_TIMESLICE on one LWP that the library does not enlarge while a thread computes: threads
// that compute take turns, and keep theirs where others could wait for what they hold.
#include <synch.h>
#include <thread.h>

#include <gtest/gtest.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstring>

#include "support/bounded.h"

namespace {

using bounded::compute_until;

// Uses the processor for five slices.
void compute()
{
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    const std::int64_t end = now.tv_sec * 1'000'000'000 + now.tv_nsec + 50'000'000;
    do {
        for (std::atomic<int> i{0}; i < 100'000; ++i) {}
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    } while (now.tv_sec * 1'000'000'000 + now.tv_nsec < end);
}

thread_t start(void* (*body)(void*), void* argument = nullptr)
{
    thread_t id = 0;
    EXPECT_EQ(thr_create(nullptr, 0, body, argument, 0, &id), 0);
    return id;
}

// Another thread, which counts the turns that it gets.
class Other {
  public:
    Other()
    {
        id_ = start(
            [](void* self) -> void* {
                auto& other = *static_cast<Other*>(self);
                while (!other.over_) {
                    ++other.turns_;
                    thr_yield();
                }
                return nullptr;
            },
            this);
    }
    Other(const Other&) = delete;
    Other& operator=(const Other&) = delete;
    ~Other()
    {
        over_ = true;
        EXPECT_EQ(thr_join(id_, nullptr, nullptr), 0);
    }

    [[nodiscard]] int turns() const { return turns_; }

    // Whether it gets one while the caller computes.
    [[nodiscard]] bool gets_a_turn() const
    {
        const int before = turns_;
        return compute_until([&] { return turns_ != before; });
    }

  private:
    std::atomic<int> turns_{0};
    std::atomic<bool> over_{false};
    thread_t id_ = 0;
};

std::atomic<int> arrived{0};

TEST(TimeSlice, ThreadsThatComputeTakeTurnsOnOneLwp)
{
    constexpr int kThreads = 3;
    arrived = 0;
    std::array<thread_t, kThreads> ids{};
    for (thread_t& id : ids) {
        id = start([](void*) -> void* {
            bool all = true;
            for (int round = 1; round <= 3; ++round) {
                ++arrived;
                all = compute_until([=] { return arrived >= round * kThreads; }) && all;
            }
            EXPECT_TRUE(all);
            return nullptr;
        });
    }
    for (const thread_t id : ids) {
        EXPECT_EQ(thr_join(id, nullptr, nullptr), 0);
    }
}

const Other* other = nullptr;
std::atomic<int> turns_during_handler{-1};  // negative: it has not run

void compute_in_handler(int)
{
    const int before = other->turns();
    compute();
    turns_during_handler = other->turns() - before;
}

void take_signal(void (*send)())
{
    struct sigaction action {};
    action.sa_handler = compute_in_handler;
    ASSERT_EQ(sigaction(SIGUSR1, &action, nullptr), 0);
    const Other computing_too;
    other = &computing_too;
    turns_during_handler = -1;
    send();
    EXPECT_TRUE(compute_until([] { return turns_during_handler >= 0; }));
    EXPECT_EQ(turns_during_handler, 0);
    EXPECT_TRUE(computing_too.gets_a_turn());
}

TEST(TimeSlice, AHandlerOfASignalToTheThreadIsNotInterrupted)
{
    take_signal([] { thr_kill(thr_self(), SIGUSR1); });
}

TEST(TimeSlice, AHandlerThatTheKernelCallsIsNotInterrupted)
{
    take_signal([] { kill(getpid(), SIGUSR1); });
}

sigjmp_buf before_handler;

TEST(TimeSlice, AThreadThatJumpedOutOfAHandlerHasTurnsLikeOthers)
{
    struct sigaction action {};
    action.sa_handler = [](int) { siglongjmp(before_handler, 1); };
    ASSERT_EQ(sigaction(SIGUSR1, &action, nullptr), 0);
    if (sigsetjmp(before_handler, 1) == 0) {
        thr_kill(thr_self(), SIGUSR1);
        FAIL() << "the handler came back";
    }
    const Other another;
    const auto deep_below_the_handlers_frame = [&another] {
        std::array<volatile char, 65536> room;
        room[0] = 1;
        return another.gets_a_turn() && room[0] == 1;
    };
    EXPECT_TRUE(deep_below_the_handlers_frame());
}

// memchr() takes more than five slices here, and might be malloc().
TEST(TimeSlice, CodeOfLibcIsNotInterrupted)
{
    constexpr std::size_t kSize = std::size_t{1} << 30U;
    void* zeros =
        mmap(nullptr, kSize, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    ASSERT_NE(zeros, MAP_FAILED);
    ASSERT_EQ(memchr(zeros, 1, 1), nullptr);  // the linker has found it by now
    const Other another;
    const int before = another.turns();
    const void* found = memchr(zeros, 1, kSize);
    const int after = another.turns();
    EXPECT_EQ(found, nullptr);
    EXPECT_EQ(after, before);
    EXPECT_TRUE(another.gets_a_turn());
    munmap(zeros, kSize);
}

// The thread that loses the LWP in the stream's function holds the stream's lock; whoever wants it
// too holds LWPs, until one is added.
std::atomic<int> writers{0};

ssize_t write_when_another_waits(void*, const char*, std::size_t size)
{
    EXPECT_TRUE(compute_until([] { return writers >= 2; }));
    return static_cast<ssize_t>(size);
}

TEST(TimeSlice, AThreadThatHoldsALockOfLibcInACallbackGetsOn)
{
    cookie_io_functions_t functions{};
    functions.write = write_when_another_waits;
    FILE* stream = fopencookie(nullptr, "w", functions);
    ASSERT_NE(stream, nullptr);
    setvbuf(stream, nullptr, _IONBF, 0);
    writers = 0;
    std::array<thread_t, 3> ids{};
    for (thread_t& id : ids) {
        id = start(
            [](void* to) -> void* {
                ++writers;
                EXPECT_EQ(fputs("x", static_cast<FILE*>(to)), 1);
                return nullptr;
            },
            stream);
    }
    for (const thread_t id : ids) {
        EXPECT_EQ(thr_join(id, nullptr, nullptr), 0);
    }
    EXPECT_EQ(fclose(stream), 0);
}

}  // namespace
