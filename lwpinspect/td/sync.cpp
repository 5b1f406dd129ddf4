// Synchronisation objects: what they are by their words, and who waits for them.
#include <synch.h>

#include <algorithm>
#include <set>
#include <string>

#include "td/agent.h"

using namespace lwpi;
using namespace lwpi::td;

namespace {

// The first words of each object, where Solaris has them.
struct Head {
    std::uint32_t word;
    std::uint16_t type;
    std::uint16_t magic;
};

Head head_of(Call& call, Address object)
{
    const auto head = call.memory().read_value<Head>(object);
    if (!head || object % alignof(Head) != 0) {
        throw Failure{TD_BADSH};
    }
    return *head;
}

bool waits_for(const Call& call, const ThreadRecord& thread, Address object)
{
    return kind_of_wait(call, thread) != TD_SYNC_UNKNOWN && thread.wait_object == object;
}

// By its magic number; an object that was never initialised by a call has none, and is known if
// somebody waits for it.
td_sync_type_e kind_of(Call& call, Address object)
{
    switch (head_of(call, object).magic) {
        case MUTEX_MAGIC:
            return TD_SYNC_MUTEX;
        case COND_MAGIC:
            return TD_SYNC_COND;
        case SEMA_MAGIC:
            return TD_SYNC_SEMA;
        case RWL_MAGIC:
            return TD_SYNC_RWLOCK;
        case 0:
            break;
        default:
            throw Failure{TD_BADSH};
    }
    for (const ThreadRecord& thread : call.threads()) {
        if (waits_for(call, thread, object)) {
            return kind_of_wait(call, thread);
        }
    }
    throw Failure{TD_BADSH};
}

struct Owner {
    std::uint64_t id = 0;
    pid_t process = 0;
};

void describe_mutex(Call& call, Address object, td_syncinfo_t& info, Owner& owner)
{
    const auto word = call.get(object, LWPT_SLOT_mutex_word);
    owner.id = word & call.constant("mutex_owner_mask");
    info.si_size = sizeof(mutex_t);
    info.si_shared_type = static_cast<int>(call.get(object, LWPT_SLOT_mutex_type));
    info.si_state.mutex_locked = owner.id != 0;
    info.si_rcount = static_cast<uchar_t>(call.get(object, LWPT_SLOT_mutex_recursion));
    if ((info.si_shared_type & LOCK_PRIO_PROTECT) != 0) {
        info.si_prioceiling = static_cast<uchar_t>(call.get(object, LWPT_SLOT_mutex_flags) >> 25U);
    }
    const auto process = call.get(object, LWPT_SLOT_mutex_process);
    if ((info.si_shared_type & USYNC_PROCESS) != 0 && (info.si_shared_type & LOCK_ROBUST) == 0) {
        owner.process = static_cast<pid_t>(process);
    } else if ((info.si_shared_type & USYNC_PROCESS) != 0) {
        owner.id = process;  // the word names the process's keeper
    }
}

void describe_rwlock(Call& call, Address object, td_syncinfo_t& info, Owner& owner)
{
    const auto state = call.get(object, LWPT_SLOT_rwlock_state);
    info.si_size = sizeof(rwlock_t);
    info.si_shared_type = head_of(call, object).type;
    info.si_is_wlock = (state & call.constant("rwlock_write_held")) != 0;
    info.si_state.nreaders =
        info.si_is_wlock ? -1 : static_cast<int>(state & call.constant("rwlock_reader_mask"));
    if (info.si_is_wlock) {
        owner.id = call.get(object, LWPT_SLOT_rwlock_writer);
    }
    if ((info.si_shared_type & USYNC_PROCESS) != 0) {
        owner.process = static_cast<pid_t>(call.get(object, LWPT_SLOT_rwlock_writer_process));
    }
}

td_syncinfo_t describe(Call& call, td_thragent_t* agent, Address object)
{
    td_syncinfo_t info{};
    Owner owner;
    info.si_ta_p = agent;
    info.si_sv_addr = object;
    info.si_type = kind_of(call, object);
    switch (info.si_type) {
        case TD_SYNC_MUTEX:
            describe_mutex(call, object, info, owner);
            break;
        case TD_SYNC_RWLOCK:
            describe_rwlock(call, object, info, owner);
            break;
        case TD_SYNC_SEMA:
            info.si_size = sizeof(sema_t);
            info.si_shared_type = head_of(call, object).type & USYNC_PROCESS;
            info.si_state.sem_count = static_cast<int>(call.get(object, LWPT_SLOT_sema_count));
            break;
        case TD_SYNC_COND:
            info.si_size = sizeof(cond_t);
            info.si_shared_type = head_of(call, object).type;
            break;
        case TD_SYNC_UNKNOWN:
            break;
    }
    info.si_ownerpid = owner.process;
    for (const ThreadRecord& thread : call.threads()) {
        info.si_has_waiters = info.si_has_waiters || waits_for(call, thread, object);
        // Ids of other processes' threads are numbers like ours.
        const bool ours = owner.process == 0 || owner.process == call.process_id();
        if (thread.id == owner.id && owner.id != 0 && ours) {
            info.si_owner = {agent, thread.address};
        }
    }
    return info;
}

td_err_e with_object(const td_synchandle_t* sh, const std::function<td_err_e(Call&)>& work)
{
    return sh == nullptr ? TD_BADSH : with_call(sh->sh_ta_p, TD_BADSH, work);
}

// Every object that somebody waits for, once.
std::set<Address> objects_waited_for(Call& call)
{
    std::set<Address> objects;
    for (const ThreadRecord& thread : call.threads()) {
        if (kind_of_wait(call, thread) != TD_SYNC_UNKNOWN) {
            objects.insert(*thread.wait_object);
        }
    }
    return objects;
}

}  // namespace

