#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>

#include "commands/commands.h"
#include "commands/session.h"
#include "report/snapshot_file.h"
#include "report/text.h"
#include "support/escape.h"

namespace lwpi {
namespace {

[[noreturn]] void cannot_write(const std::string& path)
{
    throw TargetError(ExitCode::kInternal,
                      fmt::format("cannot write {}: {}.", printable(path), std::strerror(errno)));
}

// In full or not at all: a file of that name that was there before stays until then.
void write_file(const std::string& path, const Snapshot& snapshot)
{
    const std::string draft = path + ".part";
    {
        std::ofstream out(draft, std::ios::trunc);
        write_snapshot(snapshot, out);
        out.flush();
        if (!out) {
            const int error = errno;
            std::remove(draft.c_str());
            errno = error;
            cannot_write(draft);
        }
    }
    if (std::rename(draft.c_str(), path.c_str()) != 0) {
        cannot_write(path);
    }
}

}  // namespace

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
    write_file(options.output, snapshot);
    return session.print_text(snapshot, fmt::format("saved to {}\n", printable(options.output)));
}

}  // namespace lwpi
