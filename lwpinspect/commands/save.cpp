#include <fmt/format.h>

#include <iostream>

#include "commands/commands.h"
#include "commands/session.h"
#include "report/snapshot_file.h"
#include "report/text.h"
#include "support/escape.h"

namespace lwpi {
int run_save(const Options& options)
{
    Session session(options);
    SnapshotRequest request = session.request();
    request.stacks = options.no_stacks ? Stacks::kNone : Stacks::kAll;
    const Snapshot snapshot = session.take(request);
    if (options.output == "-") {
        write_snapshot(snapshot, std::cout);
        std::cout.flush();
        return static_cast<int>(exit_code_of(snapshot));
    }
    save_snapshot(snapshot, options.output);
    return session.print_text(snapshot, fmt::format("saved to {}\n", printable(options.output)));
}

}  // namespace lwpi