td_err_e td_ta_map_addr2sync(const td_thragent_t* ta, psaddr_t address, td_synchandle_t* sh)
{
    if (sh == nullptr) {
        return TD_BADSH;
    }
    return with_call(ta, TD_BADTA, [&](Call& call) {
        static_cast<void>(kind_of(call, address));
        *sh = {const_cast<td_thragent_t*>(ta), address};
        return TD_OK;
    });
}

td_err_e td_ta_sync_iter(const td_thragent_t* ta, td_sync_iter_f* visit, void* argument)
{
    if (visit == nullptr) {
        return TD_ERR;
    }
    return with_call(ta, TD_BADTA, [&](Call& call) {
        for (const Address object : objects_waited_for(call)) {
            const td_synchandle_t handle{const_cast<td_thragent_t*>(ta), object};
            if (visit(&handle, argument) != 0) {
                break;
            }
        }
        return TD_OK;
    });
}

td_err_e td_sync_get_info(const td_synchandle_t* sh, td_syncinfo_t* info)
{
    if (info == nullptr) {
        return TD_ERR;
    }
    return with_object(sh, [&](Call& call) {
        *info = describe(call, sh->sh_ta_p, sh->sh_unique);
        return TD_OK;
    });
}

td_err_e td_sync_waiters(const td_synchandle_t* sh, td_thr_iter_f* visit, void* argument)
{
    if (visit == nullptr) {
        return TD_ERR;
    }
    return with_object(sh, [&](Call& call) {
        for (const ThreadRecord& thread : call.threads()) {
            const td_thrhandle_t handle{sh->sh_ta_p, thread.address};
            if (waits_for(call, thread, sh->sh_unique) && visit(&handle, argument) != 0) {
                break;
            }
        }
        return TD_OK;
    });
}

td_err_e td_sync_get_stats(const td_synchandle_t* sh, td_syncstats_t*)
{
    return sh == nullptr ? TD_BADSH : TD_NOCAPAB;
}

// The state of an object and the threads asleep on it change together, by the library alone.
td_err_e td_sync_setstate(const td_synchandle_t* sh, int)
{
    return sh == nullptr ? TD_BADSH : TD_NOCAPAB;
}

td_err_e td_thr_lockowner(const td_thrhandle_t* th, td_sync_iter_f* visit, void* argument)
{
    if (visit == nullptr) {
        return TD_ERR;
    }
    return with_thread(th, [&](Call& call, const ThreadRecord& thread) {
        for (const Address object : objects_waited_for(call)) {
            const td_syncinfo_t info = describe(call, th->th_ta_p, object);
            const td_synchandle_t handle{th->th_ta_p, object};
            if (info.si_owner.th_unique == thread.address && visit(&handle, argument) != 0) {
                break;
            }
        }
        return TD_OK;
    });
}

td_err_e td_thr_sleepinfo(const td_thrhandle_t* th, td_synchandle_t* sh)
{
    if (sh == nullptr) {
        return TD_BADSH;
    }
    return with_thread(th, [&](Call& call, const ThreadRecord& thread) {
        if (kind_of_wait(call, thread) == TD_SYNC_UNKNOWN) {
            return TD_ERR;
        }
        *sh = {th->th_ta_p, *thread.wait_object};
        return TD_OK;
    });
}
