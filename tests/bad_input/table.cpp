#include <cstdio>
#include <utility>

#include "bad_input/bad_input.h"

namespace bad_input {

Other::Other(std::function<void()> enter, std::function<void()> leave, long flags)
    : enter_{std::move(enter)}, leave_{std::move(leave)}, flags_{flags}
{
    if (thr_create(nullptr, 0, run, this, flags, &id_) == 0) {
        sema_wait(&entered_);
    }
}

Other::~Other()
{
    sema_post(&go_);
    if ((flags_ & (THR_DETACHED | THR_DAEMON)) == 0) {
        thr_join(id_, nullptr, nullptr);
        return;
    }
    sema_wait(&gone_);
    while (thr_kill(id_, 0) == 0) {
        thr_yield();
    }
}

void* Other::run(void* argument)
{
    auto& self = *static_cast<Other*>(argument);
    self.enter_();
    sema_post(&self.entered_);
    sema_wait(&self.go_);
    self.leave_();
    sema_post(&self.gone_);
    return nullptr;
}

const std::vector<MutexKind>& mutex_kinds()
{
    static const std::vector<MutexKind> kinds{
        {"normal, private", 0},
        {"error-checking, private", LOCK_ERRORCHECK},
        {"recursive, private", LOCK_RECURSIVE},
        {"both, private", LOCK_RECURSIVE | LOCK_ERRORCHECK},
        {"normal, shared", USYNC_PROCESS},
        {"error-checking, shared", USYNC_PROCESS | LOCK_ERRORCHECK},
        {"recursive, shared", USYNC_PROCESS | LOCK_RECURSIVE},
        {"both, shared", USYNC_PROCESS | LOCK_RECURSIVE | LOCK_ERRORCHECK},
    };
    return kinds;
}

std::string hex(long number)
{
    char text[32];
    std::snprintf(text, sizeof text, "%#x", static_cast<unsigned>(number));
    return text;
}

}  // namespace bad_input
