// Events: which are reported, where, and what the last ones were.
#include "td/agent.h"

using namespace lwpi;
using namespace lwpi::td;

namespace {

constexpr std::uint32_t kOn = __td_event_bit(TD_EVENTS_ENABLE);
constexpr std::uint32_t kReported = __td_event_bit(TD_CREATE) | __td_event_bit(TD_DEATH);

// All that the library can report of a set; the rest of a full one is no error.
std::uint32_t mask_of(const td_thr_events_t& events)
{
    return events.event_bits[0] & kReported;
}

void change(Call& call, Address address, Slot slot, std::uint32_t set, std::uint32_t clear)
{
    call.put(address, slot, (call.get(address, slot) & ~std::uint64_t{clear}) | set);
}

// Takes the message of a thread, if it has one.
bool take_message(Call& call, Address thread, td_event_msg_t& message)
{
    const auto event = call.get(thread, LWPT_SLOT_thread_debug_event);
    if (event == 0) {
        return false;
    }
    td_thragent& agent = call.agent();
    message = {};
    message.event = static_cast<td_event_e>(event);
    agent.reporter = {&agent, thread};
    message.th_p = &agent.reporter;
    if (message.event == TD_CREATE) {
        const auto id = call.get(thread, LWPT_SLOT_thread_debug_data);
        agent.subject = {&agent, 0};
        for (const ThreadRecord& other : call.threads()) {
            agent.subject.th_unique = other.id == id ? other.address : agent.subject.th_unique;
        }
        message.msg.th = &agent.subject;
    }
    call.put(thread, LWPT_SLOT_thread_debug_event, 0);
    return true;
}

}  // namespace

td_err_e td_ta_event_addr(const td_thragent_t* ta, td_event_e event, td_notify_t* notify)
{
    if (notify == nullptr) {
        return TD_ERR;
    }
    return with_call(ta, TD_BADTA, [&](Call& call) {
        if (event != TD_CREATE && event != TD_DEATH) {
            return TD_NOEVENT;
        }
        notify->type = NOTIFY_BPT;
        notify->u.bptaddr =
            call.get(call.layout().process(), event == TD_CREATE ? LWPT_SLOT_process_event_create
                                                                 : LWPT_SLOT_process_event_death);
        return TD_OK;
    });
}

td_err_e td_ta_set_event(const td_thragent_t* ta, td_thr_events_t* events)
{
    return with_call(events == nullptr ? nullptr : ta, TD_BADTA, [&](Call& call) {
        change(call, call.layout().process(), LWPT_SLOT_process_debug_events, mask_of(*events), 0);
        return TD_OK;
    });
}

td_err_e td_ta_clear_event(const td_thragent_t* ta, td_thr_events_t* events)
{
    return with_call(events == nullptr ? nullptr : ta, TD_BADTA, [&](Call& call) {
        change(call, call.layout().process(), LWPT_SLOT_process_debug_events, 0, mask_of(*events));
        return TD_OK;
    });
}

td_err_e td_ta_event_getmsg(const td_thragent_t* ta, td_event_msg_t* message)
{
    if (message == nullptr) {
        return TD_ERR;
    }
    return with_call(ta, TD_BADTA, [&](Call& call) {
        for (const ThreadRecord& thread : call.threads()) {
            if (take_message(call, thread.address, *message)) {
                return TD_OK;
            }
        }
        return TD_NOMSG;
    });
}

td_err_e td_thr_event_enable(const td_thrhandle_t* th, int on)
{
    return with_thread(th, [&](Call& call, const ThreadRecord& thread) {
        change(call, thread.address, LWPT_SLOT_thread_debug_events, on != 0 ? kOn : 0, kOn);
        return TD_OK;
    });
}

td_err_e td_thr_set_event(const td_thrhandle_t* th, td_thr_events_t* events)
{
    return with_thread(events == nullptr ? nullptr : th, [&](Call& call, const ThreadRecord& it) {
        change(call, it.address, LWPT_SLOT_thread_debug_events, mask_of(*events), 0);
        return TD_OK;
    });
}

td_err_e td_thr_clear_event(const td_thrhandle_t* th, td_thr_events_t* events)
{
    return with_thread(events == nullptr ? nullptr : th, [&](Call& call, const ThreadRecord& it) {
        change(call, it.address, LWPT_SLOT_thread_debug_events, 0, mask_of(*events));
        return TD_OK;
    });
}

td_err_e td_thr_event_getmsg(const td_thrhandle_t* th, td_event_msg_t* message)
{
    if (message == nullptr) {
        return TD_ERR;
    }
    return with_thread(th, [&](Call& call, const ThreadRecord& thread) {
        return take_message(call, thread.address, *message) ? TD_OK : TD_NOMSG;
    });
}
