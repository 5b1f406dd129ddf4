// Locks in a wrong state: held by the caller, by another thread, by nobody.
#include "bad_input/bad_input.h"

namespace bad_input {
namespace {

constexpr int kMostNested = 256;

std::string named(const char* what, const MutexKind& kind)
{
    return std::string{what} + ": " + kind.name;
}

// Whether another thread finds the mutex free, and leaves it so.
bool is_free_for_others(mutex_t& mutex)
{
    int error = -1;
    {
        const Other other{[&] {
                              error = mutex_trylock(&mutex);
                              if (error == 0) {
                                  mutex_unlock(&mutex);
                              }
                          },
                          [] {}};
    }
    return error == 0;
}

void add_unlock_rows(Table& table, const MutexKind& kind)
{
    table.add(named("mutex_unlock of a free one", kind), EPERM, [type = kind.type] {
        mutex_t mutex = DEFAULTMUTEX;
        mutex_init(&mutex, type, nullptr);
        const int error = mutex_unlock(&mutex);
        return is_free_for_others(mutex) ? error : kDamage;
    });
    table.add(named("mutex_unlock of another thread's", kind), EPERM, [type = kind.type] {
        mutex_t mutex = DEFAULTMUTEX;
        mutex_init(&mutex, type, nullptr);
        const Other other{[&] { mutex_lock(&mutex); }, [&] { mutex_unlock(&mutex); }};
        const int error = mutex_unlock(&mutex);
        return mutex_trylock(&mutex) == EBUSY ? error : kDamage;
    });
    table.add(named("mutex_unlock once too often", kind), EPERM, [type = kind.type] {
        mutex_t mutex = DEFAULTMUTEX;
        mutex_init(&mutex, type, nullptr);
        mutex_lock(&mutex);
        mutex_unlock(&mutex);
        const int error = mutex_unlock(&mutex);
        return is_free_for_others(mutex) ? error : kDamage;
    });
}

void add_nesting_rows(Table& table, const MutexKind& kind)
{
    for (const bool is_try : {false, true}) {
        const char* const what =
            is_try ? "mutex_trylock, nested too deep" : "mutex_lock, nested too deep";
        table.add(named(what, kind), EAGAIN, [type = kind.type, is_try] {
            mutex_t mutex = DEFAULTMUTEX;
            mutex_init(&mutex, type, nullptr);
            int error = 0;
            int depth = 0;
            while (error == 0 && depth <= kMostNested) {
                error = is_try ? mutex_trylock(&mutex) : mutex_lock(&mutex);
                depth += error == 0 ? 1 : 0;
            }
            for (int i = 0; i < depth; ++i) {
                mutex_unlock(&mutex);
            }
            return depth == kMostNested && is_free_for_others(mutex) ? error : kDamage;
        });
    }
}

void add_relock_rows(Table& table, const MutexKind& kind)
{
    if (!kind.is_recursive()) {
        table.add(named("mutex_trylock of the caller's own", kind), EBUSY, [type = kind.type] {
            mutex_t mutex = DEFAULTMUTEX;
            mutex_init(&mutex, type, nullptr);
            mutex_lock(&mutex);
            const int error = mutex_trylock(&mutex);
            mutex_unlock(&mutex);
            return is_free_for_others(mutex) ? error : kDamage;
        });
    }
    if (kind.checks_errors() && !kind.is_recursive()) {
        table.add(named("mutex_lock of the caller's own", kind), EDEADLK, [type = kind.type] {
            mutex_t mutex = DEFAULTMUTEX;
            mutex_init(&mutex, type, nullptr);
            mutex_lock(&mutex);
            const int error = mutex_lock(&mutex);
            mutex_unlock(&mutex);
            return is_free_for_others(mutex) ? error : kDamage;
        });
    }
}

void add_busy_rows(Table& table, const MutexKind& kind)
{
    table.add(named("mutex_trylock of another thread's", kind), EBUSY, [type = kind.type] {
        mutex_t mutex = DEFAULTMUTEX;
        mutex_init(&mutex, type, nullptr);
        int error = 0;
        {
            const Other other{[&] { mutex_lock(&mutex); }, [&] { mutex_unlock(&mutex); }};
            error = mutex_trylock(&mutex);
        }
        return is_free_for_others(mutex) ? error : kDamage;
    });
    table.add(named("mutex_destroy, twice", kind), 0, [type = kind.type] {
        mutex_t mutex = DEFAULTMUTEX;
        mutex_init(&mutex, type, nullptr);
        return mutex_destroy(&mutex) == 0 ? mutex_destroy(&mutex) : kDamage;
    });
}

using RwCall = int (*)(rwlock_t*);

// A call while the caller, or another thread, holds the lock in some way; afterwards it is free.
struct RwCase {
    const char* name;
    RwCall own;    // what the caller has done before, or nullptr
    RwCall other;  // what another thread has done before, or nullptr
    RwCall call;
    int expected;
};

constexpr RwCase kRwCases[] = {
    {"rw_unlock of a free one", nullptr, nullptr, rw_unlock, EPERM},
    {"rw_wrlock while it reads", rw_rdlock, nullptr, rw_wrlock, EDEADLK},
    {"rw_trywrlock while it reads", rw_rdlock, nullptr, rw_trywrlock, EBUSY},
    {"rw_rdlock while it writes", rw_wrlock, nullptr, rw_rdlock, EDEADLK},
    {"rw_wrlock while it writes", rw_wrlock, nullptr, rw_wrlock, EDEADLK},
    {"rw_tryrdlock while it writes", rw_wrlock, nullptr, rw_tryrdlock, EBUSY},
    {"rw_trywrlock while it writes", rw_wrlock, nullptr, rw_trywrlock, EBUSY},
    {"rw_unlock of another reader's", nullptr, rw_rdlock, rw_unlock, EPERM},
    {"rw_trywrlock while another reads", nullptr, rw_rdlock, rw_trywrlock, EBUSY},
    {"rw_unlock of another writer's", nullptr, rw_wrlock, rw_unlock, EPERM},
    {"rw_tryrdlock while another writes", nullptr, rw_wrlock, rw_tryrdlock, EBUSY},
    {"rw_trywrlock while another writes", nullptr, rw_wrlock, rw_trywrlock, EBUSY},
    {"rw_wrlock while both read", rw_rdlock, rw_rdlock, rw_wrlock, EDEADLK},
    {"rw_trywrlock while both read", rw_rdlock, rw_rdlock, rw_trywrlock, EBUSY},
};

int try_rw(const RwCase& one, int scope)
{
    rwlock_t lock = DEFAULTRWLOCK;
    rwlock_init(&lock, scope, nullptr);
    int error = 0;
    {
        const Other other{[&] {
                              if (one.other != nullptr) {
                                  one.other(&lock);
                              }
                          },
                          [&] {
                              if (one.other != nullptr) {
                                  rw_unlock(&lock);
                              }
                          }};
        if (one.own != nullptr) {
            one.own(&lock);
        }
        error = one.call(&lock);
        if (one.own != nullptr && rw_unlock(&lock) != 0) {
            return kDamage;
        }
    }
    const bool is_free = rw_trywrlock(&lock) == 0 && rw_unlock(&lock) == 0;
    return is_free && rwlock_destroy(&lock) == 0 ? error : kDamage;
}

void add_sema_rows(Table& table, int scope)
{
    table.add(std::string{"sema_trywait at 0:"} + scope_name(scope), EBUSY, [scope] {
        sema_t sema = DEFAULTSEMA;
        sema_init(&sema, 0, scope, nullptr);
        const int error = sema_trywait(&sema);
        const bool works = sema_post(&sema) == 0 && sema_trywait(&sema) == 0;
        return works ? error : kDamage;
    });
    table.add(std::string{"sema_post at the maximum:"} + scope_name(scope), EOVERFLOW, [scope] {
        sema_t sema = DEFAULTSEMA;
        sema_init(&sema, 0x7fffffffU, scope, nullptr);
        const int error = sema_post(&sema);
        const bool works = sema_trywait(&sema) == 0 && sema_post(&sema) == 0;
        return works ? error : kDamage;
    });
}

}  // namespace

void add_lock_rows(Table& table)
{
    for (const MutexKind& kind : mutex_kinds()) {
        if (kind.checks_errors()) {
            add_unlock_rows(table, kind);
        }
        if (kind.is_recursive()) {
            add_nesting_rows(table, kind);
        }
        add_relock_rows(table, kind);
        add_busy_rows(table, kind);
    }
    for (const int scope : {USYNC_THREAD, USYNC_PROCESS}) {
        for (const RwCase& one : kRwCases) {
            table.add(std::string{one.name} + ":" + scope_name(scope), one.expected,
                      [&one, scope] { return try_rw(one, scope); });
        }
        add_sema_rows(table, scope);
    }
}

}  // namespace bad_input
