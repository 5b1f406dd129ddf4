// LIBTHREAD_MAX_LWPS, in a process in which more threads block in the kernel than it allows LWPs.
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdlib>

#include "support/bounded.h"
#include "support/crew.h"
#include "support/insight.h"

namespace {

using namespace std::chrono_literals;
using Time = std::chrono::steady_clock;

// The thread that looks computes, so that it keeps its LWP.
TEST(PoolLimit, IsKeptHoweverManyBlock)
{
    constexpr int kBlocking = 20;
    const int limit = std::atoi(std::getenv("LIBTHREAD_MAX_LWPS"));
    std::array<int, 2> ends{};
    ASSERT_EQ(pipe(ends.data()), 0);
    std::atomic<int> begun{0};
    crew::Crew readers;
    for (int i = 0; i < kBlocking; ++i) {
        readers.start([&] {
            ++begun;
            char byte = 0;
            EXPECT_EQ(syscall(SYS_read, ends[0], &byte, 1), 1);
        });
    }
    EXPECT_TRUE(bounded::compute_until([&] { return begun == limit - 1; }));
    const auto end = Time::now() + 100ms;  // ten times as long as the pool takes to grow
    bool kept = true;
    while (kept && Time::now() < end) {
        kept = insight::pool_lwps() <= static_cast<unsigned>(limit) && begun < limit;
    }
    EXPECT_TRUE(kept);
    const std::array<char, kBlocking> bytes{};
    ASSERT_EQ(write(ends[1], bytes.data(), bytes.size()), kBlocking);
    readers.join();
    EXPECT_EQ(begun, kBlocking);
    close(ends[0]);
    close(ends[1]);
}

}  // namespace
