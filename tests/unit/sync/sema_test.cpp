#include "sync/sema.h"

#include <pthread.h>

#include <atomic>
#include <climits>
#include <vector>

#include "crew.h"

namespace lt_test {
namespace {

std::uint32_t count_of(sema_t& sema)
{
    return lt::sema_count(lt::state_of(lt::words_of(&sema)));
}

timestruc_t in(milliseconds time)
{
    return {time.count() / 1000, (time.count() % 1000) * 1'000'000};
}

class SemaOfType : public testing::TestWithParam<int> {};

INSTANTIATE_TEST_SUITE_P(Scopes, SemaOfType, testing::Values(USYNC_THREAD, USYNC_PROCESS));

TEST_P(SemaOfType, Counts)
{
    sema_t sema;
    ASSERT_EQ(sema_init(&sema, 2, GetParam(), nullptr), 0);
    EXPECT_EQ(sema_held(&sema), 0);
    EXPECT_EQ(sema_wait(&sema), 0);
    EXPECT_EQ(sema_trywait(&sema), 0);
    EXPECT_NE(SEMA_HELD(&sema), 0);
    EXPECT_EQ(sema_trywait(&sema), EBUSY);
    EXPECT_EQ(sema_post(&sema), 0);
    EXPECT_EQ(count_of(sema), 1U);
    EXPECT_EQ(sema_destroy(&sema), 0);
}

TEST_P(SemaOfType, ReleasesAsManyAsPosts)
{
    constexpr int kThreads = 12;
    sema_t sema;
    ASSERT_EQ(sema_init(&sema, 0, GetParam(), nullptr), 0);
    std::atomic<int> through{0};
    Crew crew;
    for (int i = 0; i < kThreads; ++i) {
        crew.start([&] {
            EXPECT_EQ(sema_wait(&sema), 0);
            ++through;
        });
    }
    for (int i = 1; i <= kThreads; ++i) {
        EXPECT_EQ(sema_post(&sema), 0);
        EXPECT_TRUE(bounded::until([&] { return through >= i; }));
        EXPECT_EQ(through.load(), i);
    }
    crew.join();
    EXPECT_EQ(sema_trywait(&sema), EBUSY);
}

TEST_P(SemaOfType, KeepsItsSumWhenTimeoutsRaceWithPosts)
{
    constexpr int kWaiters = 4;
    constexpr int kPosts = 4000;
    sema_t sema;
    ASSERT_EQ(sema_init(&sema, 0, GetParam(), nullptr), 0);
    std::atomic<int> taken{0};
    std::atomic<int> timeouts{0};
    std::atomic<bool> stop{false};
    Crew crew;
    for (int t = 0; t < kWaiters; ++t) {
        crew.start([&, t] {
            const timestruc_t time{0, 20'000 * (t + 1)};
            while (!stop) {
                const int result = sema_reltimedwait(&sema, &time);
                ASSERT_TRUE(result == 0 || result == ETIME) << result;
                ++(result == 0 ? taken : timeouts);
            }
        });
    }
    int posts = 0;
    for (bounded::Rounds rounds{kPosts}; rounds.next(); ++posts) {
        ASSERT_EQ(sema_post(&sema), 0);
        const auto until = steady_clock::now() + std::chrono::microseconds{30};
        while (steady_clock::now() < until) {
            thr_yield();
        }
    }
    EXPECT_TRUE(bounded::until([&] { return taken == posts && timeouts > 0; }));
    stop = true;
    crew.join();
    EXPECT_EQ(taken.load(), posts);
    EXPECT_EQ(count_of(sema), 0U);
}

TEST_P(SemaOfType, MayVanishOnceTaken)
{
    constexpr int kRounds = 3000;
    std::atomic<sema_t*> offered{nullptr};
    std::atomic<bool> over{false};
    Crew crew;
    crew.start([&] {
        for (bounded::Rounds rounds{kRounds}; rounds.next();) {
            sema_t* sema = OnItsOwnPage<sema_t>::make();
            ASSERT_NE(sema, nullptr);
            ASSERT_EQ(sema_init(sema, 0, GetParam(), nullptr), 0);
            offered = sema;
            if (rounds.number() % 3 == 0) {
                thr_yield();
            }
            ASSERT_EQ(sema_wait(sema), 0);
            ASSERT_EQ(sema_destroy(sema), 0);
            OnItsOwnPage<sema_t>::drop(sema);
        }
        over = true;
    });
    while (!over) {
        ASSERT_TRUE(bounded::until([&] { return over || offered.load() != nullptr; }));
        if (sema_t* sema = offered.exchange(nullptr)) {
            ASSERT_EQ(sema_post(sema), 0);
        }
    }
}

TEST_P(SemaOfType, TimesOut)
{
    sema_t sema;
    ASSERT_EQ(sema_init(&sema, 0, GetParam(), nullptr), 0);
    const timestruc_t soon = in(milliseconds{60});
    const auto before = steady_clock::now();
    EXPECT_EQ(sema_reltimedwait(&sema, &soon), ETIME);
    EXPECT_GE(steady_clock::now() - before, milliseconds{60});
    const timestruc_t past{1, 0};
    EXPECT_EQ(sema_timedwait(&sema, &past), ETIME);
    const timestruc_t none{0, 0};
    EXPECT_EQ(sema_reltimedwait(&sema, &none), ETIME);
    const timestruc_t bad{0, 1'000'000'000};
    EXPECT_EQ(sema_timedwait(&sema, &bad), EINVAL);
    EXPECT_EQ(sema_reltimedwait(&sema, &bad), EINVAL);
    EXPECT_EQ(sema_post(&sema), 0);
    EXPECT_EQ(sema_timedwait(&sema, &bad), 0);  // looked at only when it would wait
    EXPECT_EQ(sema_post(&sema), 0);
    EXPECT_EQ(sema_timedwait(&sema, &past), 0);
    EXPECT_EQ(count_of(sema), 0U);
}

TEST(SemaInit, ChecksItsArguments)
{
    sema_t sema;
    EXPECT_EQ(sema_init(&sema, 0, 2, nullptr), EINVAL);
    EXPECT_EQ(sema_init(&sema, 1U << 31, USYNC_THREAD, nullptr), EINVAL);
    ASSERT_EQ(sema_init(&sema, INT_MAX, USYNC_THREAD, nullptr), 0);
    EXPECT_EQ(sema_post(&sema), EOVERFLOW);
    EXPECT_EQ(sema_wait(&sema), 0);
    EXPECT_EQ(sema_post(&sema), 0);
}

TEST(Sema, ServesInOrderOfArrival)
{
    constexpr int kThreads = 10;
    sema_t sema = DEFAULTSEMA;
    std::atomic<int> next{0};
    std::vector<int> order(kThreads, -1);
    Crew crew;
    for (int i = 0; i < kThreads; ++i) {
        crew.start([&, i] {
            EXPECT_EQ(sema_wait(&sema), 0);
            order[static_cast<std::size_t>(next++)] = i;
        });
        ASSERT_TRUE(bounded::until([&] { return sleepers_on(&sema) == i + 1; }));
    }
    for (int i = 0; i < kThreads; ++i) {
        EXPECT_EQ(sema_post(&sema), 0);
        ASSERT_TRUE(bounded::until([&] { return next == i + 1; }));
    }
    crew.join();
    for (int i = 0; i < kThreads; ++i) {
        EXPECT_EQ(order[static_cast<std::size_t>(i)], i);
    }
}

TEST(Sema, PassesBackAndForth)
{
    constexpr int kRounds = 20000;
    sema_t ping{};
    sema_t pong{};
    Crew crew;
    crew.start([&] {
        for (int i = 0; i < kRounds; ++i) {
            ASSERT_EQ(sema_wait(&ping), 0);
            ASSERT_EQ(sema_post(&pong), 0);
        }
    });
    errno = 4711;
    for (int i = 0; i < kRounds; ++i) {
        ASSERT_EQ(sema_post(&ping), 0);
        ASSERT_EQ(sema_wait(&pong), 0);
    }
    EXPECT_EQ(errno, 4711);
}

// Its first call of the library finds the request, though the library had nobody to note it for.
TEST(Sema, WaitActsOnACancellationOfAThreadUnknownSoFar)
{
    struct Stranger {
        std::atomic<bool> cancelled{false};
        sema_t free{};
        static void* wait(void* argument)
        {
            auto& self = *static_cast<Stranger*>(argument);
            while (!self.cancelled.load()) {
                __builtin_ia32_pause();  // a kernel thread of its own, and no call of the library
            }
            sema_wait(&self.free);
            return nullptr;
        }
    };
    Stranger stranger;
    ASSERT_EQ(sema_post(&stranger.free), 0);
    pthread_t handle{};
    ASSERT_EQ(pthread_create(&handle, nullptr, Stranger::wait, &stranger), 0);
    EXPECT_EQ(pthread_cancel(handle), 0);
    stranger.cancelled = true;
    void* result = nullptr;
    ASSERT_EQ(pthread_join(handle, &result), 0);
    EXPECT_EQ(result, PTHREAD_CANCELED);
}

}  // namespace
}  // namespace lt_test
