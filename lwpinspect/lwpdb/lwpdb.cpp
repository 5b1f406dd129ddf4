// The C interface: a snapshot source, its last snapshot, and answers from that.
#include "lwpdb/lwpdb.h"

#include <algorithm>
#include <iterator>
#include <string>

#include "lwpdb/handle.h"
#include "lwpdb/ops_source.h"
#include "reader/core_source.h"
#include "reader/snapshot_taker.h"
#include "report/snapshot_file.h"

namespace lwpi {
namespace {

// Of the last open that failed in this thread.
thread_local std::string open_message;

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
