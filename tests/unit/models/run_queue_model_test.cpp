// In every interleaving each thread of a run queue is run once, whoever takes it and from where.
#include "run_queue_model.h"

#include <gtest/gtest.h>

namespace {

using models::RunQueueModel;
using models::RunQueueOmissions;
using models::Verdict;

Verdict explore(const RunQueueOmissions& omissions)
{
    const RunQueueModel model{omissions};
    return models::Explorer<RunQueueModel>{model}.explore(RunQueueModel::start());
}

TEST(RunQueueModel, EachThreadIsRunOnce)
{
    const Verdict verdict = explore({});
    EXPECT_TRUE(verdict.holds) << verdict.story;
    EXPECT_GT(verdict.worlds, 5'000U);
}

TEST(RunQueueModel, NeedsTheFenceBeforeTheLookAtTheFront)
{
    EXPECT_FALSE(explore({.fence = true}).holds);
}

TEST(RunQueueModel, NeedsTheLookAtTheFront)
{
    EXPECT_FALSE(explore({.look_at_head = true}).holds);
}

TEST(RunQueueModel, NeedsTheExchange)
{
    EXPECT_FALSE(explore({.exchange = true}).holds);
}

TEST(RunQueueModel, DropsAnEntryOnlyIfItIsNext)
{
    EXPECT_FALSE(explore({.drop = true}).holds);
}

}  // namespace
