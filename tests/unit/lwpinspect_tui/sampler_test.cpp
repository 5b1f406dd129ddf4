// The sampling thread.
#include "tui/sampler.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <variant>
#include <vector>

#include "unit/lwpinspect_tui/synthetic.h"

namespace lwpi::tui {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds kBound{20'000};
// Longer than any test lasts: what comes, came because it was asked for.
constexpr milliseconds kNever{3'600'000};

// Gives the shop, remembers what was asked for, and can be held or made to fail.
class FakeSource : public SnapshotSource {
  public:
    Snapshot take(const SnapshotRequest& request) override
    {
        std::unique_lock guard(lock_);
        requests_.push_back(request);
        changed_.notify_all();
        changed_.wait(guard, [this] { return !held_; });
        if (failure_) {
            throw *failure_;
        }
        Snapshot snapshot = synthetic::shop();
        snapshot.pause_ns = pause_ns_;
        if (ending_) {
            snapshot.ended = true;
            snapshot.threads.clear();
            failure_.emplace(ExitCode::kNoProcess, "has exited");
        }
        return snapshot;
    }

    // It is half gone when the next snapshot is taken, and gone after that.
    void end()
    {
        const std::lock_guard guard(lock_);
        ending_ = true;
    }

    void hold(bool held)
    {
        const std::lock_guard guard(lock_);
        held_ = held;
        changed_.notify_all();
    }
    void fail(const TargetError& failure)
    {
        const std::lock_guard guard(lock_);
        failure_ = failure;
    }
    void pause(std::int64_t ns)
    {
        const std::lock_guard guard(lock_);
        pause_ns_ = ns;
    }
    bool wait_for_calls(std::size_t count)
    {
        std::unique_lock guard(lock_);
        return changed_.wait_for(guard, kBound, [&] { return requests_.size() >= count; });
    }
    std::vector<SnapshotRequest> requests()
    {
        const std::lock_guard guard(lock_);
        return requests_;
    }

  private:
    std::mutex lock_;
    std::condition_variable changed_;
    bool held_ = false;
    bool ending_ = false;
    std::optional<TargetError> failure_;
    std::int64_t pause_ns_ = 0;
    std::vector<SnapshotRequest> requests_;
};

// The next event; nullopt when none comes within the bound.
std::optional<Event> next(Sampler& sampler)
{
    pollfd ready{sampler.fd(), POLLIN, 0};
    if (poll(&ready, 1, static_cast<int>(kBound.count())) != 1) {
        return std::nullopt;
    }
    return sampler.collect();
}

TEST(TuiSampler, TakesTheFirstSampleAtOnce)
{
    FakeSource source;
    Sampler sampler(source, {}, kNever);
    const auto event = next(sampler);
    ASSERT_TRUE(event.has_value());
    const auto* const taken = std::get_if<SampleEvent>(&*event);
    ASSERT_NE(taken, nullptr);
    EXPECT_EQ(taken->sample->snapshot.process.name, "shopd");
    EXPECT_FALSE(sampler.collect().has_value()) << "collected once";
}

TEST(TuiSampler, AnUrgentWishDoesNotWaitForItsTurn)
{
    FakeSource source;
    Sampler sampler(source, {}, kNever);
    ASSERT_TRUE(next(sampler).has_value());
    SnapshotRequest request;
    request.stacks = Stacks::kChosen;
    request.threads = {9703};
    sampler.want(request, Sampler::When::kSoon);
    ASSERT_TRUE(next(sampler).has_value());
    EXPECT_EQ(source.requests().at(1).threads, (std::vector<std::uint64_t>{9703}));
}

TEST(TuiSampler, AWishDuringASnapshotIsHeardAfterIt)
{
    FakeSource source;
    source.hold(true);
    Sampler sampler(source, {}, kNever);
    ASSERT_TRUE(source.wait_for_calls(1));
    SnapshotRequest request;
    request.threads = {17};
    sampler.want(request, Sampler::When::kSoon);
    source.hold(false);
    ASSERT_TRUE(source.wait_for_calls(2));
    EXPECT_EQ(source.requests().at(1).threads, (std::vector<std::uint64_t>{17}));
}

// One that was taken while the process ended came after it once, with no threads in it.
TEST(TuiSampler, TheLastPictureIsThatOfAProcessThatLived)
{
    FakeSource source;
    Sampler sampler(source, {}, kNever);
    ASSERT_TRUE(next(sampler).has_value());
    source.end();
    sampler.want({}, Sampler::When::kSoon);
    const auto event = next(sampler);
    ASSERT_TRUE(event.has_value());
    EXPECT_TRUE(std::holds_alternative<EndEvent>(*event));
}

TEST(TuiSampler, AProcessThatEndsDuringTheFirstIsShownAsItWas)
{
    FakeSource source;
    source.end();
    Sampler sampler(source, {}, kNever);
    const auto event = next(sampler);
    ASSERT_TRUE(event.has_value());
    EXPECT_TRUE(std::holds_alternative<SampleEvent>(*event));
}

TEST(TuiSampler, TurnsComeByThemselves)
{
    FakeSource source;
    Sampler sampler(source, {}, milliseconds{20});
    EXPECT_TRUE(source.wait_for_calls(5));
}

TEST(TuiSampler, SlowsDownWhenThePauseWouldTakeMoreThanAHundredth)
{
    FakeSource source;
    source.pause(50'000'000);
    Sampler sampler(source, {}, milliseconds{20});
    const auto event = next(sampler);
    ASSERT_TRUE(event.has_value());
    EXPECT_EQ(std::get<SampleEvent>(*event).sample->interval, milliseconds{5000});
}

TEST(TuiSampler, SaysWhyItEnds)
{
    FakeSource source;
    source.fail(TargetError(ExitCode::kNoProcess, "4711 has exited."));
    Sampler sampler(source, {}, milliseconds{20});
    const auto event = next(sampler);
    ASSERT_TRUE(event.has_value());
    const auto* const end = std::get_if<EndEvent>(&*event);
    ASSERT_NE(end, nullptr);
    EXPECT_EQ(end->code, ExitCode::kNoProcess);
    EXPECT_EQ(end->sentence, "4711 has exited.");
    EXPECT_EQ(source.requests().size(), 1U);
}

}  // namespace
}  // namespace lwpi::tui
