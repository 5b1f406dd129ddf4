// Waits with bad, past and overflowing times, and waits for which the mutex is not held.
#include <time.h>

#include <climits>

#include "bad_input/bad_input.h"

namespace bad_input {
namespace {

using CondWait = int (*)(cond_t*, mutex_t*, const timestruc_t*);
using SemaWait = int (*)(sema_t*, const timestruc_t*);

struct Time {
    const char* name;
    timestruc_t value;
    int absolute;  // what the wait until it gives
    int relative;  // what the wait for it gives
};

constexpr Time kTimes[] = {
    {"nanoseconds -1", {1, -1}, EINVAL, EINVAL},
    {"nanoseconds 10^9", {1, kBillion}, EINVAL, EINVAL},
    {"nanoseconds 10^9 + 1", {1, kBillion + 1}, EINVAL, EINVAL},
    {"nanoseconds -10^9", {1, -kBillion}, EINVAL, EINVAL},
    {"nanoseconds LONG_MAX", {0, LONG_MAX}, EINVAL, EINVAL},
    {"nanoseconds LONG_MIN", {0, LONG_MIN}, EINVAL, EINVAL},
    {"both LONG_MAX", {LONG_MAX, LONG_MAX}, EINVAL, EINVAL},
    {"both LONG_MIN", {LONG_MIN, LONG_MIN}, EINVAL, EINVAL},
    {"seconds -1", {-1, 0}, ETIME, EINVAL},
    {"seconds -1, nanoseconds 999999999", {-1, kBillion - 1}, ETIME, EINVAL},
    {"seconds LONG_MIN", {LONG_MIN, 0}, ETIME, EINVAL},
    {"zero", {0, 0}, ETIME, ETIME},
    {"a nanosecond", {0, 1}, ETIME, ETIME},
};

struct CondForm {
    const char* name;
    CondWait wait;
    bool relative;
};
constexpr CondForm kCondForms[] = {{"cond_timedwait", cond_timedwait, false},
                                   {"cond_reltimedwait", cond_reltimedwait, true}};
struct SemaForm {
    const char* name;
    SemaWait wait;
    bool relative;
};
constexpr SemaForm kSemaForms[] = {{"sema_timedwait", sema_timedwait, false},
                                   {"sema_reltimedwait", sema_reltimedwait, true}};

int wait_once(const CondForm& form, const Time& time, int type)
{
    mutex_t mutex = DEFAULTMUTEX;
    mutex_init(&mutex, type, nullptr);
    cond_t cond = DEFAULTCV;
    cond_init(&cond, type & USYNC_PROCESS, nullptr);
    const timestruc_t given = time.value;
    mutex_lock(&mutex);
    const int error = form.wait(&cond, &mutex, &given);
    const bool held = mutex_held(&mutex) != 0;
    mutex_unlock(&mutex);
    const bool unchanged = given.tv_sec == time.value.tv_sec && given.tv_nsec == time.value.tv_nsec;
    const bool works = cond_signal(&cond) == 0 && mutex_trylock(&mutex) == 0;
    return held && unchanged && works ? error : kDamage;
}

void add_cond_times(Table& table)
{
    for (const CondForm& form : kCondForms) {
        for (const MutexKind& kind : mutex_kinds()) {
            for (const Time& time : kTimes) {
                table.add(std::string{form.name} + ", " + time.name + ": " + kind.name,
                          form.relative ? time.relative : time.absolute,
                          [&, type = kind.type] { return wait_once(form, time, type); });
            }
        }
    }
}

// A time that is never reached: the wait ends by what another thread does.
int wait_for_ever(const CondForm& form, int type)
{
    mutex_t mutex = DEFAULTMUTEX;
    mutex_init(&mutex, type, nullptr);
    cond_t cond = DEFAULTCV;
    cond_init(&cond, type & USYNC_PROCESS, nullptr);
    bool ready = false;
    thread_t id = 0;
    int error = 0;
    std::function<void()> signal = [&] {
        mutex_lock(&mutex);
        ready = true;
        cond_signal(&cond);
        mutex_unlock(&mutex);
    };
    mutex_lock(&mutex);
    const auto run = [](void* body) -> void* {
        (*static_cast<std::function<void()>*>(body))();
        return nullptr;
    };
    if (thr_create(nullptr, 0, run, &signal, 0, &id) != 0) {
        return kDamage;
    }
    const timestruc_t never{LONG_MAX, kBillion - 1};
    while (!ready && error == 0) {
        error = form.wait(&cond, &mutex, &never);
    }
    mutex_unlock(&mutex);
    return thr_join(id, nullptr, nullptr) == 0 ? error : kDamage;
}

int wait_once(const SemaForm& form, const Time& time, int scope, unsigned count)
{
    sema_t sema = DEFAULTSEMA;
    sema_init(&sema, count, scope, nullptr);
    const timestruc_t given = time.value;
    const int error = form.wait(&sema, &given);
    // Taken if there was one, and nothing else has changed.
    const bool works =
        sema_trywait(&sema) == EBUSY && sema_post(&sema) == 0 && sema_trywait(&sema) == 0;
    return works ? error : kDamage;
}

int wait_for_ever(const SemaForm& form, int scope)
{
    sema_t sema = DEFAULTSEMA;
    sema_init(&sema, 0, scope, nullptr);
    thread_t id = 0;
    const auto post = [](void* object) -> void* {
        sema_post(static_cast<sema_t*>(object));
        return nullptr;
    };
    if (thr_create(nullptr, 0, post, &sema, 0, &id) != 0) {
        return kDamage;
    }
    const timestruc_t never{LONG_MAX, kBillion - 1};
    const int error = form.wait(&sema, &never);
    return thr_join(id, nullptr, nullptr) == 0 ? error : kDamage;
}

void add_sema_times(Table& table, const SemaForm& form, int scope)
{
    for (const Time& time : kTimes) {
        const std::string name = std::string{form.name} + scope_name(scope) + ", " + time.name;
        table.add(name + ", count 0", form.relative ? time.relative : time.absolute,
                  [&form, &time, scope] { return wait_once(form, time, scope, 0); });
        table.add(name + ", count 1", 0,
                  [&form, &time, scope] { return wait_once(form, time, scope, 1); });
    }
    table.add(std::string{form.name} + scope_name(scope) + ", LONG_MAX seconds", 0,
              [&form, scope] { return wait_for_ever(form, scope); });
}

// An error-checking mutex that the caller does not hold: by another thread, or by nobody.
int wait_without_mutex(CondWait wait, int type, bool by_other)
{
    mutex_t mutex = DEFAULTMUTEX;
    mutex_init(&mutex, type, nullptr);
    cond_t cond = DEFAULTCV;
    cond_init(&cond, type & USYNC_PROCESS, nullptr);
    const timestruc_t soon{0, kBillion / 2};
    int error = 0;
    {
        const Other other{[&] {
                              if (by_other) {
                                  mutex_lock(&mutex);
                              }
                          },
                          [&] {
                              if (by_other) {
                                  mutex_unlock(&mutex);
                              }
                          }};
        error = wait != nullptr ? wait(&cond, &mutex, &soon) : cond_wait(&cond, &mutex);
        if (mutex_held(&mutex) != 0) {
            return kDamage;
        }
    }
    return mutex_trylock(&mutex) == 0 ? error : kDamage;
}

void add_unheld(Table& table, const MutexKind& kind)
{
    for (const bool by_other : {false, true}) {
        const std::string name =
            std::string{by_other ? ", held by another: " : ", held by nobody: "} + kind.name;
        table.add("cond_wait" + name, EPERM, [type = kind.type, by_other] {
            return wait_without_mutex(nullptr, type, by_other);
        });
        for (const CondForm& form : kCondForms) {
            table.add(form.name + name, EPERM, [&form, type = kind.type, by_other] {
                return wait_without_mutex(form.wait, type, by_other);
            });
        }
    }
}

}  // namespace

void add_wait_rows(Table& table)
{
    add_cond_times(table);
    for (const MutexKind& kind : mutex_kinds()) {
        if (kind.checks_errors()) {
            add_unheld(table, kind);
        }
        for (const CondForm& form : kCondForms) {
            table.add(std::string{form.name} + ", LONG_MAX seconds: " + kind.name, 0,
                      [&form, type = kind.type] { return wait_for_ever(form, type); });
        }
    }
    for (const SemaForm& form : kSemaForms) {
        add_sema_times(table, form, USYNC_THREAD);
        add_sema_times(table, form, USYNC_PROCESS);
    }
}

}  // namespace bad_input
