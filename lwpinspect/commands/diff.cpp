#include "commands/commands.h"
#include "commands/session.h"
#include "report/diff_text.h"

namespace lwpi {

int run_diff(const Options& options)
{
    Session first(options);
    SnapshotRequest request = first.request();
    request.stacks = Stacks::kAll;
    const Snapshot before = first.take(request);
    Snapshot after;
    if (options.other.empty()) {
        if (first.is_one_look()) {
            throw TargetError(ExitCode::kUsage, "diff of a saved snapshot wants a second one.");
        }
        first.pause(std::chrono::milliseconds(static_cast<std::int64_t>(options.every * 1000.0)));
        after = first.take(request);
    } else {
        Session second(options, open_target(options.other, options));
        after = second.take(request);
    }
    const Diff diff = diff_of(before, after);
    const ExitCode code = diff.is_same() ? exit_code_of(after) : ExitCode::kFinding;
    return options.json ? first.print_json(after, diff_json(diff), code)
                        : first.print_text(after, diff_text(diff, after, first.colour()), code);
}

}  // namespace lwpi
