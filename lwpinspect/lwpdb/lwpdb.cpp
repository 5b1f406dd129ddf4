// The C interface: a snapshot source, its last snapshot, and answers from that.
#include "lwpdb/lwpdb.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <string>

#include "lwpdb/ops_source.h"
#include "model/graph.h"
#include "model/objects.h"
#include "reader/core_source.h"
#include "reader/snapshot_taker.h"
#include "report/snapshot_file.h"

struct lwpdb {
    std::unique_ptr<lwpi::SnapshotSource> source;
    lwpi::Snapshot snapshot;
    std::unique_ptr<lwpi::WaitGraph> graph;
    std::vector<lwpi::SyncObject> objects;
    std::vector<std::string> texts;  // what answers point to and the snapshot does not hold
    std::string message;
    bool refreshed = false;
};

namespace lwpi {
namespace {

// Of the last open that failed in this thread.
thread_local std::string open_message;

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

// No exception leaves this library.
template <typename Work>
lwpdb_error_t guarded(std::string& message, Work work) noexcept
{
    try {
        message.clear();
        return work();
    } catch (const TargetError& error) {
        message = error.what();
        return error_of(error.code());
    } catch (const std::exception& error) {
        message = error.what();
        return LWPDB_FAILED;
    }
}

template <typename Open>
lwpdb_error_t open_handle(lwpdb_t** handle, Open open) noexcept
{
    if (handle == nullptr) {
        return LWPDB_BAD_ARGUMENT;
    }
    *handle = nullptr;
    return guarded(open_message, [&] {
        auto fresh = std::make_unique<lwpdb>();
        fresh->source = open();
        *handle = fresh.release();
        return LWPDB_OK;
    });
}

template <typename Work>
lwpdb_error_t answered(lwpdb_t* handle, Work work) noexcept
{
    if (handle == nullptr) {
        return LWPDB_BAD_ARGUMENT;
    }
    return guarded(handle->message, [&] {
        if (!handle->refreshed) {
            handle->message = "lwpdb_refresh was not called.";
            return LWPDB_BAD_ARGUMENT;
        }
        return work();
    });
}

// Copies as much of `from` as the caller knows of; `size` stays his.
template <typename Structure>
void give(Structure* to, const Structure& from)
{
    const std::size_t size = std::min(to->size, sizeof from);
    if (size > sizeof to->size) {
        std::memcpy(reinterpret_cast<char*>(to) + sizeof to->size,
                    reinterpret_cast<const char*>(&from) + sizeof to->size, size - sizeof to->size);
    }
}

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
    } else if (owner) {
        lwp = static_cast<std::int32_t>(owner->id);
    }
}

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
    out.readers = object.readers.value_or(0);
    out.waiters = object.waiters.size();
    return out;
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

const SyncObject* find_object(const lwpdb& handle, std::uint64_t address)
{
    const auto found = std::find_if(handle.objects.begin(), handle.objects.end(),
                                    [&](const SyncObject& o) { return o.address == address; });
    return found == handle.objects.end() ? nullptr : &*found;
}

lwpdb_error_t not_found(lwpdb& handle, const char* what)
{
    handle.message = what;
    return LWPDB_NOT_FOUND;
}

}  // namespace
}  // namespace lwpi

using namespace lwpi;

lwpdb_error_t lwpdb_open_pid(int32_t pid, lwpdb_t** handle)
{
    return open_handle(handle, [&] { return open_live(pid, Demangle::kYes); });
}

lwpdb_error_t lwpdb_open_core(const char* path, const char* program, const char* sysroot,
                              lwpdb_t** handle)
{
    if (path == nullptr) {
        return LWPDB_BAD_ARGUMENT;
    }
    return open_handle(handle, [&] {
        return open_core(path,
                         {program == nullptr ? "" : program, sysroot == nullptr ? "" : sysroot},
                         Demangle::kYes);
    });
}

lwpdb_error_t lwpdb_open_file(const char* path, lwpdb_t** handle)
{
    if (path == nullptr) {
        return LWPDB_BAD_ARGUMENT;
    }
    return open_handle(handle, [&] { return open_saved(path); });
}

lwpdb_error_t lwpdb_open_ops(const lwpdb_ops_t* ops, void* argument, lwpdb_t** handle)
{
    if (ops == nullptr || ops->size < sizeof *ops || ops->read == nullptr ||
        ops->mapping == nullptr || ops->lwp == nullptr) {
        return LWPDB_BAD_ARGUMENT;
    }
    return open_handle(handle, [&] { return open_ops(*ops, argument); });
}

void lwpdb_close(lwpdb_t* handle)
{
    delete handle;
}

lwpdb_error_t lwpdb_refresh(lwpdb_t* handle, const lwpdb_request_t* request, lwpdb_stats_t* stats)
{
    if (handle == nullptr || (request != nullptr && request->size < sizeof *request)) {
        return LWPDB_BAD_ARGUMENT;
    }
    return guarded(handle->message, [&] { return refresh(*handle, request, stats); });
}

