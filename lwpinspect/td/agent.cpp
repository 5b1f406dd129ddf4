#include "td/agent.h"

#include <new>
#include <string>

namespace lwpi::td {
namespace {

psaddr_t find_descriptor(ps_prochandle* process)
{
    constexpr const char* kProgram = nullptr;  // PS_OBJ_EXEC
    // The shared library, whatever its version; a program that holds the static one.
    for (const char* object : {"libthread.so.1", "libthread.so", kProgram}) {
        psaddr_t address = 0;
        if (::ps_pglobal_lookup(process, object, "lwp_debug", &address) == PS_OK && address != 0) {
            return address;
        }
    }
    return 0;
}

bool has_started(const td_thragent& agent)
{
    ClientMemory memory(agent.process);
    return read_library(agent.descriptor, memory, 0).layout.has_value();
}

}  // namespace

void ClientMemory::read_blocks(std::span<RemoteBlock> blocks)
{
    for (RemoteBlock& block : blocks) {
        const bool read =
            !block.into.empty() &&
            ::ps_pdread(process_, block.address, block.into.data(), block.into.size()) == PS_OK;
        block.got = read ? block.into.size() : 0;
    }
}

void ClientMemory::write(Address address, std::span<const std::byte> bytes)
{
    if (::ps_pdwrite(process_, address, bytes.data(), bytes.size()) != PS_OK) {
        throw Failure{TD_DBERR};
    }
}

Call::Call(td_thragent& agent) : agent_(agent), memory_(agent.process)
{
    if (::ps_pstop(agent_.process) != PS_OK) {
        throw Failure{TD_DBERR};
    }
    FoundLibrary found = read_library(agent_.descriptor, memory_, 0);
    if (!found.layout) {
        ::ps_pcontinue(agent_.process);
        throw Failure{found.info.state == LibraryState::kNotStarted ? TD_NOLIBTHREAD : TD_DBERR};
    }
    layout_ = std::move(found.layout);
    process_id_ = found.info.pid_at_init;
}

Call::~Call()
{
    ::ps_pcontinue(agent_.process);
}

ThreadRecord Call::thread(Address record)
{
    const auto found = records().read_thread(record);
    if (!found || found->id == 0) {
        throw Failure{TD_NOTHR};
    }
    return *found;
}

std::vector<ThreadRecord> Call::threads()
{
    auto all = records().read_threads();
    if (all.unread != 0) {
        throw Failure{TD_DBERR};
    }
    return std::move(all.records);
}

lwpid_t Call::lwp_of(const ThreadRecord& thread)
{
    if (state_of(*this, thread) != TD_THR_ACTIVE) {
        return 0;
    }
    const auto lwp = records().read_lwp(thread.lwp);
    return lwp ? static_cast<lwpid_t>(lwp->tid) : 0;
}

std::uint64_t Call::get(Address address, Slot slot)
{
    if (!layout_->has(slot)) {
        throw Failure{TD_NOCAPAB};
    }
    const auto value = layout_->read_number(memory_, address, slot);
    if (!value) {
        throw Failure{TD_DBERR};
    }
    return *value;
}

void Call::put(Address address, Slot slot, std::uint64_t value)
{
    if (!layout_->has(slot)) {
        throw Failure{TD_NOCAPAB};
    }
    const lwpt_field field = layout_->field(slot);
    const auto bytes = std::as_bytes(std::span(&value, 1));
    memory_.write(address + field.offset, bytes.first(std::min<std::size_t>(field.width, 8)));
}

std::uint64_t Call::constant(const char* name) const
{
    const auto value = layout_->constant(name);
    if (!value) {
        throw Failure{TD_NOCAPAB};
    }
    return *value;
}

void Call::send_orders()
{
    const Address process = layout_->process();
    const Address word = get(process, LWPT_SLOT_process_clock_word);
    put(process, LWPT_SLOT_process_debug_orders, 1);
    if (word != 0) {  // else no thread was ever made, and there is nobody to tell
        const auto notified = static_cast<std::uint32_t>(constant("clock_notified"));
        memory_.write(word, std::as_bytes(std::span(&notified, 1)));
    }
}

td_thr_state_e state_of(Call& call, const ThreadRecord& thread)
{
    const std::string name = call.layout().name(LWPT_THREAD_STATE, thread.state);
    const bool suspended =
        call.layout().has(LWPT_SLOT_thread_requests) &&
        (call.get(thread.address, LWPT_SLOT_thread_requests) & call.constant("stop_requests")) != 0;
    if (name == "running") {
        return TD_THR_ACTIVE;
    }
    if (name == "zombie") {
        return TD_THR_ZOMBIE;
    }
    if (name == "blocked") {
        return suspended ? TD_THR_STOPPED_ASLEEP : TD_THR_SLEEP;
    }
    if (name == "stopped") {
        return TD_THR_STOPPED;
    }
    if (name == "ready") {
        return suspended ? TD_THR_STOPPED : TD_THR_RUN;
    }
    return TD_THR_UNKNOWN;
}

unsigned user_flags_of(const Call& call, const ThreadRecord& thread)
{
    unsigned flags = 0;
    for (const std::string& name : call.layout().flag_names(thread.flags)) {
        flags |= name == "bound"      ? THR_BOUND
                 : name == "detached" ? THR_DETACHED
                 : name == "daemon"   ? THR_DAEMON
                 : name == "new_lwp"  ? THR_NEW_LWP
                                      : 0U;
    }
    return flags;
}

td_sync_type_e kind_of_wait(const Call& call, const ThreadRecord& thread)
{
    const std::string name = call.layout().name(LWPT_WAIT_KIND, thread.wait_kind);
    if (!thread.wait_object || *thread.wait_object == 0 ||
        call.layout().name(LWPT_THREAD_STATE, thread.state) != "blocked") {
        return TD_SYNC_UNKNOWN;
    }
    return name == "mutex"                        ? TD_SYNC_MUTEX
           : name == "cond"                       ? TD_SYNC_COND
           : name == "sema"                       ? TD_SYNC_SEMA
           : name == "rdlock" || name == "wrlock" ? TD_SYNC_RWLOCK
                                                  : TD_SYNC_UNKNOWN;
}

td_err_e with_call(const td_thragent* agent, td_err_e none,
                   const std::function<td_err_e(Call&)>& work) noexcept
{
    if (agent == nullptr) {
        return none;
    }
    try {
        // The interface calls an agent constant that keeps what it holds.
        Call call(const_cast<td_thragent&>(*agent));
        return work(call);
    } catch (const Failure& failure) {
        return failure.code;
    } catch (const std::bad_alloc&) {
        return TD_MALLOC;
    } catch (const std::exception&) {
        return TD_ERR;
    }
}

td_err_e with_thread(const td_thrhandle_t* handle,
                     const std::function<td_err_e(Call&, const ThreadRecord&)>& work) noexcept
{
    if (handle == nullptr) {
        return TD_BADTH;
    }
    return with_call(handle->th_ta_p, TD_BADTH,
                     [&](Call& call) { return work(call, call.thread(handle->th_unique)); });
}

}  // namespace lwpi::td

using namespace lwpi::td;

td_err_e td_init(void)
{
    return TD_OK;
}

void td_log(void)
{
}

td_err_e td_ta_new(ps_prochandle* ph, td_thragent_t** ta)
{
    if (ph == nullptr) {
        return TD_BADPH;
    }
    if (ta == nullptr) {
        return TD_ERR;
    }
    *ta = nullptr;
    try {
        td_thragent agent;
        agent.process = ph;
        agent.descriptor = find_descriptor(ph);
        if (agent.descriptor == 0 || !has_started(agent)) {
            return TD_NOLIBTHREAD;
        }
        *ta = new td_thragent(agent);
        return TD_OK;
    } catch (const std::bad_alloc&) {
        return TD_MALLOC;
    } catch (const std::exception&) {
        return TD_ERR;
    }
}

td_err_e td_ta_delete(td_thragent_t* ta)
{
    if (ta == nullptr) {
        return TD_BADTA;
    }
    delete ta;
    return TD_OK;
}

td_err_e td_ta_get_ph(const td_thragent_t* ta, ps_prochandle** ph)
{
    if (ta == nullptr || ph == nullptr) {
        return ta == nullptr ? TD_BADTA : TD_ERR;
    }
    *ph = ta->process;
    return TD_OK;
}
