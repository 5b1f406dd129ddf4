#include "lwpdb/handle.h"

namespace lwpi {

lwpdb_error_t error_of(ExitCode code)
{
    switch (code) {
        case ExitCode::kDone:
        case ExitCode::kFinding:
            return LWPDB_OK;
        case ExitCode::kNoProcess:
            return LWPDB_NO_PROCESS;
        case ExitCode::kPermission:
            return LWPDB_NO_ACCESS;
        case ExitCode::kNoLibrary:
            return LWPDB_NO_LIBRARY;
        case ExitCode::kOtherVersion:
            return LWPDB_VERSION;
        case ExitCode::kUnsupported:
            return LWPDB_UNSUPPORTED;
        case ExitCode::kPartial:
        case ExitCode::kTimeLimit:
            return LWPDB_PARTIAL;
        case ExitCode::kUsage:
            return LWPDB_BAD_ARGUMENT;
        case ExitCode::kInternal:
        case ExitCode::kInterrupted:
            break;
    }
    return LWPDB_FAILED;
}

namespace {

const char* keep(lwpdb& handle, std::string text)
{
    // The characters of a moved vector's strings may move with short strings: reserve() in refresh.
    handle.texts.push_back(std::move(text));
    return handle.texts.back().c_str();
}

std::string joined(const std::vector<std::string>& words)
{
    std::string text;
    for (const std::string& word : words) {
        text += (text.empty() ? "" : ",") + word;
    }
    return text;
}

void put_owner(const std::optional<Owner>& owner, std::uint64_t& thread, std::int32_t& lwp)
{
    if (owner && owner->kind == Owner::Kind::kThread) {
        thread = owner->id;
    } else if (owner && owner->kind == Owner::Kind::kLwp) {
        lwp = static_cast<std::int32_t>(owner->id);
    }
}

SnapshotRequest request_of(const lwpdb_request_t* wanted)
{
    SnapshotRequest request;
    request.stacks = wanted == nullptr || wanted->stacks != 0 ? Stacks::kAll : Stacks::kNone;
    if (wanted != nullptr) {
        request.mode = wanted->mode == LWPDB_NOSTOP    ? Mode::kNostop
                       : wanted->mode == LWPDB_INSTANT ? Mode::kInstant
                                                       : Mode::kGentle;
        request.depth = wanted->depth != 0 ? wanted->depth : request.depth;
        request.timeout = wanted->timeout_ms != 0 ? std::chrono::milliseconds(wanted->timeout_ms)
                                                  : request.timeout;
    }
    return request;
}

}  // namespace

lwpdb_thread_t describe_thread(const lwpdb& handle, std::size_t row)
{
    const ThreadInfo& thread = handle.snapshot.threads[row];
    lwpdb_thread_t out{};
    out.size = sizeof out;
    out.id = thread.id;
    out.state = static_cast<lwpdb_state_t>(thread.state);
    out.state_name = thread.state_name.c_str();
    out.name = thread.name.c_str();
    out.flags = handle.texts[row].c_str();
    out.lwp = thread.tid.value_or(0);
    out.wait = static_cast<lwpdb_wait_t>(thread.wait.kind);
    out.wait_name = thread.wait.name.c_str();
    out.wait_object = thread.wait.object.value_or(0);
    out.wait_object_name = thread.wait.object_name.c_str();
    out.wait_target = thread.wait.target.value_or(0);
    put_owner(thread.wait.owner, out.owner, out.owner_lwp);
    out.since_ns = thread.since_ns.value_or(-1);
    out.switches = thread.switches.value_or(0);
    out.creator = thread.creator.value_or(0);
    out.start = thread.start.value_or(0);
    out.start_name = thread.start_function.c_str();
    out.priority = static_cast<std::int32_t>(thread.priority.value_or(0));
    out.stack_lo = thread.stack_lo;
    out.stack_hi = thread.stack_hi;
    out.sp = thread.sp.value_or(0);
    return out;
}

lwpdb_lwp_t describe_lwp(const lwpdb& handle, std::size_t row)
{
    const LwpInfo& lwp = handle.snapshot.lwps[row];
    lwpdb_lwp_t out{};
    out.size = sizeof out;
    out.tid = lwp.tid;
    out.index = lwp.index ? static_cast<std::int32_t>(*lwp.index) : -1;
    out.kernel_state = lwp.kernel_state;
    out.state_name = lwp.state_name.c_str();
    out.name = lwp.name.c_str();
    out.thread = lwp.thread.value_or(0);
    out.system_call = handle.texts[handle.snapshot.threads.size() + row].c_str();
    out.wait_object = lwp.wait.object.value_or(0);
    std::uint64_t none = 0;
    put_owner(lwp.wait.owner, none, out.owner_lwp);
    return out;
}

lwpdb_sync_t describe_sync(const SyncObject& object)
{
    lwpdb_sync_t out{};
    out.size = sizeof out;
    out.kind = object.kind.c_str();
    out.address = object.address.value_or(0);
    out.name = object.name.c_str();
    put_owner(object.owner, out.owner, out.owner_lwp);
    if (object.owner && object.owner->kind == Owner::Kind::kProcess) {
        out.owner_process = static_cast<std::int32_t>(object.owner->id);
        out.owner = object.owner->thread;
    }
    out.readers = object.readers.value_or(0);
    out.waiters = object.waiters.size();
    return out;
}

lwpdb_error_t refresh(lwpdb& handle, const lwpdb_request_t* wanted, lwpdb_stats_t* stats)
{
    handle.snapshot = handle.source->take(request_of(wanted));
    const Snapshot& snapshot = handle.snapshot;
    handle.refreshed = true;
    handle.graph = std::make_unique<WaitGraph>(snapshot);
    handle.objects = objects_of(*handle.graph);
    handle.texts.clear();
    handle.texts.reserve(snapshot.threads.size() + snapshot.lwps.size());
    for (const ThreadInfo& thread : snapshot.threads) {
        keep(handle, joined(thread.flags));
    }
    for (const LwpInfo& lwp : snapshot.lwps) {
        keep(handle, lwp.syscall ? describe(*lwp.syscall) : std::string());
    }
    if (stats != nullptr) {
        const lwpdb_stats_t all{sizeof all,
                                snapshot.pause_ns,
                                snapshot.spread_ns,
                                snapshot.paused_lwps,
                                snapshot.threads.size(),
                                snapshot.lwps.size(),
                                snapshot.unread_threads};
        give(stats, all);
    }
    for (const Note& note : snapshot.notes) {
        if (note.code != ExitCode::kDone) {
            handle.message = note.text;
            return error_of(note.code);
        }
    }
    if (snapshot.process.library.state != LibraryState::kPresent) {
        handle.message = snapshot.notes.empty() ? "no libthread there." : snapshot.notes[0].text;
        return LWPDB_NO_LIBRARY;
    }
    return LWPDB_OK;
}

}  // namespace lwpi
