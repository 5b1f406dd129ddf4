// In every interleaving a sleeping thread is claimed once, by one, and no token or signal is lost;
// a protocol that lacks one of its looks does worse.
#include "claim_model.h"

#include <gtest/gtest.h>

namespace {

using models::ClaimModel;
using models::ClaimOmissions;
using models::Story;
using models::Verdict;

Verdict explore(const ClaimOmissions& omissions, Story story)
{
    const ClaimModel model{omissions, story};
    return models::Explorer<ClaimModel>{model}.explore(ClaimModel::start());
}

TEST(ClaimModel, WakeUpDeadlineAndSignalClaimAThreadOnce)
{
    const Verdict verdict = explore({}, Story::kTokens);
    EXPECT_TRUE(verdict.holds) << verdict.story;
    EXPECT_GT(verdict.worlds, 10'000U);
}

TEST(ClaimModel, ASignalFindsAThreadThatIsMoved)
{
    const Verdict verdict = explore({}, Story::kMove);
    EXPECT_TRUE(verdict.holds) << verdict.story;
    EXPECT_GT(verdict.worlds, 500U);
}

TEST(ClaimModel, NeedsTheAnnouncementBeforeTheLock)
{
    EXPECT_FALSE(explore({.announcement_first = true}, Story::kMove).holds);
}

TEST(ClaimModel, NeedsTheLookAtTheRequests)
{
    EXPECT_FALSE(explore({.look_at_requests = true}, Story::kMove).holds);
}

TEST(ClaimModel, NeedsTheLookOfWhoMovesTheThread)
{
    EXPECT_FALSE(explore({.look_when_moved = true}, Story::kMove).holds);
}

TEST(ClaimModel, NeedsTheSecondLookAtTheAnnouncement)
{
    EXPECT_FALSE(explore({.second_look = true}, Story::kMove).holds);
}

TEST(ClaimModel, NeedsTheLookAtTheState)
{
    EXPECT_FALSE(explore({.look_at_state = true}, Story::kTokens).holds);
}

TEST(ClaimModel, NeedsTheNumberOfTheWait)
{
    EXPECT_FALSE(explore({.number_of_wait = true}, Story::kTokens).holds);
}

}  // namespace
