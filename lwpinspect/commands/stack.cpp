#include <fmt/format.h>

#include <algorithm>

#include "commands/commands.h"
#include "commands/session.h"
#include "report/json.h"
#include "report/text.h"
#include "support/escape.h"
#include "support/text.h"

namespace lwpi {
namespace {

constexpr std::uint64_t kLargestRange = 1'000'000;

[[noreturn]] void reject(const std::string& id)
{
    throw TargetError(
        ExitCode::kUsage,
        fmt::format("\"{}\" is no thread: write 17, #17, 3-9 or lwp:TID.", printable(id)));
}

void add_id(const std::string& id, SnapshotRequest& request)
{
    if (id.starts_with("lwp:")) {
        const auto tid = parse_unsigned(std::string_view(id).substr(4));
        if (!tid || *tid > INT32_MAX) {
            reject(id);
        }
        request.lwps.push_back(static_cast<int>(*tid));
        return;
    }
    std::vector<std::optional<std::uint64_t>> ends;
    for (std::string_view part : split(id, '-')) {
        ends.push_back(parse_unsigned(part.starts_with('#') ? part.substr(1) : part));
    }
    if (ends.size() > 2 || !ends.front() || !ends.back() || *ends.back() < *ends.front() ||
        *ends.back() - *ends.front() > kLargestRange) {
        reject(id);
    }
    for (std::uint64_t i = *ends.front(); i <= *ends.back(); ++i) {
        request.threads.push_back(i);
    }
}

template <typename Value>
bool contains(const std::vector<Value>& values, const Value& value)
{
    return std::find(values.begin(), values.end(), value) != values.end();
}

// Everything that was asked for and is not there.
void note_missing(const SnapshotRequest& request, Snapshot& snapshot)
{
    std::vector<std::uint64_t> missing;
    for (const std::uint64_t id : request.threads) {
        if (find_thread(snapshot, id) == nullptr) {
            missing.push_back(id);
        }
    }
    if (!missing.empty()) {
        snapshot.notes.push_back(
            {ExitCode::kPartial, fmt::format("no user thread {}.", format_ids(missing, 5, "#"))});
    }
    for (const int tid : request.lwps) {
        if (find_lwp(snapshot, tid) == nullptr) {
            snapshot.notes.push_back({ExitCode::kPartial, fmt::format("no LWP {}.", tid)});
        }
    }
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
