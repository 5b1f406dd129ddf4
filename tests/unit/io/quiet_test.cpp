// A process whose threads all wait has no periodic wake-ups: the kernel's count of switches says.
#include <poll.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ctime>

#include "unit/io/child.h"
#include "unit/io/crew.h"
#include "unit/io/files.h"

namespace {

using io_test::Crew;
using io_test::Pair;

// By the bare system call: the calling thread keeps its LWP, so that nobody but the clock LWP is
// left to watch descriptors.
void hold_lwp_for(long ms)
{
    timespec time{ms / 1000, ms % 1000 * 1'000'000};
    syscall(SYS_nanosleep, &time, nullptr);
}

long switches_in(long ms)
{
    rusage before{};
    rusage after{};
    getrusage(RUSAGE_SELF, &before);
    hold_lwp_for(ms);
    getrusage(RUSAGE_SELF, &after);
    return after.ru_nvcsw - before.ru_nvcsw;
}

TEST(Quiet, NobodyWakesUpWhenAllWait)
{
    constexpr long kMs = 1100;  // two looks a second would show
    constexpr long kMost = 2;   // this thread's own, and another
    Pair pair{Pair::kSocket};
    ASSERT_TRUE(pair.works());
    sema_t sema = DEFAULTSEMA;
    const io_test::Child child{0};
    Crew crew;
    crew.start([&] { EXPECT_EQ(waitpid(child.pid(), nullptr, 0), child.pid()); });
    crew.start([&] {
        char byte = 0;
        EXPECT_EQ(read(pair.reader(), &byte, 1), 1);
    });
    crew.start([&] {
        pollfd file{pair.writer(), POLLIN, 0};
        EXPECT_EQ(poll(&file, 1, 3'600'000), 1);
    });
    crew.start([&] { EXPECT_EQ(sema_wait(&sema), 0); });
    crew.start([&] {
        timestruc_t hour{3600, 0};
        EXPECT_EQ(sema_reltimedwait(&sema, &hour), 0);
    });
    crew.start([&] {
        timestruc_t later{time(nullptr) + 3600, 0};  // by the wall clock
        EXPECT_EQ(sema_timedwait(&sema, &later), 0);
    });
    // The looks end some time after the last thread has gone to sleep.
    EXPECT_TRUE(bounded::until([] { return switches_in(kMs) <= kMost; }));
    child.tell();
    EXPECT_EQ(write(pair.reader(), "b", 1), 1);
    EXPECT_EQ(write(pair.writer(), "a", 1), 1);
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(sema_post(&sema), 0);
    }
}

}  // namespace
