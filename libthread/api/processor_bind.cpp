// processor_bind(2), getcpuid(3C), gethomelgroup(3C)
#include <sys/processor.h>

#include "api/failed.h"
#include "base/compiler.h"
#include "os/processors.h"
#include "os/syscall.h"
#include "thread/placement.h"

static_assert(PBIND_NONE == lt::kNoCpu);

namespace lt {
namespace {

int bind_task(int task, processorid_t cpu, processorid_t* before)
{
    Placement now;
    if (const int error = placement_of_task(task, now); error != 0) {
        return error;
    }
    *before = now.cpu;
    return cpu == PBIND_QUERY ? 0 : bind_task_to_cpu(task, cpu);
}

int bind(idtype_t idtype, id_t id, processorid_t cpu, processorid_t* before)
{
    const PlacementLock lock;
    const bool is_own = id == P_MYID;
    if (idtype == P_LWPID) {
        const int task = is_own ? static_cast<int>(os::kernel_thread_id()) : task_of_lwp(id);
        const int outcome = task != 0 ? bind_task(task, cpu, before) : ESRCH;
        return outcome == os::kChanged ? 0 : outcome;
    }
    const int process = is_own ? 0 : static_cast<int>(id);
    if (process < 0 || (process == 0 && !is_own)) {
        return ESRCH;
    }
    return bind_every_task(
        process, before, [cpu](int task, processorid_t* old) { return bind_task(task, cpu, old); });
}

}  // namespace
}  // namespace lt

LT_EXPORT int processor_bind(idtype_t idtype, id_t id, processorid_t processorid,
                             processorid_t* obind)
{
    if (idtype != P_LWPID && idtype != P_PID) {
        return lt::failed_if(EINVAL);
    }
    const bool names_cpu = processorid != PBIND_NONE && processorid != PBIND_QUERY;
    if (names_cpu && !lt::os::online_cpus().has(processorid)) {
        return lt::failed_if(EINVAL);
    }
    if (obind != nullptr && !lt::os::is_writable_word(obind)) {
        return lt::failed_if(EFAULT);
    }
    processorid_t before = PBIND_NONE;
    const int error = lt::bind(idtype, id, processorid, &before);
    if (error == 0 && obind != nullptr) {
        *obind = before;
    }
    return lt::failed_if(error);
}

LT_EXPORT processorid_t getcpuid(void)
{
    unsigned cpu = 0;
    lt::os::raw_syscall(SYS_getcpu, lt::os::syscall_argument(&cpu));
    return static_cast<processorid_t>(cpu);
}

LT_EXPORT uint_t gethomelgroup(void)
{
    unsigned node = 0;
    lt::os::raw_syscall(SYS_getcpu, 0, lt::os::syscall_argument(&node));
    return node;
}
