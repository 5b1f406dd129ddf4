// The wall clock is set while threads wait for a time of it. The clock that the library reads is
// this file's, so that the machine's stays as it is; and so is the alarm that the kernel gives when
// the clock reaches a time, also because it was set. With LT_TEST_SETS_CLOCK in the environment it
// is the machine's clock, and the kernel's alarm: for a machine that does nothing else.
#include <synch.h>
#include <thread.h>

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <string>

#include "unit/io/crew.h"

namespace {

constexpr std::int64_t kHour = 3600;
std::atomic<std::int64_t> steps_s{0};  // of this file's clock

}  // namespace

extern "C" int clock_gettime(clockid_t clock, timespec* now) noexcept
{
    const long result = syscall(SYS_clock_gettime, clock, now);
    if (result == 0 && clock == CLOCK_REALTIME) {
        now->tv_sec += steps_s.load();
    }
    return static_cast<int>(result);
}

namespace {

using io_test::Crew;

// The kernel task that the alarm is for.
pid_t clock_lwp()
{
    for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
        std::ifstream file{task.path() / "comm"};
        std::string name;
        if (std::getline(file, name) && name == "lwp/clock") {
            return std::stoi(task.path().filename());
        }
    }
    return 0;
}

bool sets_machine()
{
    return std::getenv("LT_TEST_SETS_CLOCK") != nullptr;
}

// Lets the clock be so far ahead of where it began; nobody is told.
void step_clock(std::int64_t seconds)
{
    static std::int64_t ahead = 0;
    if (sets_machine()) {
        timespec time{};
        clock_gettime(CLOCK_REALTIME, &time);
        time.tv_sec += seconds - ahead;
        ASSERT_EQ(clock_settime(CLOCK_REALTIME, &time), 0);
        ahead = seconds;
    } else {
        steps_s = seconds;
    }
}

void set_clock(std::int64_t seconds)
{
    step_clock(seconds);
    if (sets_machine()) {
        return;  // the kernel tells
    }
    const int own = SIGRTMIN - 2;  // the library has taken two
    ASSERT_TRUE(bounded::until([] { return clock_lwp() != 0; }));
    siginfo_t alarm{};
    alarm.si_code = SI_TIMER;
    EXPECT_EQ(syscall(SYS_rt_tgsigqueueinfo, getpid(), clock_lwp(), own, &alarm), 0);
}

timespec wall_clock(std::int64_t ahead_ns)
{
    constexpr std::int64_t kSecond = 1'000'000'000;
    timespec time{};
    clock_gettime(CLOCK_REALTIME, &time);
    const std::int64_t ns = time.tv_nsec + ahead_ns;
    return {time.tv_sec + ns / kSecond, ns % kSecond};
}

// Waits for an hour of the wall clock to pass, in each of the ways there are.
struct Waits {
    Waits()
    {
        const timespec later = wall_clock(kHour * 1'000'000'000);
        ids[0] = crew.start([this, later] {
            EXPECT_EQ(clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &later, nullptr), 0);
            ++ended;
        });
        ids[1] = crew.start([this, later] {
            mutex_t mutex = DEFAULTMUTEX;
            cond_t cond = DEFAULTCV;
            timestruc_t until = later;
            mutex_lock(&mutex);
            EXPECT_EQ(cond_timedwait(&cond, &mutex, &until), ETIME);
            mutex_unlock(&mutex);
            ++ended;
        });
        ids[2] = crew.start([this, later] {
            sema_t sema = DEFAULTSEMA;
            timestruc_t until = later;
            EXPECT_EQ(sema_timedwait(&sema, &until), ETIME);
            ++ended;
        });
    }
    [[nodiscard]] bool sleep() const
    {
        return io_test::asleep(ids[0]) && io_test::asleep(ids[1]) && io_test::asleep(ids[2]);
    }

    std::array<thread_t, 3> ids{};
    std::atomic<int> ended{0};
    Crew crew;
};

class ClockStep : public testing::Test {
  protected:
    void SetUp() override
    {
        Crew{}.start([] {});  // the model is chosen with the first thread
        if (!io_test::parks() && !sets_machine()) {
            GTEST_SKIP() << "the kernel waits, by its own clock";
        }
        step_clock(0);
    }
};

TEST_F(ClockStep, ForwardEndsTheWaitsForWhatIsPast)
{
    Waits waits;
    ASSERT_TRUE(waits.sleep());
    set_clock(2 * kHour);
    waits.crew.join();
    EXPECT_EQ(waits.ended, 3);
}

TEST_F(ClockStep, BackwardMakesThemLonger)
{
    Waits waits;
    ASSERT_TRUE(waits.sleep());
    // A second is left until the kernel's alarm; this file's does not come by itself, and a slow
    // machine has time.
    set_clock(kHour - (sets_machine() ? 1 : 60));
    usleep(10'000);
    set_clock(-kHour);
    usleep(1'000'000);
    EXPECT_EQ(waits.ended, 0);
    set_clock(2 * kHour);
    waits.crew.join();
    EXPECT_EQ(waits.ended, 3);
}

TEST_F(ClockStep, IsNothingToOtherWaits)
{
    std::atomic<bool> sleeps{false};
    std::atomic<bool> ended{false};
    const timespec hour{kHour, 0};
    Crew crew;
    const thread_t sleeper = crew.start([&] {
        timespec left{};
        sema_t sema = DEFAULTSEMA;
        timestruc_t while_s{0, 100'000'000};
        EXPECT_EQ(sema_reltimedwait(&sema, &while_s), ETIME);
        sleeps = true;
        EXPECT_EQ(nanosleep(&hour, &left), -1);  // until a signal comes
        EXPECT_GT(left.tv_sec, kHour / 2);
        ended = true;
    });
    set_clock(-kHour);
    ASSERT_TRUE(bounded::until([&] { return sleeps.load(); }));
    ASSERT_TRUE(io_test::asleep(sleeper));
    set_clock(2 * kHour);
    usleep(200'000);
    EXPECT_FALSE(ended);
    struct sigaction action {};
    action.sa_handler = [](int) {};
    ASSERT_EQ(sigaction(SIGUSR1, &action, nullptr), 0);
    EXPECT_EQ(thr_kill(sleeper, SIGUSR1), 0);
}

// Without a timer of the kernel's the clock is looked at twice a second.
int wait_without_timers()
{
    constexpr auto kNumber = static_cast<std::uint32_t>(offsetof(seccomp_data, nr));
    std::array<sock_filter, 4> filter{{
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, kNumber),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_timer_create, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EAGAIN),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    }};
    const sock_fprog program{filter.size(), filter.data()};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0) {
        return 1;
    }
    Waits waits;
    if (!waits.sleep()) {
        return 2;
    }
    step_clock(2 * kHour);
    waits.crew.join();
    return waits.ended == 3 ? 0 : 3;
}

TEST_F(ClockStep, IsNoticedWithoutATimerToo)
{
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        _exit(wait_without_timers());
    }
    int status = 0;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
}

}  // namespace
