#include <algorithm>

#include "commands/commands.h"
#include "commands/ids.h"
#include "commands/session.h"
#include "report/json.h"
#include "report/text.h"

namespace lwpi {
namespace {

template <typename Value>
bool contains(const std::vector<Value>& values, const Value& value)
{
    return std::find(values.begin(), values.end(), value) != values.end();
}

// An LWP's own stack is news unless a thread that is shown has it.
bool shows_lwp(const Snapshot& snapshot, const LwpInfo& lwp, const SnapshotRequest& request)
{
    if (request.stacks == Stacks::kChosen) {
        return contains(request.lwps, lwp.tid);
    }
    return !lwp.thread || find_thread(snapshot, *lwp.thread) == nullptr;
}

}  // namespace

int run_stack(const Options& options)
{
    SnapshotRequest wanted;
    for (const std::string& id : options.ids) {
        add_id(id, wanted);
    }
    Session session(options);
    SnapshotRequest request = session.request();
    request.stacks = options.ids.empty() ? Stacks::kAll : Stacks::kChosen;
    request.threads = wanted.threads;
    request.lwps = wanted.lwps;
    request.lines = options.lines;
    Snapshot snapshot = session.take(request);
    note_missing(request, snapshot);
    const StackStyle style{options.addresses, options.modules};
    std::string body;
    const auto add = [&](const auto& item, const std::string& json) {
        body += options.json ? json
                             : (body.empty() ? "" : "\n") +
                                   stack_text(snapshot, item, style, session.colour());
    };
    for (const ThreadInfo& thread : snapshot.threads) {
        if (request.stacks == Stacks::kAll || contains(request.threads, thread.id)) {
            add(thread, options.json ? thread_json(snapshot, thread) : "");
        }
    }
    for (const LwpInfo& lwp : snapshot.lwps) {
        if (shows_lwp(snapshot, lwp, request)) {
            add(lwp, options.json ? lwp_json(snapshot, lwp) : "");
        }
    }
    return options.json ? session.print_json(snapshot, body) : session.print_text(snapshot, body);
}

}  // namespace lwpi
