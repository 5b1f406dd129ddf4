#include "report/graph_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "report/text.h"
#include "support/escape.h"
#include "support/text.h"

namespace lwpi {
namespace {

constexpr std::size_t kMembersShown = 50;

std::string holder_text(const WaitGraph& graph, const SyncObject& object)
{
    if (object.owner) {
        return describe_party(graph, *object.owner);
    }
    Wait wait;
    wait.readers = object.readers;
    return describe_owner(wait);
}

std::string state_text(const WaitGraph& graph, const SyncObject& object)
{
    const ThreadInfo* const holder = object.owner ? graph.thread(*object.owner) : nullptr;
    if (object.owner && !graph.exists(*object.owner)) {
        return "ended";
    }
    return holder == nullptr ? "-" : printable(holder->state_name);
}

// "waits 14.2s for mutex stats_lock (gives up in 3s)"
std::string waiting_text(const WaitGraph& graph, Party party, const Wait& wait)
{
    const auto since = graph.waited_ns(party);
    std::string text = since
                           ? fmt::format("waits {} for {}", format_duration(*since), describe(wait))
                           : "waits for " + describe(wait);
    if (wait.left_ns) {
        text += fmt::format(" (gives up in {})", format_duration(*wait.left_ns));
    }
    return text;
}

// Of the hop of a chain: long ones stay readable, and their text in proportion to their length.
std::size_t margin(std::size_t hop)
{
    constexpr std::size_t kWidest = 40;
    return std::min(2 * hop, kWidest);
}

bool names_itself(ChainEnd end)
{
    return end == ChainEnd::kAnyone || end == ChainEnd::kReaders || end == ChainEnd::kFree;
}

Colour colour_of(Rule rule)
{
    switch (rule) {
        case Rule::kDeadlock:
        case Rule::kSelf:
        case Rule::kOrphan:
        case Rule::kStarved:
            return Colour::kRed;
        case Rule::kTimed:
        case Rule::kReady:
        case Rule::kRunning:
        case Rule::kHolder:
        case Rule::kStack:
            return Colour::kYellow;
    }
    return Colour::kPlain;
}

void append_frames(std::string& out, const WaitGraph& graph, Party party)
{
    const Snapshot& snapshot = graph.snapshot();
    const ThreadInfo* const thread = graph.thread(party);
    const LwpInfo* const lwp = graph.lwp(party);
    const Stack* const stack = thread != nullptr ? &thread->stack
                               : lwp != nullptr  ? &lwp->stack
                                                 : nullptr;
    if (stack == nullptr) {
        return;
    }
    for (const Frame& frame : stack->frames) {
        const Place& place = snapshot.place(frame);
        if (!is_internal(snapshot, place)) {
            out += "        " + printable(without_parameters(function_of(place))) + '\n';
        }
    }
}

}  // namespace

std::string objects_text(const WaitGraph& graph, const std::vector<SyncObject>& objects,
                         UseColour colour)
{
    Table table;
    table.add_column("WAITERS", Align::kRight);
    table.add_column("LONGEST", Align::kRight);
    table.add_column("ADDRESS", Align::kLeft);
    table.add_column("OBJECT", Align::kLeft);
    table.add_column("HELD BY", Align::kLeft);
    table.add_column("WHICH IS", Align::kLeft);
    for (const SyncObject& object : objects) {
        const bool unnamed = object.name.empty() && !object.target;
        const std::string state = state_text(graph, object);
        table.add_row({{fmt::format("{}", object.waiters.size())},
                       {format_duration(object.longest_ns)},
                       {object.address ? fmt::format("{:#x}", *object.address) : "-"},
                       {unnamed ? printable(object.kind) : describe(object)},
                       {holder_text(graph, object)},
                       {state, state == "ended" ? Colour::kRed : Colour::kPlain}});
    }
    return table.render(colour);
}

std::string object_text(const WaitGraph& graph, const SyncObject& object, UseColour colour)
{
    std::string out = describe(object);
    if (object.address && !object.name.empty()) {
        out += fmt::format(" at {:#x}", *object.address);
    }
    const std::string holder = holder_text(graph, object);
    out += holder == "-" ? "\n" : fmt::format(", held by {}\n", holder);
    Table table;
    table.add_column("WAITER", Align::kLeft);
    table.add_column("FOR", Align::kLeft);
    table.add_column("SINCE", Align::kRight);
    table.add_column("LEFT", Align::kRight);
    for (const Waiter& waiter : object.waiters) {
        table.add_row({{describe_party(graph, waiter.who)},
                       {printable(waiter.wait)},
                       {format_duration(waiter.since_ns)},
                       {format_duration(waiter.left_ns)}});
    }
    return out + table.render(colour);
}

std::string chain_text(const WaitGraph& graph, const Chain& chain, UseColour colour)
{
    std::string out;
    for (std::size_t i = 0; i < chain.parties.size(); ++i) {
        const Party party = chain.parties[i];
        const bool last = i + 1 == chain.parties.size();
        const bool cycle = last && chain.end == ChainEnd::kCycle;
        const Wait* const wait = cycle ? nullptr : graph.wait_of(party);
        std::string line(margin(i), ' ');
        const bool joins = i > 0 && graph.wait_of(chain.parties[i - 1])->kind == WaitKind::kJoin;
        line += i == 0 ? "" : joins ? "for the end of " : "held by ";
        line += describe_party(graph, party);
        if (wait != nullptr) {
            line += (i == 0 ? "  " : ", which ") + waiting_text(graph, party, *wait);
        } else if (cycle) {
            line += painted(": a cycle", Colour::kRed, colour);
        } else {
            line += (i == 0 ? "  " : ", which ") + chain.what;
        }
        out += line + '\n';
        if (last && names_itself(chain.end)) {
            const bool held = chain.end != ChainEnd::kAnyone;
            out += std::string(margin(i + 1), ' ') + (held ? "" : "to be ended by ") + chain.what +
                   '\n';
        }
    }
    return out;
}

std::string finding_text(const WaitGraph& graph, const Finding& finding, bool with_stacks,
                         UseColour colour)
{
    std::string out =
        painted(fmt::format("{}: ", name_of(finding.rule)), colour_of(finding.rule), colour) +
        finding.text + '\n';
    for (std::size_t i = 0; i < std::min(finding.waits.size(), kMembersShown); ++i) {
        const Party party = finding.members[i];
        const Wait& wait = finding.waits[i];
        out += fmt::format("    {}  {}", describe_party(graph, party),
                           waiting_text(graph, party, wait));
        if (const auto holder = graph.holder_of(wait)) {
            out += fmt::format("{} {}", wait.kind == WaitKind::kJoin ? ", the end of" : ", held by",
                               describe_party(graph, *holder));
        }
        out += '\n';
        if (with_stacks) {
            append_frames(out, graph, party);
        }
    }
    if (finding.waits.size() > kMembersShown) {
        out += fmt::format("    and {} more\n", finding.waits.size() - kMembersShown);
    }
    if (finding.waits.empty() && with_stacks) {
        for (const Party& party : finding.members) {
            out += fmt::format("    {}\n", describe_party(graph, party));
            append_frames(out, graph, party);
        }
    }
    return out;
}

}  // namespace lwpi
