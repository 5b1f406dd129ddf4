// Pointers to nothing. The manual pages allow EFAULT; otherwise the fault is the caller's, at once,
// and not a lock kept or a hang. Each call is made in a child process of its own.
#include <sys/mman.h>

#include <cstdint>

#include "bad_input/bad_input.h"

namespace bad_input {
namespace {

template <class Object>
Object* object_at(void* address)
{
    return static_cast<Object*>(address);
}

struct PointerCall {
    const char* name;
    int (*call)(void*);
};

mutex_t held_mutex = DEFAULTMUTEX;
cond_t good_cond = DEFAULTCV;
sema_t empty_sema = DEFAULTSEMA;

constexpr PointerCall kCalls[] = {
    {"mutex_init", [](void* p) { return mutex_init(object_at<mutex_t>(p), 0, nullptr); }},
    {"mutex_destroy", [](void* p) { return mutex_destroy(object_at<mutex_t>(p)); }},
    {"mutex_lock", [](void* p) { return mutex_lock(object_at<mutex_t>(p)); }},
    {"mutex_trylock", [](void* p) { return mutex_trylock(object_at<mutex_t>(p)); }},
    {"mutex_unlock", [](void* p) { return mutex_unlock(object_at<mutex_t>(p)); }},
    {"cond_init", [](void* p) { return cond_init(object_at<cond_t>(p), 0, nullptr); }},
    {"cond_destroy", [](void* p) { return cond_destroy(object_at<cond_t>(p)); }},
    {"cond_signal", [](void* p) { return cond_signal(object_at<cond_t>(p)); }},
    {"cond_broadcast", [](void* p) { return cond_broadcast(object_at<cond_t>(p)); }},
    {"cond_wait", [](void* p) { return cond_wait(object_at<cond_t>(p), &held_mutex); }},
    {"cond_wait's mutex", [](void* p) { return cond_wait(&good_cond, object_at<mutex_t>(p)); }},
    {"cond_timedwait's time",
     [](void* p) { return cond_timedwait(&good_cond, &held_mutex, object_at<timestruc_t>(p)); }},
    {"cond_reltimedwait's time",
     [](void* p) { return cond_reltimedwait(&good_cond, &held_mutex, object_at<timestruc_t>(p)); }},
    {"sema_init", [](void* p) { return sema_init(object_at<sema_t>(p), 1, 0, nullptr); }},
    {"sema_destroy", [](void* p) { return sema_destroy(object_at<sema_t>(p)); }},
    {"sema_wait", [](void* p) { return sema_wait(object_at<sema_t>(p)); }},
    {"sema_trywait", [](void* p) { return sema_trywait(object_at<sema_t>(p)); }},
    {"sema_post", [](void* p) { return sema_post(object_at<sema_t>(p)); }},
    {"sema_timedwait's time",
     [](void* p) { return sema_timedwait(&empty_sema, object_at<timestruc_t>(p)); }},
    {"sema_reltimedwait's time",
     [](void* p) { return sema_reltimedwait(&empty_sema, object_at<timestruc_t>(p)); }},
    {"rwlock_init", [](void* p) { return rwlock_init(object_at<rwlock_t>(p), 0, nullptr); }},
    {"rwlock_destroy", [](void* p) { return rwlock_destroy(object_at<rwlock_t>(p)); }},
    {"rw_rdlock", [](void* p) { return rw_rdlock(object_at<rwlock_t>(p)); }},
    {"rw_wrlock", [](void* p) { return rw_wrlock(object_at<rwlock_t>(p)); }},
    {"rw_tryrdlock", [](void* p) { return rw_tryrdlock(object_at<rwlock_t>(p)); }},
    {"rw_trywrlock", [](void* p) { return rw_trywrlock(object_at<rwlock_t>(p)); }},
    {"rw_unlock", [](void* p) { return rw_unlock(object_at<rwlock_t>(p)); }},
    {"thr_keycreate", [](void* p) { return thr_keycreate(object_at<thread_key_t>(p), nullptr); }},
    {"thr_keycreate_once",
     [](void* p) { return thr_keycreate_once(object_at<thread_key_t>(p), nullptr); }},
    {"thr_getprio", [](void* p) { return thr_getprio(thr_self(), object_at<int>(p)); }},
    {"thr_stksegment", [](void* p) { return thr_stksegment(object_at<stack_t>(p)); }},
};

// A page that is there and may not be touched.
void* forbidden_page()
{
    static void* const page = mmap(nullptr, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return page;
}

}  // namespace

void add_pointer_rows(Table& table)
{
    for (const PointerCall& one : kCalls) {
        table.add(std::string{one.name} + ": null", kFault, [&one] { return one.call(nullptr); });
        table.add(std::string{one.name} + ": a page without access", kFault,
                  [&one] { return one.call(forbidden_page()); });
        table.add(std::string{one.name} + ": an address of the kernel", kFault, [&one] {
            constexpr std::uintptr_t kKernel = 0xffff'8000'0000'0000U;
            return one.call(reinterpret_cast<void*>(kKernel));
        });
    }
}

}  // namespace bad_input
