#include "model/findings.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "model/cycles.h"
#include "model/objects.h"
#include "support/text.h"

namespace lwpi {
namespace {

using FindingKey = std::tuple<Rule, std::uint64_t, std::vector<std::pair<int, std::uint64_t>>>;

// What makes two findings of two snapshots the same one.
FindingKey key_of(const Finding& finding)
{
    std::vector<std::pair<int, std::uint64_t>> members;
    for (const Party& party : finding.members) {
        members.emplace_back(static_cast<int>(party.kind), party.id);
    }
    std::sort(members.begin(), members.end());
    if (finding.rule == Rule::kOrphan) {
        members.clear();  // its waiters come and go
    }
    const std::uint64_t object = finding.waits.empty() ? 0 : finding.waits[0].object.value_or(0);
    return {finding.rule, object, std::move(members)};
}

std::string parties_text(const WaitGraph& graph, const std::vector<Party>& parties)
{
    constexpr std::size_t kNamed = 4;
    std::string text;
    for (std::size_t i = 0; i < std::min(parties.size(), kNamed); ++i) {
        text += (i == 0 ? "" : ", ") + describe_party(graph, parties[i]);
    }
    return parties.size() <= kNamed ? text
                                    : fmt::format("{} and {} more", text, parties.size() - kNamed);
}

Finding circle(const WaitGraph& graph, std::vector<Party> members)
{
    Finding finding;
    for (const Party& party : members) {
        finding.waits.push_back(*graph.wait_of(party));
    }
    const bool timed = std::any_of(finding.waits.begin(), finding.waits.end(),
                                   [](const Wait& wait) { return wait.left_ns.has_value(); });
    finding.rule = timed ? Rule::kTimed : members.size() == 1 ? Rule::kSelf : Rule::kDeadlock;
    if (members.size() == 1) {
        finding.text = fmt::format("{} waits for {}, which it holds itself",
                                   describe_party(graph, members[0]), describe(finding.waits[0]));
    } else {
        finding.text = fmt::format("{} wait for each other", parties_text(graph, members));
    }
    if (timed) {
        finding.text += ", until a time limit ends it";
    }
    finding.members = std::move(members);
    return finding;
}

// Locks whose holder is no more. Of a join the target may have ended this moment.
void add_orphans(const WaitGraph& graph, std::vector<Finding>& findings)
{
    const Snapshot& snapshot = graph.snapshot();
    if (snapshot.unread_threads != 0 || !snapshot.complete) {
        return;  // the holder may be among those not read
    }
    for (const SyncObject& object : objects_of(graph)) {
        const ThreadInfo* const holder = object.owner ? graph.thread(*object.owner) : nullptr;
        const bool ended =
            object.owner && (holder == nullptr ? !graph.exists(*object.owner)
                                               : holder->state == ThreadState::kZombie);
        if (!object.is_lock || !ended) {
            continue;
        }
        Finding finding;
        finding.rule = Rule::kOrphan;
        finding.holder = object.owner;
        for (const Waiter& waiter : object.waiters) {
            finding.members.push_back(waiter.who);
            finding.waits.push_back(*graph.wait_of(waiter.who));
        }
        finding.text = fmt::format("{} wait{} for {}, held by {}, which has ended",
                                   parties_text(graph, finding.members),
                                   finding.members.size() == 1 ? "s" : "", describe(object),
                                   describe_party(graph, *object.owner));
        findings.push_back(std::move(finding));
    }
}

bool serves_the_pool(const LwpInfo& lwp)
{
    return lwp.index && (lwp.state_name == "running" || lwp.state_name == "searching" ||
                         lwp.state_name == "parked");
}

// For longer than the library takes to notice that its LWPs sleep, and to make another one.
bool is_left_ready(const ThreadInfo& thread)
{
    constexpr std::int64_t kSecond = 1'000'000'000;
    return thread.state == ThreadState::kReady && thread.since_ns.value_or(0) >= kSecond;
}

void add_starved(const WaitGraph& graph, std::vector<Finding>& findings)
{
    const Snapshot& snapshot = graph.snapshot();
    const auto ready = static_cast<std::size_t>(
        std::count_if(snapshot.threads.begin(), snapshot.threads.end(), is_left_ready));
    Finding finding;
    finding.rule = Rule::kStarved;
    for (const LwpInfo& lwp : snapshot.lwps) {
        if (!serves_the_pool(lwp)) {
            continue;
        }
        const bool stuck = lwp.thread && lwp.syscall && lwp.state_name == "running";
        if (!stuck) {
            return;
        }
        finding.members.push_back(
            graph.canonical({Party::Kind::kLwp, static_cast<std::uint64_t>(lwp.tid)}));
    }
    if (ready == 0 || finding.members.empty()) {
        return;
    }
    finding.text = fmt::format(
        "{} thread{} ready for more than a second, but {} keep{} all {} LWP{} of the pool asleep "
        "in "
        "the kernel",
        ready, ready == 1 ? " is" : "s are", parties_text(graph, finding.members),
        finding.members.size() == 1 ? "s" : "", finding.members.size(),
        finding.members.size() == 1 ? "" : "s");
    findings.push_back(std::move(finding));
}

std::vector<Finding> candidates(const WaitGraph& graph)
{
    std::vector<Finding> findings;
    for (std::vector<Party>& members : cycles(graph)) {
        findings.push_back(circle(graph, std::move(members)));
    }
    add_orphans(graph, findings);
    add_starved(graph, findings);
    std::stable_sort(findings.begin(), findings.end(),
                     [](const Finding& a, const Finding& b) { return a.rule < b.rule; });
    return findings;
}

bool same_wait(const Wait* a, const Wait* b)
{
    return (a == nullptr) == (b == nullptr) &&
           (a == nullptr || (a->kind == b->kind && a->object == b->object &&
                             a->target == b->target && a->owner == b->owner));
}

// When the thread went to sleep, exact: the age was taken from this very time.
std::optional<std::int64_t> since_of(const Snapshot& snapshot, const ThreadInfo& thread)
{
    return thread.since_ns ? std::optional(snapshot.taken_ns - *thread.since_ns) : std::nullopt;
}

// Some thread that was ready in vain at the first look and is so still.
bool waits_in_vain(const WaitGraph& first, const WaitGraph& second)
{
    const auto& threads = second.snapshot().threads;
    return std::any_of(threads.begin(), threads.end(), [&](const ThreadInfo& after) {
        const ThreadInfo* const before = first.thread({Party::Kind::kThread, after.id});
        return is_left_ready(after) && before != nullptr && is_left_ready(*before) &&
               before->seq == after.seq &&
               since_of(first.snapshot(), *before) == since_of(second.snapshot(), after);
    });
}

}  // namespace

bool stood_still(const WaitGraph& first, const WaitGraph& second, Party party)
{
    const ThreadInfo* const before = first.thread(party);
    const ThreadInfo* const after = second.thread(party);
    if ((before == nullptr) != (after == nullptr) ||
        !same_wait(first.wait_of(party), second.wait_of(party))) {
        return false;
    }
    if (before != nullptr) {
        const bool sleeps = before->wait.kind != WaitKind::kNone;
        if (before->id != after->id || before->state != after->state || before->seq != after->seq ||
            before->switches != after->switches ||
            since_of(first.snapshot(), *before) != since_of(second.snapshot(), *after)) {
            return false;
        }
        if (sleeps && !before->tid && !after->tid) {
            return true;
        }
    }
    // A stop counts as a switch. What is seen at one instant needs no such proof: at that moment
    // all of it was true together.
    const bool instants =
        first.snapshot().mode == Mode::kInstant || second.snapshot().mode == Mode::kInstant;
    const LwpInfo* const lwp_before = first.lwp(party);
    const LwpInfo* const lwp_after = second.lwp(party);
    return lwp_before != nullptr && lwp_after != nullptr && lwp_before->tid == lwp_after->tid &&
           (instants || lwp_before->voluntary_switches == lwp_after->voluntary_switches) &&
           lwp_before->syscall.has_value() && lwp_after->syscall.has_value() &&
           lwp_before->syscall->number == lwp_after->syscall->number &&
           lwp_before->syscall->arguments == lwp_after->syscall->arguments;
}

std::vector<Finding> suspects(const Snapshot& snapshot)
{
    const WaitGraph graph(snapshot);
    return candidates(graph);
}

std::vector<Finding> deadlocks(const Snapshot& first, const Snapshot& second)
{
    const WaitGraph before(first);
    const WaitGraph after(second);
    std::set<FindingKey> known;
    for (const Finding& finding : candidates(before)) {
        known.insert(key_of(finding));
    }
    std::vector<Finding> confirmed = candidates(after);
    std::erase_if(confirmed, [&](const Finding& finding) {
        const auto still = [&](const Party& party) { return stood_still(before, after, party); };
        const bool holds = finding.rule == Rule::kOrphan
                               ? std::any_of(finding.members.begin(), finding.members.end(), still)
                               : std::all_of(finding.members.begin(), finding.members.end(), still);
        return !known.contains(key_of(finding)) || !holds ||
               (finding.rule == Rule::kStarved && !waits_in_vain(before, after));
    });
    return confirmed;
}

const std::vector<RuleName>& rule_names()
{
    static const std::vector<RuleName> names{
        {Rule::kDeadlock, "deadlock", "threads that wait for each other in a circle"},
        {Rule::kSelf, "self", "a thread that waits for a lock it holds itself"},
        {Rule::kOrphan, "orphan", "a lock whose holder has ended"},
        {Rule::kStarved, "starved",
         "threads stay ready, but every LWP of the pool sleeps in the kernel"},
        {Rule::kTimed, "timed", "a circle that a time limit will end"},
        {Rule::kReady, "ready", "a thread is ready for more than a second"},
        {Rule::kRunning, "running",
         "a thread runs for a second without a switch while others are ready"},
        {Rule::kHolder, "holder", "the holder of a lock others wait for sleeps in the kernel"},
        {Rule::kStack, "stack", "a thread has used nine tenths of its stack"}};
    return names;
}

std::string_view name_of(Rule rule)
{
    const auto found = std::find_if(rule_names().begin(), rule_names().end(),
                                    [&](const RuleName& name) { return name.rule == rule; });
    return found == rule_names().end() ? "?" : found->name;
}

}  // namespace lwpi
