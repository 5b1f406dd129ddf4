// The reference's readers/writer locks: NPTL's have neither these preferences nor these errors.
#include <cerrno>
#include <map>

#include "support/thr_ref/twins.h"

namespace {

using thr_ref::Queue;
using thr_ref::twin_of;

struct ReadWrite : Queue {
    explicit ReadWrite(int /*type*/) {}

    // Lets in whom it can: a writer before all readers.
    void admit()
    {
        Sleeper* const next = first(true);
        if (next != nullptr && writer == 0 && readers.empty()) {
            writer = next->id;
            wake(next);
        }
        if (next == nullptr && writer == 0) {
            while (Sleeper* const reader = first(false)) {
                readers[reader->id] = 1;
                wake(reader);
            }
        }
    }

    // By the caller; EBUSY if it would have to wait.
    int try_read()
    {
        const auto hold = readers.find(thr_self());
        if (hold == readers.end() && (writer != 0 || first(true) != nullptr)) {
            return EBUSY;
        }
        ++readers[thr_self()];
        return 0;
    }

    int try_write()
    {
        if (writer != 0 || !readers.empty()) {
            return EBUSY;
        }
        writer = thr_self();
        return 0;
    }

    thread_t writer = 0;
    std::map<thread_t, int> readers;  // and how often
};

}  // namespace

int rwlock_init(rwlock_t* rwlp, int type, void* /*arg*/)
{
    thr_ref::make_twin<ReadWrite>(rwlp, type);
    return 0;
}

int rw_tryrdlock(rwlock_t* rwlp)
{
    auto& lock = twin_of<ReadWrite>(rwlp);
    const Queue::Lock held = lock.lock();
    return lock.try_read();
}

int rw_rdlock(rwlock_t* rwlp)
{
    auto& lock = twin_of<ReadWrite>(rwlp);
    Queue::Lock held = lock.lock();
    if (lock.writer == thr_self()) {
        return EDEADLK;
    }
    if (lock.try_read() != 0) {
        lock.sleep(held, rwlp, std::nullopt);
    }
    return 0;
}

int rw_trywrlock(rwlock_t* rwlp)
{
    auto& lock = twin_of<ReadWrite>(rwlp);
    const Queue::Lock held = lock.lock();
    return lock.try_write();
}

int rw_wrlock(rwlock_t* rwlp)
{
    auto& lock = twin_of<ReadWrite>(rwlp);
    Queue::Lock held = lock.lock();
    if (lock.writer == thr_self() || lock.readers.count(thr_self()) != 0) {
        return EDEADLK;
    }
    if (lock.try_write() != 0) {
        lock.sleep(held, rwlp, std::nullopt, true);
    }
    return 0;
}

int rw_unlock(rwlock_t* rwlp)
{
    auto& lock = twin_of<ReadWrite>(rwlp);
    const Queue::Lock held = lock.lock();
    const auto hold = lock.readers.find(thr_self());
    if (lock.writer == thr_self()) {
        lock.writer = 0;
    } else if (hold == lock.readers.end()) {
        return EPERM;
    } else if (--hold->second == 0) {
        lock.readers.erase(hold);
    }
    lock.admit();
    return 0;
}
