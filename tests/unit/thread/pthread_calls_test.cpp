// glibc's functions that name a thread by its pthread_t, for unbound threads: what they answer is
// true of the thread wherever it runs, or an error number that POSIX has for it.
#include <synch.h>
#include <thread.h>

#include <gtest/gtest.h>
#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <string>

#include "support/bounded.h"
#include "support/insight.h"

namespace {

// A thread that stays until it is let go.
class Guest {
  public:
    explicit Guest(long flags)
    {
        EXPECT_EQ(thr_create(nullptr, 0, stay, this, flags, &id_), 0);
        EXPECT_TRUE(bounded::until([this] { return self_ != 0; }));
    }
    ~Guest() { leave(); }
    Guest(const Guest&) = delete;
    Guest& operator=(const Guest&) = delete;

    [[nodiscard]] pthread_t self() const { return self_; }
    void let_go() { sema_post(&end_); }
    void leave()
    {
        if (id_ != 0) {
            let_go();
            EXPECT_EQ(thr_join(id_, nullptr, nullptr), 0);
            id_ = 0;
        }
    }
    // It is joined by its pthread_t.
    void forget() { id_ = 0; }

  private:
    static void* stay(void* argument)
    {
        auto& guest = *static_cast<Guest*>(argument);
        guest.self_ = pthread_self();
        while (sema_wait(&guest.end_) != 0) {}
        return argument;
    }

