// schedctl_init(3C), yield(3C)
#include <schedctl.h>

#include <cstddef>

#include "base/compiler.h"
#include "sched/scheduler.h"

static_assert(sizeof(schedctl_t) == sizeof(lt::PreemptionWords));
static_assert(offsetof(schedctl_t, sc_nopreempt) == offsetof(lt::PreemptionWords, hold_off));
static_assert(offsetof(schedctl_t, sc_yield) == offsetof(lt::PreemptionWords, owed));

LT_EXPORT schedctl_t* schedctl_init(void)
{
    lt::Thread& self = lt::current();
    self.processor.has_schedctl = true;
    return reinterpret_cast<schedctl_t*>(&self.processor.preemption);
}

LT_EXPORT schedctl_t* schedctl_lookup(void)
{
    lt::Thread& self = lt::current();
    return self.processor.has_schedctl ? reinterpret_cast<schedctl_t*>(&self.processor.preemption)
                                       : nullptr;
}

LT_EXPORT void schedctl_exit(void)
{
    lt::Thread& self = lt::current();
    self.processor.has_schedctl = false;
    self.processor.preemption.hold_off = 0;
    self.processor.preemption.owed = 0;
}

LT_EXPORT void schedctl_start(schedctl_t* words)
{
    if (words != nullptr) {
        words->sc_nopreempt = 1;
    }
}

LT_EXPORT void schedctl_stop(schedctl_t* words)
{
    if (words == nullptr) {
        return;
    }
    words->sc_nopreempt = 0;
    if (words->sc_yield != 0) {
        words->sc_yield = 0;
        lt::yield(lt::current());
    }
}

// Weak: programs have functions of that name.
extern "C" __attribute__((visibility("default"), weak)) void yield(void)
{
    lt::yield(lt::current());
}

extern "C" __attribute__((visibility("default"), alias("schedctl_init"))) schedctl_t* _thr_schedctl(
    void);
