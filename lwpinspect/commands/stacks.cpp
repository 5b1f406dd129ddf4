#include <fmt/format.h>

#include "commands/commands.h"
#include "commands/session.h"
#include "report/json.h"
#include "report/text.h"
#include "support/escape.h"

namespace lwpi {
namespace {

std::optional<std::regex> pattern(const std::string& text)
{
    if (text.empty()) {
        return std::nullopt;
    }
    try {
        return std::regex(text, std::regex::extended | std::regex::optimize);
    } catch (const std::regex_error&) {
        throw TargetError(ExitCode::kUsage,
                          fmt::format("\"{}\" is no regular expression.", printable(text)));
    }
}

}  // namespace

int run_stacks(const Options& options)
{
    const StackFilter filter{pattern(options.function), pattern(options.not_function),
                             options.state, options.wait};
    Session session(options);
    SnapshotRequest request = session.request();
    request.stacks = Stacks::kAll;
    const Snapshot snapshot = session.take(request);
    Snapshot shown = snapshot;
    apply(filter, shown);
    const std::vector<Group> groups = group_stacks(shown, 0);
    if (options.json) {
        std::string lines;
        for (const Group& group : groups) {
            lines += group_json(group);
        }
        return session.print_json(snapshot, lines);
    }
    if (options.collapsed) {
        // Fed to programs: nothing but stacks.
        fmt::print("{}", collapsed_text(groups));
        return static_cast<int>(exit_code_of(snapshot));
    }
    return session.print_text(snapshot, groups_text(groups, session.colour()));
}

}  // namespace lwpi
