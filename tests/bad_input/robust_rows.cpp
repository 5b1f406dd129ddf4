// Robust mutexes and priority protocols: wrong owners, wrong states, ends of their owners.
#include <cstring>

#include "bad_input/bad_input.h"

namespace bad_input {
namespace {

constexpr int kScopes[] = {USYNC_THREAD, USYNC_PROCESS};
constexpr int kExtras[] = {0, LOCK_ERRORCHECK, LOCK_RECURSIVE, LOCK_RECURSIVE | LOCK_ERRORCHECK};

// A mutex for one row; robust ones must be zero before they are initialised, and destroyed after.
// Nor may one be held still: the list of those that a process holds would lead into a frame that is
// gone.
struct Fresh {
    explicit Fresh(int type) { error = mutex_init(&mutex, type, nullptr); }
    ~Fresh()
    {
        while (_mutex_held(&mutex) != 0 && mutex_unlock(&mutex) == 0) {}
        mutex_destroy(&mutex);
    }
    Fresh(const Fresh&) = delete;
    Fresh& operator=(const Fresh&) = delete;

    mutex_t mutex{};
    int error = 0;
};

// Leaves the mutex with an owner that has ended.
void orphan(mutex_t& mutex)
{
    const Other other{[&] { mutex_lock(&mutex); }, [] {}};
}

// Leaves it beyond recovery.
bool spoil(mutex_t& mutex)
{
    orphan(mutex);
    return mutex_lock(&mutex) == EOWNERDEAD && mutex_unlock(&mutex) == 0;
}

void add_consistent_rows(Table& table, int type, const std::string& kind)
{
    table.add("mutex_consistent of a free one" + kind, EINVAL, [type] {
        Fresh fresh{type};
        return mutex_consistent(&fresh.mutex);
    });
    table.add("mutex_consistent of one that is" + kind, EINVAL, [type] {
        Fresh fresh{type};
        mutex_lock(&fresh.mutex);
        const int error = mutex_consistent(&fresh.mutex);
        return mutex_unlock(&fresh.mutex) == 0 ? error : kDamage;
    });
    table.add("mutex_consistent of another thread's" + kind, EINVAL, [type] {
        Fresh fresh{type};
        const Other other{[&] { mutex_lock(&fresh.mutex); }, [&] { mutex_unlock(&fresh.mutex); }};
        return mutex_consistent(&fresh.mutex);
    });
    table.add("mutex_consistent without taking it" + kind, EINVAL, [type] {
        Fresh fresh{type};
        orphan(fresh.mutex);
        const int error = mutex_consistent(&fresh.mutex);
        return mutex_lock(&fresh.mutex) == EOWNERDEAD ? error : kDamage;
    });
    table.add("mutex_consistent twice" + kind, EINVAL, [type] {
        Fresh fresh{type};
        orphan(fresh.mutex);
        if (mutex_trylock(&fresh.mutex) != EOWNERDEAD || mutex_consistent(&fresh.mutex) != 0) {
            return kDamage;
        }
        const int error = mutex_consistent(&fresh.mutex);
        return mutex_unlock(&fresh.mutex) == 0 && mutex_lock(&fresh.mutex) == 0 ? error : kDamage;
    });
}

void add_owner_rows(Table& table, int type, const std::string& kind)
{
    table.add("mutex_unlock of a free one" + kind, EPERM, [type] {
        Fresh fresh{type};
        const int error = mutex_unlock(&fresh.mutex);
        return mutex_trylock(&fresh.mutex) == 0 ? error : kDamage;
    });
    table.add("mutex_unlock of another thread's" + kind, EPERM, [type] {
        Fresh fresh{type};
        const Other other{[&] { mutex_lock(&fresh.mutex); }, [&] { mutex_unlock(&fresh.mutex); }};
        const int error = mutex_unlock(&fresh.mutex);
        return mutex_trylock(&fresh.mutex) == EBUSY ? error : kDamage;
    });
    table.add("mutex_unlock of one whose owner has ended" + kind, EPERM, [type] {
        Fresh fresh{type};
        orphan(fresh.mutex);
        const int error = mutex_unlock(&fresh.mutex);
        return mutex_trylock(&fresh.mutex) == EOWNERDEAD ? error : kDamage;
    });
    if ((type & LOCK_RECURSIVE) == 0) {
        table.add("mutex_trylock of the caller's own" + kind, EBUSY, [type] {
            Fresh fresh{type};
            mutex_lock(&fresh.mutex);
            const int error = mutex_trylock(&fresh.mutex);
            return mutex_unlock(&fresh.mutex) == 0 ? error : kDamage;
        });
    }
    if ((type & (LOCK_RECURSIVE | LOCK_ERRORCHECK)) == LOCK_ERRORCHECK) {
        table.add("mutex_lock of the caller's own" + kind, EDEADLK, [type] {
            Fresh fresh{type};
            mutex_lock(&fresh.mutex);
            const int error = mutex_lock(&fresh.mutex);
            return mutex_unlock(&fresh.mutex) == 0 ? error : kDamage;
        });
    }
}

void add_unrecoverable_rows(Table& table, int type, const std::string& kind)
{
    for (const bool is_try : {false, true}) {
        const char* const what = is_try ? "mutex_trylock" : "mutex_lock";
        table.add(what + (" beyond recovery" + kind), ENOTRECOVERABLE, [type, is_try] {
            Fresh fresh{type};
            if (!spoil(fresh.mutex)) {
                return kDamage;
            }
            return is_try ? mutex_trylock(&fresh.mutex) : mutex_lock(&fresh.mutex);
        });
    }
    table.add("mutex_consistent beyond recovery" + kind, EINVAL, [type] {
        Fresh fresh{type};
        return spoil(fresh.mutex) ? mutex_consistent(&fresh.mutex) : kDamage;
    });
    table.add("mutex_init again" + kind, EBUSY, [type] {
        Fresh fresh{type};
        mutex_lock(&fresh.mutex);
        const int error = mutex_init(&fresh.mutex, type, nullptr);
        return mutex_unlock(&fresh.mutex) == 0 ? error : kDamage;
    });
    table.add("mutex_init again with another type" + kind, EINVAL, [type] {
        Fresh fresh{type};
        return mutex_init(&fresh.mutex, type ^ LOCK_RECURSIVE, nullptr);
    });
}

void add_plain_rows(Table& table)
{
    for (const MutexKind& kind : mutex_kinds()) {
        table.add(std::string{"mutex_consistent, not robust: "} + kind.name, EINVAL,
                  [type = kind.type] {
                      Fresh fresh{type};
                      mutex_lock(&fresh.mutex);
                      const int error = mutex_consistent(&fresh.mutex);
                      return mutex_unlock(&fresh.mutex) == 0 ? error : kDamage;
                  });
    }
    table.add("mutex_consistent of zero bytes", EINVAL, [] {
        mutex_t mutex{};
        return mutex_consistent(&mutex);
    });
}

void add_protocol_rows(Table& table)
{
    for (const int scope : kScopes) {
        const std::string kind = std::string{", inheriting,"} + scope_name(scope);
        table.add("mutex_trylock of the caller's own" + kind, EBUSY, [scope] {
            Fresh fresh{scope | LOCK_PRIO_INHERIT};
            mutex_lock(&fresh.mutex);
            const int error = mutex_trylock(&fresh.mutex);
            return mutex_unlock(&fresh.mutex) == 0 ? error : kDamage;
        });
        table.add("mutex_lock of the caller's own" + kind, EDEADLK, [scope] {
            Fresh fresh{scope | LOCK_PRIO_INHERIT | LOCK_ERRORCHECK};
            mutex_lock(&fresh.mutex);
            const int error = mutex_lock(&fresh.mutex);
            return mutex_unlock(&fresh.mutex) == 0 ? error : kDamage;
        });
        table.add("mutex_unlock of another thread's" + kind, EPERM, [scope] {
            Fresh fresh{scope | LOCK_PRIO_INHERIT | LOCK_ERRORCHECK};
            const Other other{[&] { mutex_lock(&fresh.mutex); },
                              [&] { mutex_unlock(&fresh.mutex); }};
            return mutex_unlock(&fresh.mutex);
        });
        for (const bool is_try : {false, true}) {
            const char* const what = is_try ? "mutex_trylock" : "mutex_lock";
            table.add(what + std::string{" by a thread without real-time priority, ceiling,"} +
                          scope_name(scope),
                      EPERM, [scope, is_try] {
                          mutex_t mutex{};
                          int ceiling = 10;
                          if (mutex_init(&mutex, scope | LOCK_PRIO_PROTECT, &ceiling) != 0) {
                              return kDamage;
                          }
                          return is_try ? mutex_trylock(&mutex) : mutex_lock(&mutex);
                      });
        }
    }
}

}  // namespace

void add_robust_rows(Table& table)
{
    for (const int scope : kScopes) {
        for (const int extra : kExtras) {
            const int type = scope | extra | LOCK_ROBUST;
            const std::string kind = ", robust, type " + hex(type);
            add_consistent_rows(table, type, kind);
            add_owner_rows(table, type, kind);
            add_unrecoverable_rows(table, type, kind);
        }
    }
    add_plain_rows(table);
    add_protocol_rows(table);
}

}  // namespace bad_input
