// Every interleaving of the parking protocol's steps gives each thread an LWP, and a protocol that
// lacks one of them does not.
#include "parking_model.h"

#include <gtest/gtest.h>

namespace {

using models::ParkingModel;
using models::ParkingOmissions;
using models::Verdict;

Verdict explore(const ParkingOmissions& omissions, std::uint8_t threads, bool with_clock)
{
    const ParkingModel model{omissions, threads, with_clock};
    return models::Explorer<ParkingModel>{model}.explore({});
}

TEST(ParkingModel, AThreadWakesAnLwpWithoutTheClock)
{
    const Verdict verdict = explore({}, 1, false);
    EXPECT_TRUE(verdict.holds) << verdict.story;
    EXPECT_GT(verdict.worlds, 1000U);
}

TEST(ParkingModel, ThreadsWakeLwpsWithTheClock)
{
    const Verdict verdict = explore({}, 2, true);
    EXPECT_TRUE(verdict.holds) << verdict.story;
    EXPECT_GT(verdict.worlds, 10000U);
}

// A searcher that has found a thread may end its search before it sees the next one, whose pusher
// relies on it.
TEST(ParkingModel, NeedsTheClockWhileOthersSearch)
{
    EXPECT_FALSE(explore({}, 2, false).holds);
}

TEST(ParkingModel, NeedsTheFenceOfTheLwp)
{
    EXPECT_FALSE(explore({.idle_fence = true}, 1, false).holds);
}

TEST(ParkingModel, NeedsTheSecondLook)
{
    EXPECT_FALSE(explore({.second_look = true}, 1, false).holds);
}

TEST(ParkingModel, NeedsTheFenceOfTheClock)
{
    EXPECT_FALSE(explore({.clock_fence = true}, 2, true).holds);
}

TEST(ParkingModel, ANotificationBeforeTheSleepMustStay)
{
    EXPECT_FALSE(explore({.exchange = true}, 1, false).holds);
}

}  // namespace
