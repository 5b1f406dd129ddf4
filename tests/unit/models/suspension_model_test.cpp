// Every interleaving of the suspension protocol's steps keeps its promises, and a protocol that
// lacks one of them does not.
#include "suspension_model.h"

#include <gtest/gtest.h>

namespace {

using models::Omissions;
using models::SuspensionModel;
using models::Verdict;
using Continue = SuspensionModel::Continue;

Verdict explore(const Omissions& omissions, Continue when)
{
    const SuspensionModel model{omissions, when};
    return models::Explorer<SuspensionModel>{model}.explore(SuspensionModel::start());
}

TEST(SuspensionModel, SuspendsInEveryInterleaving)
{
    const Verdict verdict = explore({}, Continue::kAfterSuspension);
    EXPECT_TRUE(verdict.holds) << verdict.story;
    EXPECT_GT(verdict.worlds, 1000U);
}

TEST(SuspensionModel, LosesNoContinuation)
{
    const Verdict verdict = explore({}, Continue::kAtAnyTime);
    EXPECT_TRUE(verdict.holds) << verdict.story;
    EXPECT_GT(verdict.worlds, 1000U);
}

TEST(SuspensionModel, NeedsTheProcessWideFence)
{
    EXPECT_FALSE(explore({.fence = true}, Continue::kAfterSuspension).holds);
}

TEST(SuspensionModel, NeedsTheLookAfterFallingAsleep)
{
    EXPECT_FALSE(explore({.report = true}, Continue::kAfterSuspension).holds);
}

TEST(SuspensionModel, NeedsTheSecondLookAfterStopping)
{
    EXPECT_FALSE(explore({.second_look = true}, Continue::kAtAnyTime).holds);
}

TEST(SuspensionModel, NeedsTheLookOnLeavingARegion)
{
    EXPECT_FALSE(explore({.look_on_leave = true}, Continue::kAfterSuspension).holds);
}

}  // namespace
