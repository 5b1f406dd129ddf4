// deadlocks and check: two looks at the process, and what both of them show.
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <thread>

#include "commands/commands.h"
#include "commands/session.h"
#include "report/graph_text.h"
#include "support/escape.h"
#include "support/text.h"

namespace lwpi {
namespace {

void add_members(const std::vector<Finding>& findings, SnapshotRequest& request)
{
    request.stacks = Stacks::kChosen;
    for (const Finding& finding : findings) {
        for (const Party& party : finding.members) {
            if (party.kind == Party::Kind::kThread) {
                request.threads.push_back(party.id);
            } else {
                request.lwps.push_back(static_cast<int>(party.id));
            }
        }
    }
}

std::set<Rule> wanted_rules(const std::string& list)
{
    std::set<Rule> rules;
    const auto& names = rule_names();
    for (const std::string_view word : split(list, ',')) {
        const auto found =
            std::find_if(names.begin(), names.end(), [&](const auto& n) { return n.name == word; });
        if (found == names.end()) {
            std::string known;
            for (const RuleName& name : names) {
                known += fmt::format("{}{}", known.empty() ? "" : ",", name.name);
            }
            throw TargetError(ExitCode::kUsage,
                              fmt::format("no rule \"{}\"; there are {}.", printable(word), known));
        }
        rules.insert(found->rule);
    }
    return rules;
}

int print(const Session& session, const Options& options, Snapshot& snapshot,
          const std::vector<Finding>& findings, std::string_view nothing)
{
    const WaitGraph graph(snapshot);
    std::string body;
    for (const Finding& finding : findings) {
        body += options.json ? finding_json(finding)
                             : (body.empty() ? "" : "\n") +
                                   finding_text(graph, finding, true, session.colour());
    }
    // A circle that a deadline ends is worth a line, but it is no deadlock.
    const bool found = std::any_of(findings.begin(), findings.end(), [&](const Finding& finding) {
        return options.verb == Verb::kCheck || finding.rule != Rule::kTimed;
    });
    const ExitCode code = found ? ExitCode::kFinding : exit_code_of(snapshot);
    if (options.json) {
        return session.print_json(snapshot, body, code);
    }
    return session.print_text(snapshot, findings.empty() ? fmt::format("{}\n", nothing) : body,
                              code);
}

void note_single_look(const Session& session, Snapshot& snapshot)
{
    if (session.is_one_look()) {
        snapshot.notes.push_back(
            {ExitCode::kDone, "a saved snapshot is one look: what it shows is not confirmed."});
    }
}

}  // namespace

int run_deadlocks(const Options& options)
{
    Session session(options);
    SnapshotRequest request = session.request();
    Snapshot first = session.take_whole(request);
    const std::vector<Finding> suspected = suspects(first);
    if (suspected.empty()) {
        return print(session, options, first, {}, "no deadlock");
    }
    add_members(suspected, request);
    session.pause(options.confirm);
    Snapshot second = session.take_whole(request);
    note_single_look(session, second);
    return print(session, options, second, deadlocks(first, second), "no deadlock");
}

int run_check(const Options& options)
{
    const auto rules = options.rules.empty() ? std::set<Rule>() : wanted_rules(options.rules);
    Session session(options);
    SnapshotRequest request = session.request();
    const Snapshot first = session.take_whole(request);
    add_members(suspects(first), request);
    session.pause(options.sample);
    Snapshot second = session.take_whole(request);
    std::vector<Finding> findings = deadlocks(first, second);
    const std::vector<Finding> more = warnings(first, second);
    findings.insert(findings.end(), more.begin(), more.end());
    std::erase_if(findings, [&](const Finding& finding) {
        return !rules.empty() && !rules.contains(finding.rule);
    });
    note_single_look(session, second);
    return print(session, options, second, findings, "nothing found");
}

}  // namespace lwpi
