// The process as a whole: its threads, found and visited.
#include <algorithm>
#include <string>

#include "td/agent.h"

using namespace lwpi;
using namespace lwpi::td;

namespace {

// The library's masks are the kernel's: bit n - 1 is signal n.
bool is_mask(std::uint64_t mask, const sigset_t& set)
{
    for (int signal = 1; signal <= 64; ++signal) {
        if (((mask >> (signal - 1) & 1U) != 0) != (::sigismember(&set, signal) == 1)) {
            return false;
        }
    }
    return true;
}

struct Filter {
    td_thr_state_e state;
    int lowest_priority;
    const sigset_t* mask;
    unsigned user_flags;

    [[nodiscard]] bool takes(Call& call, const ThreadRecord& thread) const
    {
        return (state == TD_THR_ANY_STATE || state == state_of(call, thread)) &&
               thread.priority.value_or(0) >= lowest_priority &&
               (user_flags == TD_THR_ANY_USER_FLAGS || user_flags == user_flags_of(call, thread)) &&
               (mask == nullptr ||
                is_mask(call.get(thread.address, LWPT_SLOT_thread_signal_mask), *mask));
    }
};

void count_look(Call& call, const std::vector<ThreadRecord>& threads, Looks& looks)
{
    ++looks.count;
    for (const ThreadRecord& thread : threads) {
        looks.ready += state_of(call, thread) == TD_THR_RUN ? 1 : 0;
    }
    for (const LwpRecord& lwp : call.records().read_lwps()) {
        const std::string state = call.layout().name(LWPT_LWP_STATE, lwp.state.value_or(0));
        const bool idle = state == "searching" || state == "parked";
        const bool running = state == "running" || state == "bound";
        looks.running_lwps += running ? 1 : 0;
        looks.idle_lwps += idle ? 1 : 0;
        looks.lwps += running || idle ? 1 : 0;
    }
}

td_err_e give_thread(const td_thragent_t* ta, const ThreadRecord& thread, td_thrhandle_t* th)
{
    th->th_ta_p = const_cast<td_thragent_t*>(ta);
    th->th_unique = thread.address;
    return TD_OK;
}

}  // namespace

td_err_e td_ta_get_nthreads(const td_thragent_t* ta, int* count)
{
    if (count == nullptr) {
        return TD_ERR;
    }
    return with_call(ta, TD_BADTA, [&](Call& call) {
        *count = static_cast<int>(call.threads().size());
        return TD_OK;
    });
}

td_err_e td_ta_map_id2thr(const td_thragent_t* ta, thread_t id, td_thrhandle_t* th)
{
    if (th == nullptr) {
        return TD_BADTH;
    }
    return with_call(ta, TD_BADTA, [&](Call& call) {
        const auto all = call.threads();
        const auto found = std::lower_bound(
            all.begin(), all.end(), id,
            [](const ThreadRecord& thread, thread_t wanted) { return thread.id < wanted; });
        return found == all.end() || found->id != id ? TD_NOTHR : give_thread(ta, *found, th);
    });
}

td_err_e td_ta_map_lwp2thr(const td_thragent_t* ta, lwpid_t lwp, td_thrhandle_t* th)
{
    if (th == nullptr) {
        return TD_BADTH;
    }
    return with_call(ta, TD_BADTA, [&](Call& call) {
        for (const LwpRecord& record : call.records().read_lwps()) {
            if (record.tid != lwp) {
                continue;
            }
            const auto thread = call.records().read_thread(record.thread);
            // id 0: the LWP's own context, in which it looks for work.
            return thread && thread->id != 0 ? give_thread(ta, *thread, th) : TD_NOTHR;
        }
        return TD_NOLWP;
    });
}

td_err_e td_ta_thr_iter(const td_thragent_t* ta, td_thr_iter_f* visit, void* argument,
                        td_thr_state_e state, int lowest_priority, sigset_t* mask,
                        unsigned user_flags)
{
    if (visit == nullptr) {
        return TD_ERR;
    }
    const Filter filter{state, lowest_priority, mask, user_flags};
    return with_call(ta, TD_BADTA, [&](Call& call) {
        for (const ThreadRecord& thread : call.threads()) {
            td_thrhandle_t handle{};
            give_thread(ta, thread, &handle);
            if (filter.takes(call, thread) && visit(&handle, argument) != 0) {
                break;
            }
        }
        return TD_OK;
    });
}

td_err_e td_ta_setconcurrency(const td_thragent_t* ta, int level)
{
    if (level < 0) {
        return TD_ERR;
    }
    return with_call(ta, TD_BADTA, [&](Call& call) {
        const Address process = call.layout().process();
        // As thr_setconcurrency: a lower level changes nothing.
        if (static_cast<std::uint64_t>(level) > call.get(process, LWPT_SLOT_process_concurrency)) {
            call.put(process, LWPT_SLOT_process_concurrency, static_cast<std::uint64_t>(level));
            call.send_orders();
        }
        return TD_OK;
    });
}

// Nothing is counted between two calls of td_ta_get_stats: each is one look at the process.

td_err_e td_ta_enable_stats(const td_thragent_t* ta, int on)
{
    return with_call(ta, TD_BADTA, [&](Call& call) {
        auto& looks = call.agent().looks;
        looks = on == 0 ? std::nullopt : looks ? looks : std::optional(Looks{});
        return TD_OK;
    });
}

td_err_e td_ta_reset_stats(const td_thragent_t* ta)
{
    return with_call(ta, TD_BADTA, [&](Call& call) {
        if (call.agent().looks) {
            call.agent().looks.emplace();
        }
        return TD_OK;
    });
}

td_err_e td_ta_get_stats(const td_thragent_t* ta, td_ta_stats_t* stats)
{
    if (stats == nullptr) {
        return TD_ERR;
    }
    return with_call(ta, TD_BADTA, [&](Call& call) {
        const auto threads = call.threads();
        *stats = {};
        stats->nthreads = static_cast<int>(threads.size());
        stats->r_concurrency =
            static_cast<int>(call.get(call.layout().process(), LWPT_SLOT_process_concurrency));
        if (!call.agent().looks) {
            return TD_OK;
        }
        Looks& looks = *call.agent().looks;
        count_look(call, threads, looks);
        stats->nrunnable_num = looks.ready;
        stats->a_concurrency_num = looks.running_lwps;
        stats->nlwps_num = looks.lwps;
        stats->nidle_num = looks.idle_lwps;
        stats->nrunnable_den = stats->a_concurrency_den = stats->nlwps_den = stats->nidle_den =
            looks.count;
        return TD_OK;
    });
}

// Objects that are waited for are always known.
td_err_e td_ta_sync_tracking_enable(const td_thragent_t* ta, int)
{
    return ta == nullptr ? TD_BADTA : TD_OK;
}
