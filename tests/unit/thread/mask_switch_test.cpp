// What a thread's signal mask costs its LWP: nothing as long as the threads that it runs have the
// same one.
#include <thread.h>

#include <signal.h>
#include <sys/syscall.h>

#include <algorithm>

#include "support/traced.h"

namespace {

constexpr int kTurns = 200;

void block(int signal)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, signal);
    thr_sigsetmask(SIG_BLOCK, &set, nullptr);
}

// Two threads that give way to each other, the second with one more signal blocked if `differ`:
// the system calls of the LWP meanwhile that change its mask.
long mask_changes(bool differ, bool& ended_well)
{
    const traced::Traced child{[differ] {
        bool over = false;
        block(SIGUSR1);  // what it inherits is not what the process began with
        crew::Crew crew;
        crew.start([differ, &over] {
            if (differ) {
                block(SIGUSR2);
            }
            while (!over) {
                thr_yield();
            }
        });
        thr_yield();
        traced::mark();
        for (int i = 0; i < kTurns; ++i) {
            thr_yield();
        }
        traced::mark();
        over = true;
    }};
    ended_well = child.ended_well();
    return std::count(child.calls().begin(), child.calls().end(), SYS_rt_sigprocmask);
}

TEST(MaskSwitch, EqualMasksCostNoSystemCall)
{
    bool ended_well = false;
    EXPECT_EQ(mask_changes(false, ended_well), 0);
    EXPECT_TRUE(ended_well);
}

// Shows that the calls are counted at all. The kernel's mask follows when it must.
TEST(MaskSwitch, OtherMasksAreTheKernelsAsWell)
{
    bool ended_well = false;
    const long changes = mask_changes(true, ended_well);
    EXPECT_TRUE(ended_well);
    EXPECT_GT(changes, 0);
    EXPECT_LE(changes, 2 * kTurns);
}

}  // namespace
