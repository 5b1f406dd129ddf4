#include "commands/commands.h"
#include "commands/session.h"
#include "report/json.h"
#include "report/text.h"

namespace lwpi {

int run_lwps(const Options& options)
{
    Session session(options);
    const Snapshot snapshot = session.take(session.request());
    if (!options.json) {
        return session.print_text(snapshot, lwps_text(snapshot, session.colour()));
    }
    std::string lines;
    for (const LwpInfo& lwp : snapshot.lwps) {
        lines += lwp_json(snapshot, lwp);
    }
    return session.print_json(snapshot, lines);
}

}  // namespace lwpi
