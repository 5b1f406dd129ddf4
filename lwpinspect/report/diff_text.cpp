#include "report/diff_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "report/text.h"
#include "support/escape.h"
#include "support/text.h"

namespace lwpi {
namespace {

constexpr std::size_t kIdRangesOfChanges = 8;
constexpr std::size_t kGroupsShown = 20;

std::string change_text(const GroupChange& change)
{
    std::string line = fmt::format("{:>6} -> {:<6}  {}", change.before, change.after,
                                   printable(change.group.state_name));
    if (change.group.wait.kind != WaitKind::kNone) {
        line += "  " + describe(change.group.wait);
    }
    const std::string chain = functions_text(change.group);
    return line + '\n' + (chain.empty() ? "" : "                  " + chain + '\n');
}

}  // namespace

std::string diff_text(const Diff& diff, const Snapshot& after, UseColour colour)
{
    std::string out = fmt::format("{} apart\n", format_duration(diff.apart_ns));
    const std::string_view mark = diff.lwps ? "" : "#";
    const auto line = [&](const char* name, const std::vector<std::uint64_t>& ids) {
        out += fmt::format("{:<8}{:>7}  {}\n", name, ids.size(),
                           format_ids(ids, kIdRangesOfChanges, mark));
    };
    line("new", diff.added);
    line("gone", diff.gone);
    line("ran", diff.ran);
    line("not run", diff.still);
    if (!diff.groups.empty()) {
        out += "\nstacks that became more or fewer\n";
        for (std::size_t i = 0; i < std::min(diff.groups.size(), kGroupsShown); ++i) {
            out += change_text(diff.groups[i]);
        }
        if (diff.groups.size() > kGroupsShown) {
            out += fmt::format("       and {} more\n", diff.groups.size() - kGroupsShown);
        }
    }
    if (!diff.still.empty()) {
        out += "\nnot run in between\n" +
               groups_text(group_stacks(only_still(diff, after), 0), colour);
    }
    return out;
}

}  // namespace lwpi
