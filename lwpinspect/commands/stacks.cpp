#include <fmt/format.h>

#include <map>
#include <stdexcept>

#include "commands/commands.h"
#include "commands/session.h"
#include "report/json.h"
#include "report/text.h"
#include "support/escape.h"

namespace lwpi {
namespace {

std::optional<Pattern> pattern(const std::string& text)
{
    if (text.empty()) {
        return std::nullopt;
    }
    try {
        return Pattern(text);
    } catch (const std::invalid_argument&) {
        throw TargetError(ExitCode::kUsage,
                          fmt::format("\"{}\" is no regular expression.", printable(text)));
    }
}

GroupBy key_of(const std::string& word)
{
    static const std::map<std::string, GroupBy> keys{
        {"stack", GroupBy::kStack}, {"state", GroupBy::kState},     {"wait", GroupBy::kWait},
        {"start", GroupBy::kStart}, {"creator", GroupBy::kCreator}, {"top", GroupBy::kTop}};
    return keys.at(word);
}

}  // namespace

int run_stacks(const Options& options)
{
    const StackFilter filter{pattern(options.function),
                             pattern(options.not_function),
                             options.state,
                             options.wait,
                             pattern(options.name),
                             options.lwp,
                             static_cast<std::int64_t>(options.min_age_seconds * 1e9)};
    Session session(options);
    SnapshotRequest request = session.request();
    request.stacks = Stacks::kAll;
    const Snapshot snapshot = session.take(request);
    Snapshot shown = snapshot;
    apply(filter, shown);
    const std::vector<Group> groups = group_threads(shown, key_of(options.by));
    const std::size_t threads = snapshot.threads.size();
    const std::size_t seen = threads == 0 ? snapshot.lwps.size() : threads;
    if (groups.empty() && seen != 0 && !options.quiet) {
        fmt::print(stderr, "lwpinspect: looked at {} {}{}: none is what was asked for.\n", seen,
                   threads == 0 ? "LWP" : "thread", seen == 1 ? "" : "s");
    }
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
