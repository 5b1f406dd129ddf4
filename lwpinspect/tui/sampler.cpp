#include "tui/sampler.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include "support/error.h"

namespace lwpi::tui {

namespace {

// Between two snapshots, even when a key asks for one; and no key waits longer than that.
constexpr std::chrono::milliseconds kShortestGap{100};
constexpr std::chrono::milliseconds kLongestGap{1000};
// The process may be stopped for a hundredth of the time at most.
constexpr int kPauseBudget = 100;

std::chrono::milliseconds budgeted(std::chrono::milliseconds interval, std::int64_t pause_ns)
{
    const std::chrono::nanoseconds least{pause_ns * kPauseBudget};
    return std::max(interval, std::chrono::duration_cast<std::chrono::milliseconds>(least));
}

}  // namespace

Sampler::Sampler(SnapshotSource& source, SnapshotRequest first, std::chrono::milliseconds interval)
    : source_(source),
      interval_(interval),
      ready_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      request_(std::move(first)),
      due_(Clock::now()),
      earliest_(due_)
{
    if (!ready_) {
        throw std::system_error(errno, std::generic_category(), "eventfd");
    }
    thread_ = std::thread([this] { run(); });
}

Sampler::~Sampler()
{
    {
        const std::lock_guard guard(lock_);
        stopping_ = true;
    }
    changed_.notify_one();
    thread_.join();
}

void Sampler::want(SnapshotRequest request, When when)
{
    {
        const std::lock_guard guard(lock_);
        request_ = std::move(request);
        soon_ = soon_ || when == When::kSoon;
    }
    changed_.notify_one();
}

std::optional<Event> Sampler::collect()
{
    std::uint64_t count = 0;
    const std::lock_guard guard(lock_);
    // An empty counter is no fault: the result was collected with the one before.
    if (::read(ready_.get(), &count, sizeof count) < 0 && errno != EAGAIN) {
        throw std::system_error(errno, std::generic_category(), "eventfd");
    }
    return std::exchange(result_, std::nullopt);
}

bool Sampler::wait_for_turn(SnapshotRequest& request)
{
    std::unique_lock guard(lock_);
    while (!stopping_) {
        const Clock::time_point until = soon_ ? std::min(earliest_, due_) : due_;
        if (Clock::now() >= until) {
            soon_ = false;
            request = request_;
            return true;
        }
        changed_.wait_until(guard, until);
    }
    return false;
}

void Sampler::publish(Event event)
{
    {
        const std::lock_guard guard(lock_);
        result_ = std::move(event);
    }
    const std::uint64_t one = 1;
    // Cannot fail: the counter is far from its limit.
    static_cast<void>(!::write(ready_.get(), &one, sizeof one));
}

void Sampler::run()
{
    SnapshotRequest request;
    bool published = false;
    while (wait_for_turn(request)) {
        const Clock::time_point began = Clock::now();
        try {
            Snapshot snapshot = source_.take(request);
            if (snapshot.ended && published) {
                // The one before shows more. What the end is called, the next attempt tells.
                const std::lock_guard guard(lock_);
                due_ = began;
                continue;
            }
            const std::int64_t pause_ns = snapshot.pause_ns;
            const auto interval = budgeted(interval_, pause_ns);
            SamplePtr sample = maker_.make(std::move(snapshot), request, interval);
            {
                const std::lock_guard guard(lock_);
                due_ = began + interval;
                earliest_ = Clock::now() + std::min(budgeted(kShortestGap, pause_ns), kLongestGap);
            }
            publish(SampleEvent{std::move(sample)});
            published = true;
        } catch (const TargetError& error) {
            publish(EndEvent{error.code(), error.what()});
            return;
        } catch (const std::exception& error) {
            publish(EndEvent{ExitCode::kInternal, error.what()});
            return;
        }
    }
}

}  // namespace lwpi::tui
