// pset_create(2), pset_bind(2), pset_info(2), pset_list(2), pset_getloadavg(3C)
#include <sys/pset.h>

#include <cstdlib>

#include "api/failed.h"
#include "base/compiler.h"
#include "os/processors.h"
#include "os/syscall.h"
#include "thread/placement.h"

static_assert(PS_NONE == lt::kNoSet);

namespace lt {
namespace {

bool is_bad_word(void* address)
{
    return address != nullptr && !os::is_writable_word(address);
}

int own_set()
{
    Placement now;
    static_cast<void>(placement_of_task(static_cast<int>(os::kernel_thread_id()), now));
    return now.set;
}

// PS_MYID to the set it means; false: no set.
bool resolve(psetid_t& pset)
{
    if (pset == PS_MYID) {
        pset = own_set();
    }
    return pset == PS_NONE || is_set(pset);
}

int bind_or_query(int task, psetid_t pset, psetid_t* before)
{
    Placement now;
    if (const int error = placement_of_task(task, now); error != 0) {
        return error;
    }
    *before = now.set;
    return pset == PS_QUERY ? 0 : bind_task_to_set(task, pset);
}

int bind_process(id_t id, psetid_t pset, psetid_t* before)
{
    if (id != P_MYID && static_cast<int>(id) != os::process_id()) {
        // Sets are this process's own.
        const bool exists = id != 0 && id <= 0x7fffffff &&
                            os::raw_syscall(SYS_kill, static_cast<long>(id), 0) != -ESRCH;
        return exists ? EPERM : ESRCH;
    }
    return bind_every_task(
        0, before, [pset](int task, psetid_t* old) { return bind_or_query(task, pset, old); });
}

int bind(psetid_t pset, idtype_t idtype, id_t id, psetid_t* before)
{
    const PlacementLock lock;
    if (pset != PS_QUERY && !resolve(pset)) {
        return EINVAL;
    }
    if (idtype == P_PID) {
        return bind_process(id, pset, before);
    }
    const int task = id == P_MYID ? static_cast<int>(os::kernel_thread_id()) : task_of_lwp(id);
    const int outcome = task != 0 ? bind_or_query(task, pset, before) : ESRCH;
    return outcome == os::kChanged ? 0 : outcome;
}

int store_cpus(const os::CpuMask& cpus, uint_t* room, processorid_t* list)
{
    uint_t count = 0;
    for (int cpu = 0; cpu < os::kMostCpus; ++cpu) {
        if (!cpus.has(cpu)) {
            continue;
        }
        if (list != nullptr && count < *room) {
            if (is_bad_word(&list[count])) {
                return EFAULT;
            }
            list[count] = cpu;
        }
        ++count;
    }
    *room = count;
    return 0;
}

}  // namespace
}  // namespace lt

LT_EXPORT int pset_create(psetid_t* newpset)
{
    if (newpset == nullptr || lt::is_bad_word(newpset)) {
        return lt::failed_if(EFAULT);
    }
    const lt::PlacementLock lock;
    int set = PS_NONE;
    if (lt::make_set(set) != lt::Error::kNone) {
        return lt::failed_if(ENOMEM);
    }
    *newpset = set;
    return 0;
}

LT_EXPORT int pset_destroy(psetid_t pset)
{
    const lt::PlacementLock lock;
    if (!lt::resolve(pset) || pset == PS_NONE) {
        return lt::failed_if(EINVAL);
    }
    lt::destroy_set(pset);
    return 0;
}

LT_EXPORT int pset_assign(psetid_t pset, processorid_t cpu, psetid_t* opset)
{
    const lt::PlacementLock lock;
    if ((pset != PS_QUERY && !lt::resolve(pset)) || !lt::os::online_cpus().has(cpu)) {
        return lt::failed_if(EINVAL);
    }
    if (lt::is_bad_word(opset)) {
        return lt::failed_if(EFAULT);
    }
    const int before = lt::set_of_cpu(cpu);
    if (pset != PS_QUERY) {
        if (const lt::Error error = lt::move_cpu(cpu, pset); error != lt::Error::kNone) {
            return lt::failed_if(lt::to_errno(error));
        }
    }
    if (opset != nullptr) {
        *opset = before;
    }
    return 0;
}

LT_EXPORT int pset_bind(psetid_t pset, idtype_t idtype, id_t id, psetid_t* opset)
{
    if (idtype != P_LWPID && idtype != P_PID) {
        return lt::failed_if(EINVAL);
    }
    if (lt::is_bad_word(opset)) {
        return lt::failed_if(EFAULT);
    }
    psetid_t before = PS_NONE;
    const int error = lt::bind(pset, idtype, id, &before);
    if (error == 0 && opset != nullptr) {
        *opset = before;
    }
    return lt::failed_if(error);
}

LT_EXPORT int pset_info(psetid_t pset, int* type, uint_t* numcpus, processorid_t* cpulist)
{
    const lt::PlacementLock lock;
    if (!lt::resolve(pset)) {
        return lt::failed_if(EINVAL);
    }
    uint_t room = 0;
    if (numcpus != nullptr) {
        if (!lt::os::is_readable_word(numcpus)) {
            return lt::failed_if(EFAULT);
        }
        room = *numcpus;
    }
    if (lt::is_bad_word(type) || lt::is_bad_word(numcpus)) {
        return lt::failed_if(EFAULT);
    }
    const lt::os::CpuMask online = lt::os::online_cpus();
    const lt::os::CpuMask cpus =
        online & (pset == PS_NONE ? lt::free_cpus() : lt::cpus_of_set(pset));
    if (const int error = lt::store_cpus(cpus, &room, numcpus != nullptr ? cpulist : nullptr);
        error != 0) {
        return lt::failed_if(error);
    }
    if (type != nullptr) {
        *type = pset == PS_NONE ? PS_SYSTEM : PS_PRIVATE;
    }
    if (numcpus != nullptr) {
        *numcpus = room;
    }
    return 0;
}

LT_EXPORT int pset_list(psetid_t* psetlist, uint_t* numpsets)
{
    if (!lt::os::is_readable_word(numpsets)) {
        return lt::failed_if(EFAULT);
    }
    const uint_t room = *numpsets;
    if (lt::is_bad_word(numpsets)) {
        return lt::failed_if(EFAULT);
    }
    const lt::PlacementLock lock;
    uint_t count = 0;
    for (int set = 1; set <= lt::kMostSets; ++set) {
        if (!lt::is_set(set)) {
            continue;
        }
        if (psetlist != nullptr && count < room) {
            if (lt::is_bad_word(&psetlist[count])) {
                return lt::failed_if(EFAULT);
            }
            psetlist[count] = set;
        }
        ++count;
    }
    *numpsets = count;
    return 0;
}

LT_EXPORT int pset_getloadavg(psetid_t pset, double loadavg[], int nelem)
{
    const lt::PlacementLock lock;
    if (!lt::resolve(pset) || nelem < 0) {
        return lt::failed_if(EINVAL);
    }
    return ::getloadavg(loadavg, nelem < 3 ? nelem : 3);
}
