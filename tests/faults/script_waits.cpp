// Steps that wait for objects, own ones and ones shared between processes.
#include "faults/script.h"

namespace faults {
namespace {

struct Contended {
    mutex_t mutex;
    cond_t cond;
    sema_t sema;
    rwlock_t rwlock;
    bool said;
};
Contended own;
Contended shared;

void* take_and_say(void* argument)
{
    auto& with = *static_cast<Contended*>(argument);
    const int error = mutex_lock(&with.mutex);
    if (error != 0) {
        return error_result(error);
    }
    with.said = true;
    cond_signal(&with.cond);
    return error_result(mutex_unlock(&with.mutex));
}

int wait_for_condition(Contended& with, long flags)
{
    int error = mutex_lock(&with.mutex);
    if (error != 0) {
        return error;
    }
    with.said = false;
    thread_t id = 0;
    error = create(take_and_say, &with, flags, id);
    while (error == 0 && !with.said) {
        error = cond_wait(&with.cond, &with.mutex);
        error = error == EINTR ? 0 : error;
    }
    mutex_unlock(&with.mutex);
    if (id != 0) {
        join(id);
    }
    return error;
}

}  // namespace

int wait_unbound()
{
    return wait_for_condition(own, 0);
}

int wait_bound()
{
    return wait_for_condition(own, THR_BOUND);
}

int wait_shared()
{
    return wait_for_condition(shared, THR_BOUND);
}

namespace {

int wait_in_vain(long flags)
{
    return run_in_thread(
        [](void*) -> void* {
            int error = mutex_lock(&own.mutex);
            timestruc_t soon{0, 2'000'000};
            while (error == 0) {
                error = cond_reltimedwait(&own.cond, &own.mutex, &soon);
            }
            mutex_unlock(&own.mutex);
            return error_result(error == ETIME ? 0 : error);
        },
        nullptr, flags);
}

}  // namespace

int wait_in_vain_unbound()
{
    return wait_in_vain(0);
}

int wait_in_vain_bound()
{
    return wait_in_vain(THR_BOUND);
}

namespace {

int exchange_tokens(Contended& with, long flags)
{
    thread_t id = 0;
    int error = create(
        [](void* argument) -> void* {
            auto& tokens = static_cast<Contended*>(argument)->sema;
            return error_result(sema_post(&tokens));
        },
        &with, flags, id);
    if (error == 0) {
        do {
            error = sema_wait(&with.sema);
        } while (error == EINTR);
        join(id);
    }
    return error;
}

}  // namespace

int exchange_own()
{
    return exchange_tokens(own, 0);
}

int exchange_shared()
{
    return exchange_tokens(shared, THR_BOUND);
}

namespace {

int exclude_readers(Contended& with, long flags)
{
    int error = rw_wrlock(&with.rwlock);
    thread_t id = 0;
    if (error == 0) {
        error = create(
            [](void* argument) -> void* {
                auto& lock = static_cast<Contended*>(argument)->rwlock;
                const int taken = rw_rdlock(&lock);
                return error_result(taken != 0 ? taken : rw_unlock(&lock));
            },
            &with, flags, id);
        thr_yield();
        rw_unlock(&with.rwlock);
    }
    if (id != 0) {
        join(id);
    }
    return error;
}

}  // namespace

int exclude_own()
{
    return exclude_readers(own, 0);
}

int exclude_shared()
{
    return exclude_readers(shared, THR_BOUND);
}

namespace {

mutex_t robust;

}  // namespace

int lock_robust()
{
    const int error = mutex_lock(&robust);
    return error != 0 ? error : mutex_unlock(&robust);
}

void prepare_waits()
{
    mutex_init(&shared.mutex, USYNC_PROCESS, nullptr);
    cond_init(&shared.cond, USYNC_PROCESS, nullptr);
    sema_init(&shared.sema, 0, USYNC_PROCESS, nullptr);
    rwlock_init(&shared.rwlock, USYNC_PROCESS, nullptr);
    mutex_init(&robust, USYNC_PROCESS | LOCK_ROBUST, nullptr);
}

}  // namespace faults
