// What deserves a look though nothing is stuck. Each rule needs two snapshots.
#include <fmt/format.h>

#include <algorithm>

#include "model/findings.h"
#include "model/objects.h"
#include "support/text.h"

namespace lwpi {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
// Of a second; the rest may have gone to other programs.
constexpr std::int64_t kBusyPart = kSecond / 2;

struct Pair {
    const ThreadInfo& before;
    const ThreadInfo& after;
};

std::string name_of_thread(const WaitGraph& graph, const ThreadInfo& thread)
{
    return describe_party(graph, {Party::Kind::kThread, thread.id});
}

bool has_flag(const ThreadInfo& thread, std::string_view flag)
{
    return std::find(thread.flags.begin(), thread.flags.end(), flag) != thread.flags.end();
}

class Warnings {
  public:
    Warnings(const Snapshot& first, const Snapshot& second)
        : before_(first), after_(second), period_ns_(second.taken_ns - first.taken_ns)
    {
    }

    std::vector<Finding> find()
    {
        others_ready_ = std::any_of(
            after_.snapshot().threads.begin(), after_.snapshot().threads.end(),
            [](const ThreadInfo& thread) { return thread.state == ThreadState::kReady; });
        for (const ThreadInfo& now : after_.snapshot().threads) {
            const ThreadInfo* const then = find_thread(before_.snapshot(), now.id);
            if (then != nullptr) {
                look_at({*then, now});
            }
        }
        look_at_holders();
        std::stable_sort(found_.begin(), found_.end(),
                         [](const Finding& a, const Finding& b) { return a.rule < b.rule; });
        return std::move(found_);
    }

  private:
    void add(Rule rule, const ThreadInfo& thread, std::string text)
    {
        Finding finding;
        finding.rule = rule;
        finding.members.push_back({Party::Kind::kThread, thread.id});
        finding.text = std::move(text);
        found_.push_back(std::move(finding));
    }

    void look_at(const Pair& pair)
    {
        const ThreadInfo& now = pair.after;
        if (now.state == ThreadState::kReady && pair.before.state == ThreadState::kReady &&
            now.seq == pair.before.seq && now.since_ns.value_or(0) > kSecond) {
            add(Rule::kReady, now,
                fmt::format("{} is ready for {} and has not got an LWP",
                            name_of_thread(after_, now), format_duration(*now.since_ns)));
        }
        if (runs_without_end(pair)) {
            add(Rule::kRunning, now,
                fmt::format("{} has run for {} without a switch while others are ready",
                            name_of_thread(after_, now), format_duration(period_ns_)));
        }
        if (is_deep(pair.before) && is_deep(now)) {
            add(Rule::kStack, now,
                fmt::format("{} has used {} of the {} bytes of its stack",
                            name_of_thread(after_, now), now.stack_hi - *now.sp,
                            now.stack_hi - now.stack_lo));
        }
    }

    // A bound thread keeps nobody from an LWP, nor does one that sleeps in the kernel: the pool
    // grows.
    bool runs_without_end(const Pair& pair) const
    {
        const ThreadInfo& now = pair.after;
        if (period_ns_ < kSecond || !others_ready_ || has_flag(now, "bound") ||
            pair.before.state != ThreadState::kRunning || now.state != ThreadState::kRunning ||
            !now.switches || now.switches != pair.before.switches) {
            return false;
        }
        const Party party{Party::Kind::kThread, now.id};
        const LwpInfo* const lwp_before = before_.lwp(party);
        const LwpInfo* const lwp_after = after_.lwp(party);
        return lwp_before != nullptr && lwp_after != nullptr && lwp_before->tid == lwp_after->tid &&
               lwp_before->cpu_ns && lwp_after->cpu_ns &&
               *lwp_after->cpu_ns - *lwp_before->cpu_ns > kBusyPart;
    }

    static bool is_deep(const ThreadInfo& thread)
    {
        if (!thread.sp || *thread.sp < thread.stack_lo || *thread.sp >= thread.stack_hi) {
            return false;
        }
        const std::uint64_t size = thread.stack_hi - thread.stack_lo;
        return thread.stack_hi - *thread.sp > size - size / 10;
    }

    void look_at_holders()
    {
        for (const SyncObject& object : objects_of(after_)) {
            const ThreadInfo* const holder =
                object.is_lock && object.owner ? after_.thread(*object.owner) : nullptr;
            if (holder == nullptr || !holder->syscall || after_.wait_of(*object.owner) != nullptr ||
                !stood_still(before_, after_, *object.owner) ||
                std::none_of(object.waiters.begin(), object.waiters.end(), [&](const Waiter& w) {
                    return stood_still(before_, after_, w.who);
                })) {
                continue;
            }
            Finding finding;
            finding.rule = Rule::kHolder;
            finding.holder = object.owner;
            for (const Waiter& waiter : object.waiters) {
                finding.members.push_back(waiter.who);
                finding.waits.push_back(*after_.wait_of(waiter.who));
            }
            finding.text = fmt::format(
                "{} holds {}, which {} thread{} for, and sleeps in {}",
                describe_party(after_, *object.owner), describe(object), object.waiters.size(),
                object.waiters.size() == 1 ? " waits" : "s wait", describe(*holder->syscall));
            found_.push_back(std::move(finding));
        }
    }

    WaitGraph before_;
    WaitGraph after_;
    std::int64_t period_ns_;
    bool others_ready_ = false;
    std::vector<Finding> found_;
};

}  // namespace

std::vector<Finding> warnings(const Snapshot& first, const Snapshot& second)
{
    return Warnings(first, second).find();
}

}  // namespace lwpi
