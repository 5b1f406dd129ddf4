// Registers of a thread: its LWP's while it runs, else those that the switch saved.
#include "reader/registers.h"

#include <sys/user.h>

#include <cstring>
#include <span>

#include "td/agent.h"

using namespace lwpi;
using namespace lwpi::td;

namespace {

td_err_e get_parked(Call& call, const ThreadRecord& thread, prgreg_t* registers)
{
    SavedRegisters saved{};
    if (!thread.is_parked()) {
        return TD_ERR;  // between two LWPs
    }
    if (call.memory().read(thread.sp, std::as_writable_bytes(std::span(&saved, 1))) !=
        sizeof saved) {
        return TD_DBERR;
    }
    user_regs_struct all{};
    all.r15 = saved.r15;
    all.r14 = saved.r14;
    all.r13 = saved.r13;
    all.r12 = saved.r12;
    all.rbx = saved.rbx;
    all.rbp = saved.rbp;
    all.rip = saved.pc;
    all.rsp = thread.sp + sizeof saved;
    all.fs_base = thread.tcb;
    std::memcpy(registers, &all, sizeof all);
    return TD_PARTIALREG;
}

td_err_e set_parked(Call& call, const ThreadRecord& thread, const prgreg_t* registers)
{
    if (!thread.is_parked()) {
        return TD_ERR;
    }
    user_regs_struct all{};
    std::memcpy(&all, registers, sizeof all);
    const SavedRegisters saved{all.r15, all.r14, all.r13, all.r12, all.rbx, all.rbp, all.rip};
    const Address at = all.rsp - sizeof saved;
    if (!thread.has_on_stack(at)) {
        return TD_ERR;
    }
    call.memory().write(at, std::as_bytes(std::span(&saved, 1)));
    call.put(thread.address, LWPT_SLOT_thread_sp, at);
    return TD_PARTIALREG;
}

td_err_e from_client(ps_err_e result)
{
    return result == PS_OK ? TD_OK : result == PS_NOFREGS ? TD_NOFPREGS : TD_DBERR;
}

}  // namespace

td_err_e td_thr_getgregs(const td_thrhandle_t* th, prgregset_t registers)
{
    return with_thread(th, [&](Call& call, const ThreadRecord& thread) {
        const lwpid_t lwp = call.lwp_of(thread);
        return lwp != 0 ? from_client(::ps_lgetregs(call.agent().process, lwp, registers))
                        : get_parked(call, thread, registers);
    });
}

td_err_e td_thr_setgregs(const td_thrhandle_t* th, const prgregset_t registers)
{
    return with_thread(th, [&](Call& call, const ThreadRecord& thread) {
        const lwpid_t lwp = call.lwp_of(thread);
        return lwp != 0 ? from_client(::ps_lsetregs(call.agent().process, lwp, registers))
                        : set_parked(call, thread, registers);
    });
}

// A switch preserves no floating-point register but the control words.

td_err_e td_thr_getfpregs(const td_thrhandle_t* th, prfpregset_t* registers)
{
    return with_thread(th, [&](Call& call, const ThreadRecord& thread) {
        const lwpid_t lwp = call.lwp_of(thread);
        return lwp != 0 ? from_client(::ps_lgetfpregs(call.agent().process, lwp, registers))
                        : TD_NOFPREGS;
    });
}

td_err_e td_thr_setfpregs(const td_thrhandle_t* th, const prfpregset_t* registers)
{
    return with_thread(th, [&](Call& call, const ThreadRecord& thread) {
        const lwpid_t lwp = call.lwp_of(thread);
        return lwp != 0 ? from_client(::ps_lsetfpregs(call.agent().process, lwp, registers))
                        : TD_NOFPREGS;
    });
}

// Further registers are SPARC's.

td_err_e td_thr_getxregsize(const td_thrhandle_t* th, int*)
{
    return th == nullptr ? TD_BADTH : TD_NOXREGS;
}

td_err_e td_thr_getxregs(const td_thrhandle_t* th, void*)
{
    return th == nullptr ? TD_BADTH : TD_NOXREGS;
}

td_err_e td_thr_setxregs(const td_thrhandle_t* th, const void*)
{
    return th == nullptr ? TD_BADTH : TD_NOXREGS;
}
