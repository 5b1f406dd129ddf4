#include <fmt/format.h>

#include "commands/commands.h"
#include "commands/session.h"
#include "report/probes_text.h"
#include "support/escape.h"

namespace lwpi {

int run_probes(const Options& options)
{
    Session session(options);
    const Snapshot snapshot = session.take(session.request());
    const LibraryInfo& library = snapshot.process.library;
    if (library.state == LibraryState::kPresent && !library.probes && !session.is_one_look()) {
        throw TargetError(ExitCode::kUnsupported,
                          fmt::format("{} was built without probes.", printable(library.module)));
    }
    if (options.json) {
        return session.print_json(snapshot, probes_json(library.module));
    }
    if (options.bpftrace || options.perf_lines) {
        // Fed to a shell: nothing but command lines.
        fmt::print("{}{}",
                   options.bpftrace ? bpftrace_text(library.module, snapshot.process.pid) : "",
                   options.perf_lines ? perf_text(library.module, snapshot.process.pid) : "");
        return static_cast<int>(exit_code_of(snapshot));
    }
    std::string body;
    if (library.module.empty()) {
        body = probes_text();  // of a library that is not there: what one would have
    } else {
        body = probes_text() + '\n' + bpftrace_text(library.module, snapshot.process.pid) + '\n' +
               perf_text(library.module, snapshot.process.pid);
    }
    return session.print_text(snapshot, body);
}

}  // namespace lwpi
