// One thread: what it is, and holding it back.
#include <algorithm>
#include <array>
#include <string>

#include "td/agent.h"

using namespace lwpi;
using namespace lwpi::td;

namespace {

sigset_t set_of(std::uint64_t mask)
{
    sigset_t set;
    ::sigemptyset(&set);
    for (int signal = 1; signal <= 64; ++signal) {
        if ((mask >> (signal - 1) & 1U) != 0) {
            // glibc's own two are in no set of a program's.
            static_cast<void>(::sigaddset(&set, signal));
        }
    }
    return set;
}

std::uint64_t requests_of(Call& call, const ThreadRecord& thread)
{
    return call.get(thread.address, LWPT_SLOT_thread_requests);
}

// Where a parked thread goes on.
void put_place(Call& call, const ThreadRecord& thread, td_thrinfo_t& info)
{
    if (thread.is_parked()) {
        std::array<std::uint64_t, 7> saved{};
        if (call.memory().read(thread.sp, std::as_writable_bytes(std::span(saved))) ==
            sizeof saved) {
            info.ti_pc = saved[6];
            info.ti_sp = thread.sp + sizeof saved;
        }
    }
}

void forget_held(td_thragent& agent, Address record)
{
    std::erase_if(agent.held, [&](const td_thragent::Held& held) { return held.record == record; });
}

}  // namespace

td_err_e td_thr_validate(const td_thrhandle_t* th)
{
    return with_thread(th, [](Call&, const ThreadRecord&) { return TD_OK; });
}

td_err_e td_thr_get_info(const td_thrhandle_t* th, td_thrinfo_t* info)
{
    if (info == nullptr) {
        return TD_ERR;
    }
    return with_thread(th, [&](Call& call, const ThreadRecord& thread) {
        const auto get = [&](Slot slot) { return call.get(thread.address, slot); };
        *info = {};
        info->ti_ta_p = th->th_ta_p;
        info->ti_user_flags = user_flags_of(call, thread);
        info->ti_tid = static_cast<thread_t>(thread.id);
        info->ti_tls = reinterpret_cast<char*>(thread.tcb);
        info->ti_startfunc = thread.start.value_or(0);
        info->ti_stkbase = thread.stack_hi;
        info->ti_stksize = static_cast<long>(thread.stack_hi - thread.stack_lo);
        info->ti_ro_area = thread.address;
        for (const SlabRange& slab : call.layout().thread_slabs()) {
            info->ti_ro_size = static_cast<int>(slab.record_size);
        }
        info->ti_state = state_of(call, thread);
        info->ti_db_suspended = (requests_of(call, thread) & call.constant("debug_stop")) != 0;
        info->ti_type = TD_THR_USER;
        info->ti_flags = static_cast<short>(thread.flags);
        info->ti_pri = static_cast<int>(thread.priority.value_or(0));
        info->ti_lid = call.lwp_of(thread);
        info->ti_sigmask = set_of(get(LWPT_SLOT_thread_signal_mask));
        info->ti_pending = set_of(get(LWPT_SLOT_thread_signals_pending));
        const auto events = static_cast<unsigned>(get(LWPT_SLOT_thread_debug_events));
        info->ti_events.event_bits[0] = events & ~__td_event_bit(TD_EVENTS_ENABLE);
        info->ti_traceme = (events & __td_event_bit(TD_EVENTS_ENABLE)) != 0;
        put_place(call, thread, *info);
        return TD_OK;
    });
}

// A thread that runs user code stops with its LWP; one that is in the library, or on no LWP, is
// left aside there as by thr_suspend.
td_err_e td_thr_dbsuspend(const td_thrhandle_t* th)
{
    return with_thread(th, [&](Call& call, const ThreadRecord& thread) {
        const std::uint64_t stop = call.constant("debug_stop");
        const std::uint64_t before = requests_of(call, thread);
        if (state_of(call, thread) == TD_THR_ZOMBIE) {
            return TD_NOTHR;
        }
        if ((before & stop) != 0) {
            return TD_OK;
        }
        const lwpid_t lwp = call.lwp_of(thread);
        if (lwp != 0 && call.get(thread.address, LWPT_SLOT_thread_critical) == 0) {
            if (::ps_lstop(call.agent().process, lwp) != PS_OK) {
                return TD_DBERR;
            }
            call.agent().held.push_back({thread.address, lwp});
        }
        call.put(thread.address, LWPT_SLOT_thread_requests, before | stop);
        call.send_orders();
        return TD_OK;
    });
}

td_err_e td_thr_dbresume(const td_thrhandle_t* th)
{
    return with_thread(th, [&](Call& call, const ThreadRecord& thread) {
        const std::uint64_t stop = call.constant("debug_stop");
        const std::uint64_t before = requests_of(call, thread);
        if ((before & stop) == 0) {
            return TD_OK;
        }
        call.put(thread.address, LWPT_SLOT_thread_requests, before & ~stop);
        call.send_orders();
        td_err_e result = TD_OK;
        for (const td_thragent::Held& held : call.agent().held) {
            if (held.record == thread.address &&
                ::ps_lcontinue(call.agent().process, held.lwp) != PS_OK) {
                result = TD_DBERR;
            }
        }
        forget_held(call.agent(), thread.address);
        return result;
    });
}

// A mask and a priority are filed in several places, which must change together: the thread's own
// calls do that.

td_err_e td_thr_sigsetmask(const td_thrhandle_t* th, sigset_t)
{
    return th == nullptr ? TD_BADTH : TD_NOCAPAB;
}

td_err_e td_thr_setsigpending(const td_thrhandle_t* th, uchar_t, sigset_t)
{
    return th == nullptr ? TD_BADTH : TD_NOCAPAB;
}

td_err_e td_thr_setprio(const td_thrhandle_t* th, int)
{
    return th == nullptr ? TD_BADTH : TD_NOCAPAB;
}
