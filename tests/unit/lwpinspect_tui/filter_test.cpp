// The filter language.
#include "tui/filter.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tui/rows.h"
#include "unit/lwpinspect_tui/synthetic.h"

namespace lwpi::tui {
namespace {

std::vector<std::uint64_t> matching(const std::string& text)
{
    const ParsedFilter parsed = parse_filter(text);
    EXPECT_EQ(parsed.error, "");
    const SamplePtr sample = synthetic::sample(synthetic::shop());
    std::vector<std::uint64_t> ids;
    for (const std::uint32_t row : thread_rows(*sample, parsed.filter, Sort{})) {
        ids.push_back(sample->snapshot.threads[row].id);
    }
    return ids;
}

std::vector<int> matching_lwps(const Snapshot& snapshot, const std::string& text)
{
    const SamplePtr sample = synthetic::sample(snapshot);
    std::vector<int> tids;
    for (const std::uint32_t row :
         lwp_rows(*sample, parse_filter(text).filter, Sort{Column::kTid, false})) {
        tids.push_back(sample->snapshot.lwps[row].tid);
    }
    return tids;
}

using Ids = std::vector<std::uint64_t>;

TEST(TuiFilter, NothingAskedMatchesAll)
{
    EXPECT_EQ(matching("").size(), 5U);
    EXPECT_EQ(matching("   ").size(), 5U);
}

TEST(TuiFilter, AWordMatchesAnywhereWhateverItsCase)
{
    EXPECT_EQ(matching("REQ"), (Ids{9544, 9703})) << "name";
    EXPECT_EQ(matching("#17"), (Ids{17})) << "id";
    EXPECT_EQ(matching("queue_cv"), (Ids{17})) << "wait";
    EXPECT_EQ(matching("cache_get"), (Ids{9703})) << "function";
    EXPECT_EQ(matching("timer_main"), (Ids{2})) << "start function";
}

TEST(TuiFilter, KeysMatchTheirColumnOnly)
{
    EXPECT_EQ(matching("state:blocked"), (Ids{17, 9544, 9703}));
    EXPECT_EQ(matching("state:r"), (Ids{1, 2}));
    EXPECT_EQ(matching("wait:mutex"), (Ids{9544, 9703}));
    EXPECT_EQ(matching("wait:stats_lock"), (Ids{9703}));
    EXPECT_EQ(matching("fn:accept"), (Ids{1}));
    EXPECT_EQ(matching("name:accept"), (Ids{1}));
    EXPECT_EQ(matching("name:accept_loop"), Ids{});
    EXPECT_EQ(matching("lwp:3"), (Ids{1}));
    EXPECT_EQ(matching("lwp:4714"), (Ids{1}));
    EXPECT_EQ(matching("lwp:4"), Ids{});
}

TEST(TuiFilter, AgesAreSeconds)
{
    EXPECT_EQ(matching("age>13"), (Ids{17, 9544, 9703}));
    EXPECT_EQ(matching("age>14"), (Ids{17}));
    EXPECT_EQ(matching("age<1"), (Ids{2}));
}

TEST(TuiFilter, AllWordsMustMatch)
{
    EXPECT_EQ(matching("state:blocked req"), (Ids{9544, 9703}));
    EXPECT_EQ(matching("state:blocked fn:stats req"), (Ids{9544}));
    EXPECT_EQ(matching("state:ready wait:mutex"), Ids{});
}

TEST(TuiFilter, SaysWhatIsWrong)
{
    EXPECT_NE(parse_filter("kind:x").error.find("no filter key kind"), std::string::npos);
    EXPECT_NE(parse_filter("lwp:three").error.find("not an LWP"), std::string::npos);
    EXPECT_NE(parse_filter("age>old").error.find("not a number of seconds"), std::string::npos);
    EXPECT_NE(parse_filter("age>-1").error, "");
    EXPECT_EQ(parse_filter("std::vector").error, "");
    EXPECT_EQ(parse_filter("\x1b[31m:x").error.find('\x1b'), std::string::npos);
}

TEST(TuiFilter, OnlyFunctionsNeedStacks)
{
    EXPECT_TRUE(parse_filter("x fn:y").filter.needs_stacks());
    EXPECT_FALSE(parse_filter("x state:y wait:z").filter.needs_stacks());
}

TEST(TuiFilter, LwpsAreFilteredToo)
{
    using Tids = std::vector<int>;
    EXPECT_EQ(matching_lwps(synthetic::shop(), "state:parked"), (Tids{4711, 4718}));
    EXPECT_EQ(matching_lwps(synthetic::shop(), "name:acceptor"), (Tids{4714})) << "that it carries";
    EXPECT_EQ(matching_lwps(synthetic::shop(), "lwp:7"), (Tids{4718}));
    EXPECT_EQ(matching_lwps(synthetic::shop(), "wait:futex"), (Tids{4711}));
    EXPECT_EQ(matching_lwps(synthetic::plain(), "state:R"), (Tids{4801}));
    EXPECT_EQ(matching_lwps(synthetic::plain(), "fn:wait_for"), (Tids{4800}));
}

}  // namespace
}  // namespace lwpi::tui
