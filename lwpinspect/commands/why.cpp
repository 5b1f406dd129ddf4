#include "commands/commands.h"
#include "commands/ids.h"
#include "commands/session.h"
#include "report/graph_text.h"

namespace lwpi {

int run_why(const Options& options)
{
    SnapshotRequest wanted;
    for (const std::string& id : options.ids) {
        add_id(id, wanted);
    }
    Session session(options);
    if (session.only_lwp() != 0) {
        wanted.lwps.push_back(session.only_lwp());
    }
    if (wanted.threads.empty() && wanted.lwps.empty()) {
        throw TargetError(ExitCode::kUsage,
                          "why wants a thread: why PID 17, why PID lwp:TID or why PID/TID.");
    }
    SnapshotRequest request = session.request();
    // Only the last one of a chain shows where it stands, and which one that is nobody knows yet.
    request.stacks = Stacks::kAll;
    Snapshot snapshot = session.take_whole(request);
    note_missing(wanted, snapshot);
    const WaitGraph graph(snapshot);
    std::string body;
    for (const Party party : named_parties(wanted, snapshot)) {
        const Chain chain = chain_of(graph, party);
        body +=
            options.json ? chain_json(graph, chain) : chain_text(graph, chain, session.colour());
    }
    return options.json ? session.print_json(snapshot, body) : session.print_text(snapshot, body);
}

}  // namespace lwpi
