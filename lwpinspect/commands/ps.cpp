#include <algorithm>

#include "commands/commands.h"
#include "commands/session.h"
#include "report/json.h"
#include "report/text.h"

namespace lwpi {
namespace {

std::vector<const ThreadInfo*> sorted_threads(const Snapshot& snapshot, const Options& options)
{
    std::vector<const ThreadInfo*> threads;
    for (const ThreadInfo& thread : snapshot.threads) {
        threads.push_back(&thread);
    }
    const ThreadKey key = thread_key(options.sort).value_or(ThreadKey::kId);
    sort_threads(snapshot, threads, key, options.reverse);
    return threads;
}

}  // namespace

int run_ps(const Options& options)
{
    const auto columns =
        options.columns.empty() ? default_thread_columns() : parse_thread_columns(options.columns);
    Session session(options);
    SnapshotRequest request = session.request();
    if (std::find(columns.begin(), columns.end(), ThreadColumn::kAt) != columns.end()) {
        request.stacks = Stacks::kAll;
    }
    const Snapshot snapshot = session.take(request);
    const bool library = snapshot.process.library.state == LibraryState::kPresent;
    const bool show_users = library && !options.only_lwps;
    // Without the library LWPs are all there is; one that was asked for may carry no thread.
    const bool only_one = session.only_lwp() != 0;
    const bool show_lwps =
        options.both || options.only_lwps || ((!library || only_one) && !options.only_users);
    const auto threads = sorted_threads(snapshot, options);
    std::string body;
    if (options.json) {
        for (const LwpInfo& lwp : snapshot.lwps) {
            body += show_lwps || !options.only_users ? lwp_json(snapshot, lwp) : "";
        }
        for (const ThreadInfo* thread : threads) {
            body += show_users ? thread_json(snapshot, *thread) : "";
        }
        return session.print_json(snapshot, body);
    }
    if (show_users) {
        body += threads_text(snapshot, threads, columns, session.colour());
    }
    if (show_lwps) {
        body += (body.empty() ? "" : "\n") + lwps_text(snapshot, session.colour());
    }
    return session.print_text(snapshot, body);
}

}  // namespace lwpi
