// thr_create(3C)
#include <thread.h>

#include "base/compiler.h"
#include "thread/exec.h"
#include "thread/life.h"

namespace {

std::uint32_t to_flags(long flags)
{
    if (LT_LIKELY(flags == 0)) {
        return 0;
    }
    std::uint32_t result = 0;
    result |= (flags & THR_BOUND) != 0 ? lt::kFlagBound : 0U;
    result |= (flags & THR_NEW_LWP) != 0 ? lt::kFlagNewLwp : 0U;
    result |= (flags & THR_DETACHED) != 0 ? lt::kFlagDetached : 0U;
    result |= (flags & THR_DAEMON) != 0 ? lt::kFlagDaemon | lt::kFlagDetached : 0U;
    return result;
}

}  // namespace

LT_EXPORT int thr_create(void* stack_base, size_t stack_size, void* (*start)(void*), void* arg,
                         long flags, thread_t* new_thread)
{
    const bool needs_size = stack_base != nullptr || stack_size != 0;
    if (start == nullptr || (needs_size && stack_size < lt::kMinStack)) {
        return EINVAL;
    }
    lt::Thread& self = lt::current();
    if (lt::is_vfork_child(self)) {
        return ENOTSUP;
    }
    lt::CreateRequest request;
    request.stack_base = stack_base;
    request.stack_size = stack_size;
    request.start = start;
    request.argument = arg;
    request.flags = to_flags(flags) | (stack_base != nullptr ? lt::kFlagUserStack : 0U);
    request.suspended = (flags & THR_SUSPENDED) != 0;
    request.id = new_thread;
    return lt::to_errno(lt::create_thread(self, request));
}

LT_ALIAS(_thr_create, thr_create);
