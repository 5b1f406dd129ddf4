// Objects, chains and findings as JSON lines.
#include "report/diff_text.h"
#include "report/graph_text.h"
#include "report/json_values.h"

namespace lwpi {

std::string object_json(const SyncObject& object)
{
    Json waiters = Json::array();
    for (const Waiter& waiter : object.waiters) {
        waiters.push_back({{"who", owner_of(waiter.who)},
                           {"for", waiter.wait},
                           {"since_ns", value_of(waiter.since_ns)},
                           {"left_ns", value_of(waiter.left_ns)}});
    }
    return line_of({{"type", "object"},
                    {"kind", object.kind},
                    {"address", hex(object.address)},
                    {"name", text_of(object.name)},
                    {"target", value_of(object.target)},
                    {"owner", owner_of(object.owner)},
                    {"readers", value_of(object.readers)},
                    {"longest_ns", value_of(object.longest_ns)},
                    {"waiters", std::move(waiters)}});
}

std::string chain_json(const WaitGraph& graph, const Chain& chain)
{
    Json hops = Json::array();
    for (const Party& party : chain.parties) {
        const Wait* const wait = graph.wait_of(party);
        hops.push_back({{"who", owner_of(party)},
                        {"wait", wait == nullptr ? Json() : wait_of(*wait)},
                        {"since_ns", value_of(graph.waited_ns(party))}});
    }
    return line_of({{"type", "chain"},
                    {"hops", std::move(hops)},
                    {"end", name_of(chain.end)},
                    {"text", chain.what}});
}

std::string finding_json(const Finding& finding)
{
    Json members = Json::array();
    for (std::size_t i = 0; i < finding.members.size(); ++i) {
        members.push_back(
            {{"who", owner_of(finding.members[i])},
             {"wait", i < finding.waits.size() ? wait_of(finding.waits[i]) : Json()}});
    }
    return line_of({{"type", "finding"},
                    {"rule", name_of(finding.rule)},
                    {"members", std::move(members)},
                    {"holder", owner_of(finding.holder)},
                    {"text", finding.text}});
}

std::string diff_json(const Diff& diff)
{
    Json groups = Json::array();
    for (const GroupChange& change : diff.groups) {
        groups.push_back({{"state", change.group.state_name},
                          {"wait", wait_of(change.group.wait)},
                          {"functions", change.group.functions},
                          {"before", change.before},
                          {"after", change.after}});
    }
    return line_of({{"type", "diff"},
                    {"of", diff.lwps ? "lwp" : "thread"},
                    {"apart_ns", diff.apart_ns},
                    {"new", diff.added},
                    {"gone", diff.gone},
                    {"ran", diff.ran},
                    {"still", diff.still},
                    {"groups", std::move(groups)}});
}

}  // namespace lwpi
