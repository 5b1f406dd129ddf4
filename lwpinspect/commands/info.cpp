#include "commands/commands.h"
#include "commands/session.h"
#include "report/text.h"

namespace lwpi {

int run_info(const Options& options)
{
    Session session(options);
    const Snapshot snapshot = session.take(session.request());
    return options.json ? session.print_json(snapshot, {})
                        : session.print_text(snapshot, info_text(snapshot));
}

}  // namespace lwpi
