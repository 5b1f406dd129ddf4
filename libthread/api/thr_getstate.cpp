// thr_getstate, thr_setstate, thr_setmutator and its kin: see <libthread/mutator.h>.
#include <libthread/mutator.h>

#include <cerrno>
#include <cstring>

#include "base/compiler.h"
#include "thread/mutators.h"
#include "thread/registers.h"

// Where call_handler() is; the linker's names for the section.
extern "C" const char __start_lt_handler_calls[] __attribute__((visibility("hidden")));
extern "C" const char __stop_lt_handler_calls[] __attribute__((visibility("hidden")));

namespace {

int code_of(lt::Registers known)
{
    switch (known) {
        case lt::Registers::kAll:
            return TRS_VALID;
        case lt::Registers::kNonvolatile:
            return TRS_NONVOLATILE;
        case lt::Registers::kNone:
            break;
    }
    return TRS_INVALID;
}

template <class Value>
void store_if(Value* where, Value value)
{
    if (where != nullptr) {
        *where = value;
    }
}

}  // namespace

LT_EXPORT int thr_getstate(thread_t tid, int* flag, lwpid_t* lwp, stack_t* stack,
                           gregset_t registers)
{
    lt::RegisterState state;
    const lt::Error error = lt::read_registers(lt::current(), tid, state);
    if (error != lt::Error::kNone) {
        return lt::to_errno(error);
    }
    store_if(flag, code_of(state.known));
    store_if(lwp, state.is_bound ? tid : lwpid_t{0});
    store_if(stack,
             stack_t{reinterpret_cast<void*>(state.stack_hi), 0, state.stack_hi - state.stack_lo});
    if (registers != nullptr) {
        std::memcpy(registers, state.values, sizeof(state.values));
    }
    return 0;
}

LT_EXPORT int thr_setstate(thread_t tid, int flag, gregset_t registers)
{
    if (flag != TRS_VALID || registers == nullptr) {
        return EINVAL;
    }
    gregset_t values;
    std::memcpy(values, registers, sizeof(values));
    return lt::to_errno(lt::write_registers(lt::current(), tid, values));
}

LT_EXPORT int thr_setmutator(thread_t tid, int enabled)
{
    return lt::to_errno(lt::set_mutator(lt::current(), tid, enabled != 0));
}

LT_EXPORT void thr_mutators_barrier(int enabled)
{
    lt::set_mutators_barrier(lt::current(), enabled != 0);
}

LT_EXPORT int thr_suspend_mutator(thread_t tid)
{
    return lt::to_errno(lt::suspend_mutator(lt::current(), tid));
}

LT_EXPORT int thr_continue_mutator(thread_t tid)
{
    return lt::to_errno(lt::continue_mutator(lt::current(), tid));
}

LT_EXPORT int thr_suspend_allmutators(void)
{
    return lt::to_errno(lt::suspend_all_mutators(lt::current()));
}

LT_EXPORT int thr_continue_allmutators(void)
{
    return lt::to_errno(lt::continue_all_mutators(lt::current()));
}

LT_EXPORT int thr_wait_mutator(thread_t tid, int dontwait)
{
    return lt::to_errno(lt::await_mutator(
        lt::current(), tid, dontwait != 0 ? lt::Patience::kNone : lt::Patience::kForEver));
}

LT_EXPORT void thr_sighndlrinfo(void (**function)(), int* size)
{
    *function = reinterpret_cast<void (*)()>(
        reinterpret_cast<std::uintptr_t>(&__start_lt_handler_calls[0]));
    *size = static_cast<int>(__stop_lt_handler_calls - __start_lt_handler_calls);
}

LT_ALIAS(_thr_getstate, thr_getstate);
LT_ALIAS(_thr_setstate, thr_setstate);
LT_ALIAS(_thr_setmutator, thr_setmutator);
LT_ALIAS(_thr_mutators_barrier, thr_mutators_barrier);
LT_ALIAS(_thr_suspend_mutator, thr_suspend_mutator);
LT_ALIAS(_thr_continue_mutator, thr_continue_mutator);
LT_ALIAS(_thr_suspend_allmutators, thr_suspend_allmutators);
LT_ALIAS(_thr_continue_allmutators, thr_continue_allmutators);
LT_ALIAS(_thr_wait_mutator, thr_wait_mutator);
LT_ALIAS(_thr_sighndlrinfo, thr_sighndlrinfo);
