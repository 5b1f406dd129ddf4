// The LWP layer: contexts, ids and objects.
#include <signal.h>
#include <sys/lwp.h>

#include <climits>

#include "bad_input/bad_input.h"

namespace bad_input {
namespace {

void run_nothing(void* /*argument*/)
{
}

// Each bit that is none of the three flags: refused, and no LWP comes into being.
void add_flags(Table& table)
{
    constexpr unsigned kKnown = LWP_DAEMON | LWP_DETACHED | LWP_SUSPENDED;
    for (unsigned bit = 0; bit < 32; ++bit) {
        const unsigned flag = 1U << bit;
        if ((flag & kKnown) != 0) {
            continue;
        }
        table.add("_lwp_create with flag " + hex(flag), EINVAL, [flag] {
            alignas(64) static char stack[1 << 16];
            ucontext_t context;
            getcontext(&context);
            _lwp_makecontext(&context, run_nothing, nullptr, nullptr, stack, sizeof stack);
            constexpr lwpid_t kUntouched = 77;
            lwpid_t id = kUntouched;
            const int error = _lwp_create(&context, flag, &id);
            return id == kUntouched ? error : kDamage;
        });
    }
    table.add("_lwp_create without a context", EFAULT,
              [] { return _lwp_create(nullptr, 0, nullptr); });
    table.add("_lwp_info without a buffer", EFAULT, [] { return _lwp_info(nullptr); });
}

struct LwpIdCall {
    const char* name;
    int (*call)(lwpid_t);
};

constexpr LwpIdCall kLwpIdCalls[] = {
    {"_lwp_wait", [](lwpid_t id) { return _lwp_wait(id, nullptr); }},
    {"_lwp_detach", [](lwpid_t id) { return _lwp_detach(id); }},
    {"_lwp_suspend", [](lwpid_t id) { return _lwp_suspend(id); }},
    {"_lwp_continue", [](lwpid_t id) { return _lwp_continue(id); }},
    {"_lwp_kill with 0", [](lwpid_t id) { return _lwp_kill(id, 0); }},
    {"_lwp_kill with SIGKILL", [](lwpid_t id) { return _lwp_kill(id, SIGKILL); }},
};

void add_ids(Table& table)
{
    constexpr unsigned kNever[] = {0xffffffffU, 0x80000000U, 0x7fffffffU, 0x40000001U, 16'000'000U};
    for (const LwpIdCall& one : kLwpIdCalls) {
        for (const unsigned id : kNever) {
            table.add(std::string{one.name} + ": never given, " + std::to_string(id), ESRCH,
                      [&one, id] { return one.call(static_cast<lwpid_t>(id)); });
        }
    }
    table.add("_lwp_wait: oneself", EDEADLK, [] { return _lwp_wait(_lwp_self(), nullptr); });
    for (const int sig : {-1, 65, 1000, INT_MAX, INT_MIN}) {
        table.add("_lwp_kill of the caller with " + std::to_string(sig), EINVAL,
                  [sig] { return _lwp_kill(_lwp_self(), sig); });
    }
}

using LwpCondWait = int (*)(lwp_cond_t*, lwp_mutex_t*, timestruc_t*);

int wait_once(LwpCondWait wait, timestruc_t time)
{
    lwp_mutex_t mutex{};
    lwp_cond_t cond{};
    _lwp_mutex_lock(&mutex);
    const int error = wait(&cond, &mutex, &time);
    const bool held = _lwp_mutex_trylock(&mutex) == EBUSY;
    _lwp_mutex_unlock(&mutex);
    return held && _lwp_mutex_trylock(&mutex) == 0 ? error : kDamage;
}

void add_objects(Table& table)
{
    for (const long nanoseconds : {-1L, kBillion, LONG_MAX, LONG_MIN}) {
        table.add("_lwp_cond_timedwait, nanoseconds " + std::to_string(nanoseconds), EINVAL,
                  [nanoseconds] {
                      return wait_once(_lwp_cond_timedwait, {1, nanoseconds});
                  });
        table.add("_lwp_cond_reltimedwait, nanoseconds " + std::to_string(nanoseconds), EINVAL,
                  [nanoseconds] {
                      return wait_once(_lwp_cond_reltimedwait, {1, nanoseconds});
                  });
    }
    table.add("_lwp_cond_timedwait, the past", ETIME, [] {
        return wait_once(_lwp_cond_timedwait, {1, 0});
    });
    table.add("_lwp_cond_reltimedwait, no time", ETIME, [] {
        return wait_once(_lwp_cond_reltimedwait, {0, 0});
    });
    for (const int count : {-1, -2, INT_MIN}) {
        table.add("_lwp_sema_init with " + std::to_string(count), EINVAL, [count] {
            lwp_sema_t sema{};
            return _lwp_sema_init(&sema, count);
        });
    }
    table.add("_lwp_sema_trywait at 0", EBUSY, [] {
        lwp_sema_t sema{};
        return _lwp_sema_trywait(&sema);
    });
    table.add("_lwp_sema_post at the maximum", EOVERFLOW, [] {
        lwp_sema_t sema{};
        _lwp_sema_init(&sema, INT_MAX);
        const int error = _lwp_sema_post(&sema);
        return _lwp_sema_trywait(&sema) == 0 && _lwp_sema_post(&sema) == 0 ? error : kDamage;
    });
    table.add("_lwp_mutex_trylock of one's own", EBUSY, [] {
        lwp_mutex_t mutex{};
        _lwp_mutex_lock(&mutex);
        const int error = _lwp_mutex_trylock(&mutex);
        return _lwp_mutex_unlock(&mutex) == 0 ? error : kDamage;
    });
}

}  // namespace

void add_lwp_rows(Table& table)
{
    add_flags(table);
    add_ids(table);
    add_objects(table);
}

}  // namespace bad_input
