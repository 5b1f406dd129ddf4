// Totals and rates.
#include <gtest/gtest.h>

#include <chrono>

#include "unit/lwpinspect_tui/synthetic.h"

namespace lwpi::tui {
namespace {

constexpr std::chrono::milliseconds kInterval{2000};
constexpr std::int64_t kSecond = 1'000'000'000;

Snapshot shop_at(std::int64_t taken_ns, std::uint64_t switches)
{
    Snapshot snapshot = synthetic::shop();
    snapshot.taken_ns = taken_ns;
    snapshot.threads[1].switches = switches;
    snapshot.lwps[1].cpu_ns = static_cast<std::int64_t>(switches) * 1'000'000;
    return snapshot;
}

// For the sake of the next one.
void make(SampleMaker& maker, const Snapshot& snapshot, const SnapshotRequest& request,
          std::chrono::milliseconds interval)
{
    ASSERT_NE(maker.make(snapshot, request, interval), nullptr);
}

TEST(TuiSample, CountsThreadsLwpsAndWaits)
{
    const SamplePtr sample = synthetic::sample(synthetic::shop());
    EXPECT_EQ(sample->thread_states,
              (std::vector<Count>{{"running", 1}, {"ready", 1}, {"blocked", 3}}));
    EXPECT_EQ(sample->lwp_uses, (std::vector<Count>{{"busy", 0}, {"idle", 2}, {"kernel", 1}}));
    EXPECT_EQ(sample->waits, (std::vector<Count>{{"mutex", 2}, {"kernel", 1}, {"cond", 1}}));
}

TEST(TuiSample, CountsKernelStatesWithoutTheLibrary)
{
    const SamplePtr sample = synthetic::sample(synthetic::plain());
    EXPECT_EQ(sample->lwp_uses, (std::vector<Count>{{"running", 1}, {"sleeping", 1}}));
}

TEST(TuiSample, RatesNeedTwoSamples)
{
    SampleMaker maker;
    EXPECT_EQ(maker.make(shop_at(0, 100), {}, kInterval)->switches_per_second[1], std::nullopt);
    const SamplePtr second = maker.make(shop_at(2 * kSecond, 300), {}, kInterval);
    EXPECT_DOUBLE_EQ(second->switches_per_second[1].value(), 100.0);
    EXPECT_DOUBLE_EQ(second->switches_per_second[0].value(), 0.0);
    EXPECT_DOUBLE_EQ(second->cpu_percent[1].value(), 10.0);
}

TEST(TuiSample, SamplesInQuickSuccessionKeepRatesSteady)
{
    SampleMaker maker;
    make(maker, shop_at(0, 0), {}, kInterval);
    make(maker, shop_at(2 * kSecond, 200), {}, kInterval);
    // 20 ms later, asked for by a key: still over two seconds and more.
    const SamplePtr soon = maker.make(shop_at(2 * kSecond + 20'000'000, 202), {}, kInterval);
    EXPECT_DOUBLE_EQ(soon->switches_per_second[1].value(), 100.0);
    const SamplePtr later = maker.make(shop_at(4 * kSecond, 600), {}, kInterval);
    EXPECT_DOUBLE_EQ(later->switches_per_second[1].value(), 200.0);
}

TEST(TuiSample, ANewThreadHasNoRate)
{
    SampleMaker maker;
    Snapshot before = shop_at(0, 0);
    before.threads.erase(before.threads.begin() + 1);
    make(maker, before, {}, kInterval);
    const SamplePtr after = maker.make(shop_at(kSecond, 50), {}, kInterval);
    EXPECT_EQ(after->switches_per_second[1], std::nullopt);
    EXPECT_NE(after->switches_per_second[0], std::nullopt);
}

TEST(TuiSample, ACounterThatWentBackHasNoRate)
{
    SampleMaker maker;
    make(maker, shop_at(0, 500), {}, kInterval);
    EXPECT_EQ(maker.make(shop_at(kSecond, 3), {}, kInterval)->switches_per_second[1], std::nullopt);
}

}  // namespace
}  // namespace lwpi::tui