    thread_t id_ = 0;
    std::atomic<pthread_t> self_{0};
    sema_t end_{};
};

bool is_multiplexed(long flags)
{
    return flags == 0 && insight::is_two_level();
}

constexpr long kFlags[] = {0, THR_BOUND};

// Asks about oneself in a thread of the kind, and about another of the kind.
template <class Ask>
void about_both(Ask ask)
{
    for (const long flags : kFlags) {
        Guest other{flags};
        const bool multiplexed = is_multiplexed(flags);
        ask(other.self(), multiplexed);
        struct Own {
            Ask& ask;
            bool multiplexed;
        } own{ask, multiplexed};
        thread_t id = 0;
        ASSERT_EQ(thr_create(
                      nullptr, 0,
                      [](void* argument) -> void* {
                          auto& mine = *static_cast<Own*>(argument);
                          mine.ask(pthread_self(), mine.multiplexed);
                          return nullptr;
                      },
                      &own, flags, &id),
                  0);
        ASSERT_EQ(thr_join(id, nullptr, nullptr), 0);
    }
}

TEST(PthreadCalls, AffinityIsThatOfThePoolAndNotAThreadsOwn)
{
    about_both([](pthread_t thread, bool multiplexed) {
        cpu_set_t set;
        CPU_ZERO(&set);
        EXPECT_EQ(pthread_getaffinity_np(thread, sizeof set, &set), 0);
        EXPECT_GT(CPU_COUNT(&set), 0);
        EXPECT_EQ(pthread_getaffinity_np(thread, 0, &set), EINVAL);
        EXPECT_EQ(pthread_setaffinity_np(thread, sizeof set, &set), multiplexed ? ENOTSUP : 0);
    });
}

TEST(PthreadCalls, SchedulingIsTheOneThatThePoolHas)
{
    about_both([](pthread_t thread, bool multiplexed) {
        int policy = -1;
        sched_param parameters{};
        parameters.sched_priority = -1;
        EXPECT_EQ(pthread_getschedparam(thread, &policy, &parameters), 0);
        EXPECT_EQ(policy, SCHED_OTHER);
        EXPECT_EQ(parameters.sched_priority, 0);
        EXPECT_EQ(pthread_setschedparam(thread, SCHED_OTHER, &parameters), 0);
        EXPECT_EQ(pthread_setschedprio(thread, 0), 0);
        EXPECT_EQ(pthread_setschedprio(thread, 5), EINVAL);
        EXPECT_EQ(pthread_setschedparam(thread, 4711, &parameters), EINVAL);
        if (multiplexed) {
            parameters.sched_priority = 5;
            EXPECT_EQ(pthread_setschedparam(thread, SCHED_FIFO, &parameters), ENOTSUP);
        }
    });
}

TEST(PthreadCalls, NoClockMeasuresAnUnboundThread)
{
    about_both([](pthread_t thread, bool multiplexed) {
        clockid_t clock = 0;
        EXPECT_EQ(pthread_getcpuclockid(thread, &clock), multiplexed ? ENOENT : 0);
        timespec time{};
        if (!multiplexed) {
            EXPECT_EQ(clock_gettime(clock, &time), 0);
        }
    });
}

TEST(PthreadCalls, NamesBelongToThreads)
{
    about_both([](pthread_t thread, bool) {
        std::array<char, 16> name{};
        EXPECT_EQ(pthread_getname_np(thread, name.data(), name.size()), 0);
        EXPECT_NE(std::string{name.data()}, "fifteen letters");
        EXPECT_EQ(pthread_setname_np(thread, "sixteen letters."), ERANGE);
        EXPECT_EQ(pthread_setname_np(thread, "fifteen letters"), 0);
        thr_yield();
        EXPECT_EQ(pthread_getname_np(thread, name.data(), 15), ERANGE);
        EXPECT_EQ(pthread_getname_np(thread, name.data(), name.size()), 0);
        EXPECT_STREQ(name.data(), "fifteen letters");
    });
    // A thread that takes the place of another does not take its name.
    Guest next{0};
    std::array<char, 16> name{};
    EXPECT_EQ(pthread_getname_np(next.self(), name.data(), name.size()), 0);
    EXPECT_STRNE(name.data(), "fifteen letters");
}

TEST(PthreadCalls, AttributesTellTheThreadsOwnStack)
{
    for (const long flags : kFlags) {
        thread_t id = 0;
        ASSERT_EQ(thr_create(
                      nullptr, 200'000,
                      [](void*) -> void* {
                          pthread_attr_t attributes;
                          EXPECT_EQ(pthread_getattr_np(pthread_self(), &attributes), 0);
                          void* stack = nullptr;
                          std::size_t size = 0;
                          EXPECT_EQ(pthread_attr_getstack(&attributes, &stack, &size), 0);
                          const char here = 0;
                          EXPECT_GE(&here, static_cast<char*>(stack));
                          EXPECT_LT(&here, static_cast<char*>(stack) + size);
                          EXPECT_GE(size, 200'000U);
                          pthread_attr_destroy(&attributes);
                          return nullptr;
                      },
                      nullptr, flags, &id),
                  0);
        ASSERT_EQ(thr_join(id, nullptr, nullptr), 0);
    }
}

TEST(PthreadCalls, TryJoinTakesEndedThreadsOnly)
{
    for (const long flags : kFlags) {
        Guest guest{flags};
        EXPECT_EQ(pthread_tryjoin_np(guest.self(), nullptr), EBUSY);
        guest.let_go();
        void* status = nullptr;
        int error = EBUSY;
        EXPECT_TRUE(bounded::until(
            [&] { return (error = pthread_tryjoin_np(guest.self(), &status)) != EBUSY; }));
        EXPECT_EQ(error, 0);
        EXPECT_EQ(status, &guest);
        guest.forget();
    }
}

timespec in(clockid_t clock, long ms)
{
    timespec time{};
    clock_gettime(clock, &time);
    time.tv_nsec += ms * 1'000'000;
    time.tv_sec += time.tv_nsec / 1'000'000'000;
    time.tv_nsec %= 1'000'000'000;
    return time;
}

TEST(PthreadCalls, TimedJoinsGiveUpOrTakeTheThread)
{
    for (const long flags : kFlags) {
        Guest guest{flags};
        const timespec soon = in(CLOCK_REALTIME, 5);
        EXPECT_EQ(pthread_timedjoin_np(guest.self(), nullptr, &soon), ETIMEDOUT);
        const timespec monotonic_soon = in(CLOCK_MONOTONIC, 5);
        EXPECT_EQ(pthread_clockjoin_np(guest.self(), nullptr, CLOCK_MONOTONIC, &monotonic_soon),
                  ETIMEDOUT);
        EXPECT_EQ(pthread_clockjoin_np(guest.self(), nullptr, 4711, &soon), EINVAL);
        const timespec late = in(CLOCK_REALTIME, 20'000);
        guest.let_go();
        void* status = nullptr;
        EXPECT_EQ(pthread_timedjoin_np(guest.self(), &status, &late), 0);
        EXPECT_EQ(status, &guest);
        guest.forget();
    }
}

// Of the LWP, as on Solaris: nothing fails.
TEST(PthreadCalls, SystemCallsAboutTheCallerAreAboutItsLwp)
{
    about_both([](pthread_t, bool) {
        errno = 0;
        EXPECT_GE(getpriority(PRIO_PROCESS, 0), -20);
        EXPECT_EQ(errno, 0);
        EXPECT_EQ(sched_getscheduler(0), SCHED_OTHER);
        EXPECT_GE(sched_getcpu(), 0);
        timespec time{};
        EXPECT_EQ(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time), 0);
    });
}

}  // namespace
