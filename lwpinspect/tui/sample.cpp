#include "tui/sample.h"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

#include "support/escape.h"

namespace lwpi::tui {

namespace {

constexpr std::int64_t kShortestPeriod = 250'000'000;

void count(std::vector<Count>& counts, std::string_view word)
{
    const auto found = std::find_if(counts.begin(), counts.end(),
                                    [word](const Count& one) { return one.word == word; });
    if (found != counts.end()) {
        ++found->number;
    } else {
        counts.push_back(Count{std::string(word), 1});
    }
}

std::vector<Count> count_threads(const Snapshot& snapshot)
{
    std::vector<Count> states{{"running", 0}, {"ready", 0}, {"blocked", 0}};
    for (const ThreadInfo& thread : snapshot.threads) {
        count(states,
              thread.state == ThreadState::kSwitching ? "switching" : printable(thread.state_name));
    }
    return states;
}

// With the library: what it uses its LWPs for; without: what the kernel says of them.
std::vector<Count> count_lwps(const Snapshot& snapshot)
{
    if (!has_user_threads(snapshot)) {
        std::vector<Count> states{{"running", 0}, {"sleeping", 0}};
        for (const LwpInfo& lwp : snapshot.lwps) {
            switch (lwp.kernel_state) {
                case 'R':
                    count(states, "running");
                    break;
                case 'S':
                case 'I':
                    count(states, "sleeping");
                    break;
                case 'D':
                    count(states, "disk");
                    break;
                default:
                    count(states, "stopped");
                    break;
            }
        }
        return states;
    }
    std::vector<Count> uses{{"busy", 0}, {"idle", 0}, {"kernel", 0}};
    for (const LwpInfo& lwp : snapshot.lwps) {
        if (lwp.thread) {
            count(uses, lwp.syscall || lwp.kernel_state == 'D' ? "kernel" : "busy");
        } else {
            count(uses, lwp.index && lwp.state_name != "helper" ? "idle" : "other");
        }
    }
    return uses;
}

std::vector<Count> count_waits(const Snapshot& snapshot)
{
    std::vector<Count> waits;
    for (const ThreadInfo& thread : snapshot.threads) {
        if (thread.wait.kind != WaitKind::kNone) {
            count(waits, printable(thread.wait.name));
        } else if (thread.syscall) {
            count(waits, "kernel");
        }
    }
    std::stable_sort(waits.begin(), waits.end(),
                     [](const Count& a, const Count& b) { return a.number > b.number; });
    return waits;
}

std::optional<double> rate(std::optional<std::int64_t> now, std::optional<std::int64_t> before,
                           std::int64_t period)
{
    if (!now || !before || *now < *before) {
        return std::nullopt;
    }
    return static_cast<double>(*now - *before) / static_cast<double>(period);
}

std::optional<double> scaled(std::optional<double> value, double factor)
{
    return value ? std::optional(*value * factor) : std::nullopt;
}

}  // namespace

bool has_user_threads(const Snapshot& snapshot) noexcept
{
    return snapshot.process.library.state == LibraryState::kPresent;
}

SamplePtr SampleMaker::make(Snapshot snapshot, SnapshotRequest request,
                            std::chrono::milliseconds interval)
{
    auto sample = std::make_shared<Sample>();
    sample->snapshot = std::move(snapshot);
    sample->request = std::move(request);
    sample->interval = interval;
    sample->thread_states = count_threads(sample->snapshot);
    sample->lwp_uses = count_lwps(sample->snapshot);
    sample->waits = count_waits(sample->snapshot);
    add_rates(*sample);
    add_findings(*sample);
    remember(sample->snapshot);
    return sample;
}

void SampleMaker::add_findings(Sample& sample)
{
    if (before_) {
        sample.findings = deadlocks(*before_, sample.snapshot);
        std::vector<Finding> more = warnings(*before_, sample.snapshot);
        std::move(more.begin(), more.end(), std::back_inserter(sample.findings));
    }
    before_.emplace();
    before_->process = sample.snapshot.process;
    before_->taken_ns = sample.snapshot.taken_ns;
    before_->complete = sample.snapshot.complete;
    before_->unread_threads = sample.snapshot.unread_threads;
    before_->threads = sample.snapshot.threads;
    before_->lwps = sample.snapshot.lwps;
    for (ThreadInfo& thread : before_->threads) {
        thread.stack = {};
    }
    for (LwpInfo& lwp : before_->lwps) {
        lwp.stack = {};
    }
}

void SampleMaker::add_rates(Sample& sample) const
{
    const Snapshot& now = sample.snapshot;
    sample.switches_per_second.resize(now.threads.size());
    sample.cpu_percent.resize(now.lwps.size());
    sample.delay_ms_per_second.resize(now.lwps.size());
    const Reading* const base = this->base(now.taken_ns);
    if (base == nullptr) {
        return;
    }
    const std::int64_t period = now.taken_ns - base->taken_ns;
    for (std::size_t i = 0; i < now.threads.size(); ++i) {
        const auto before = base->switches.find(now.threads[i].id);
        const auto switches = now.threads[i].switches;
        if (before != base->switches.end() && switches && *switches >= before->second) {
            sample.switches_per_second[i] = static_cast<double>(*switches - before->second) /
                                            (static_cast<double>(period) / 1e9);
        }
    }
    for (std::size_t i = 0; i < now.lwps.size(); ++i) {
        const LwpInfo& lwp = now.lwps[i];
        const auto before = base->lwps.find(lwp.tid);
        if (before == base->lwps.end()) {
            continue;
        }
        sample.cpu_percent[i] = scaled(rate(lwp.cpu_ns, before->second.cpu_ns, period), 100.0);
        sample.delay_ms_per_second[i] =
            scaled(rate(lwp.run_delay_ns, before->second.run_delay_ns, period), 1000.0);
    }
}

const SampleMaker::Reading* SampleMaker::base(std::int64_t now_ns) const
{
    for (const std::optional<Reading>* const reading : {&newer_, &older_}) {
        if (*reading && now_ns - (*reading)->taken_ns >= kShortestPeriod) {
            return &**reading;
        }
    }
    return nullptr;
}

void SampleMaker::remember(const Snapshot& snapshot)
{
    if (newer_ && snapshot.taken_ns - newer_->taken_ns < kShortestPeriod) {
        return;
    }
    Reading reading;
    reading.taken_ns = snapshot.taken_ns;
    reading.switches.reserve(snapshot.threads.size());
    for (const ThreadInfo& thread : snapshot.threads) {
        if (thread.switches) {
            reading.switches.emplace(thread.id, *thread.switches);
        }
    }
    for (const LwpInfo& lwp : snapshot.lwps) {
        reading.lwps.emplace(lwp.tid, Reading::Lwp{lwp.cpu_ns, lwp.run_delay_ns});
    }
    older_ = std::move(newer_);
    newer_ = std::move(reading);
}

}  // namespace lwpi::tui