const char* lwpdb_message(const lwpdb_t* handle)
{
    return handle == nullptr ? open_message.c_str() : handle->message.c_str();
}

const char* lwpdb_strerror(lwpdb_error_t error)
{
    static constexpr const char* kTexts[] = {"done",
                                             "no such process",
                                             "no permission",
                                             "no libthread in the target",
                                             "another version",
                                             "not an x86-64 program",
                                             "not found",
                                             "partly read",
                                             "wrong argument",
                                             "failed"};
    const auto index = static_cast<std::size_t>(error);
    return index < std::size(kTexts) ? kTexts[index] : "unknown error";
}

lwpdb_error_t lwpdb_thread_iter(lwpdb_t* handle, int (*visit)(const lwpdb_thread_t*, void*),
                                void* argument)
{
    return answered(handle, [&] {
        for (std::size_t row = 0; row < handle->snapshot.threads.size(); ++row) {
            const lwpdb_thread_t thread = describe_thread(*handle, row);
            if (visit(&thread, argument) != 0) {
                break;
            }
        }
        return LWPDB_OK;
    });
}

lwpdb_error_t lwpdb_lwp_iter(lwpdb_t* handle, int (*visit)(const lwpdb_lwp_t*, void*),
                             void* argument)
{
    return answered(handle, [&] {
        for (std::size_t row = 0; row < handle->snapshot.lwps.size(); ++row) {
            const lwpdb_lwp_t lwp = describe_lwp(*handle, row);
            if (visit(&lwp, argument) != 0) {
                break;
            }
        }
        return LWPDB_OK;
    });
}

lwpdb_error_t lwpdb_sync_iter(lwpdb_t* handle, int (*visit)(const lwpdb_sync_t*, void*),
                              void* argument)
{
    return answered(handle, [&] {
        for (const SyncObject& object : handle->objects) {
            const lwpdb_sync_t sync = describe_sync(object);
            if (visit(&sync, argument) != 0) {
                break;
            }
        }
        return LWPDB_OK;
    });
}

lwpdb_error_t lwpdb_thread_info(lwpdb_t* handle, uint64_t id, lwpdb_thread_t* thread)
{
    return answered(handle, [&] {
        const ThreadInfo* const found = find_thread(handle->snapshot, id);
        if (thread == nullptr || found == nullptr) {
            return not_found(*handle, "no such thread.");
        }
        const auto row = static_cast<std::size_t>(found - handle->snapshot.threads.data());
        give(thread, describe_thread(*handle, row));
        return LWPDB_OK;
    });
}

lwpdb_error_t lwpdb_lwp_to_thread(lwpdb_t* handle, int32_t tid, uint64_t* id)
{
    return answered(handle, [&] {
        const LwpInfo* const found = find_lwp(handle->snapshot, tid);
        if (id == nullptr || found == nullptr || !found->thread) {
            return not_found(*handle, "no such LWP, or it carries no thread.");
        }
        *id = *found->thread;
        return LWPDB_OK;
    });
}

lwpdb_error_t lwpdb_sync_info(lwpdb_t* handle, uint64_t address, lwpdb_sync_t* object)
{
    return answered(handle, [&] {
        const SyncObject* const found = find_object(*handle, address);
        if (object == nullptr || found == nullptr) {
            return not_found(*handle, "nobody waits for such an object.");
        }
        give(object, describe_sync(*found));
        return LWPDB_OK;
    });
}

lwpdb_error_t lwpdb_sync_waiters(lwpdb_t* handle, uint64_t address, uint64_t* ids, size_t most,
                                 size_t* count)
{
    return answered(handle, [&] {
        const SyncObject* const found = find_object(*handle, address);
        if (count == nullptr || found == nullptr) {
            return not_found(*handle, "nobody waits for such an object.");
        }
        *count = 0;
        for (const Waiter& waiter : found->waiters) {
            if (waiter.who.kind == Party::Kind::kThread) {
                if (*count < most) {
                    ids[*count] = waiter.who.id;
                }
                ++*count;
            }
        }
        return LWPDB_OK;
    });
}

lwpdb_error_t lwpdb_thread_stack(lwpdb_t* handle, uint64_t id, lwpdb_frame_t* frames, size_t most,
                                 size_t* count, const char** end)
{
    return answered(handle, [&] {
        const ThreadInfo* const found = find_thread(handle->snapshot, id);
        if (count == nullptr || found == nullptr || found->stack.end == StackEnd::kNotTaken) {
            return not_found(*handle, "no such thread, or stacks were not asked for.");
        }
        *count = found->stack.frames.size();
        for (std::size_t i = 0; i < std::min(most, *count); ++i) {
            const Frame& frame = found->stack.frames[i];
            const Place& place = handle->snapshot.place(frame);
            const lwpdb_frame_t out{sizeof out, frame.pc, place.offset, place.function.c_str(),
                                    place.module.c_str()};
            give(&frames[i], out);
        }
        if (end != nullptr) {
            *end = name_of(found->stack.end);
        }
        return LWPDB_OK;
    });
}
