// The reference's mutexes, which are NPTL's, condition variables and semaphores.
#include <pthread.h>

#include <atomic>
#include <cerrno>

#include "support/thr_ref/twins.h"

namespace {

using thr_ref::make_twin;
using thr_ref::Queue;
using thr_ref::Time;
using thr_ref::twin_of;

int native_type(int type)
{
    if ((type & LOCK_RECURSIVE) != 0) {
        return PTHREAD_MUTEX_RECURSIVE;
    }
    return (type & LOCK_ERRORCHECK) != 0 ? PTHREAD_MUTEX_ERRORCHECK : PTHREAD_MUTEX_NORMAL;
}

class Mutex {
  public:
    explicit Mutex(int type)
    {
        pthread_mutexattr_t attributes;
        pthread_mutexattr_init(&attributes);
        pthread_mutexattr_settype(&attributes, native_type(type));
        pthread_mutex_init(&native_, &attributes);
        pthread_mutexattr_destroy(&attributes);
    }

    int lock() { return took(pthread_mutex_lock(&native_)); }
    int try_lock() { return took(pthread_mutex_trylock(&native_)); }

    int unlock()
    {
        if (is_held() && --depth_ == 0) {
            owner_.store(0, std::memory_order_relaxed);  // relaxed: see is_held()
        }
        return pthread_mutex_unlock(&native_);
    }

    // Whether the caller holds it. relaxed: what it compares with, the caller alone stores.
    [[nodiscard]] bool is_held() const
    {
        return owner_.load(std::memory_order_relaxed) == thr_self();
    }

    // How deep the caller holds it.
    [[nodiscard]] int depth() const { return is_held() ? depth_ : 0; }

  private:
    int took(int error)
    {
        if (error == 0) {
            owner_.store(thr_self(), std::memory_order_relaxed);  // relaxed: see is_held()
            ++depth_;
        }
        return error;
    }

    pthread_mutex_t native_;
    std::atomic<thread_t> owner_{0};
    int depth_ = 0;  // the owner's
};

struct Cond : Queue {
    explicit Cond(int /*type*/) {}
};

struct Sema : Queue {
    explicit Sema(int /*type*/) {}
    unsigned count = 0;
};

bool is_bad(const timestruc_t& time)
{
    return time.tv_nsec < 0 || time.tv_nsec >= 1'000'000'000;
}

std::chrono::nanoseconds length(const timestruc_t& time)
{
    return std::chrono::seconds{time.tv_sec} + std::chrono::nanoseconds{time.tv_nsec};
}

Time as_time(std::chrono::nanoseconds since_epoch)
{
    return Time{std::chrono::duration_cast<Time::duration>(since_epoch)};
}

int wait_for_cond(cond_t* cvp, mutex_t* mp, std::optional<Time> end)
{
    auto& cond = twin_of<Cond>(cvp);
    auto& mutex = twin_of<Mutex>(mp);
    const int depth = mutex.depth();
    if (depth == 0) {
        return EPERM;
    }
    Queue::Lock held = cond.lock();
    for (int i = 0; i < depth; ++i) {
        mutex.unlock();
    }
    const bool woken = cond.sleep(held, cvp, end);
    held.unlock();
    for (int i = 0; i < depth; ++i) {
        mutex.lock();
    }
    return woken ? 0 : ETIME;
}

int wait_for_sema(sema_t* sp, std::optional<Time> end)
{
    auto& sema = twin_of<Sema>(sp);
    Queue::Lock held = sema.lock();
    if (sema.count > 0) {
        --sema.count;
        return 0;
    }
    return sema.sleep(held, sp, end) ? 0 : ETIME;
}

}  // namespace

int mutex_init(mutex_t* mp, int type, void* /*arg*/)
{
    make_twin<Mutex>(mp, type);
    return 0;
}

int mutex_lock(mutex_t* mp)
{
    auto& mutex = twin_of<Mutex>(mp);
    const thr_ref::Sleep sleep{mp};
    return mutex.lock();
}

int mutex_trylock(mutex_t* mp)
{
    return twin_of<Mutex>(mp).try_lock();
}

int mutex_unlock(mutex_t* mp)
{
    return twin_of<Mutex>(mp).unlock();
}

int mutex_held(mutex_t* mp)
{
    return twin_of<Mutex>(mp).is_held() ? 1 : 0;
}

int cond_init(cond_t* cvp, int type, void* /*arg*/)
{
    make_twin<Cond>(cvp, type);
    return 0;
}

int cond_wait(cond_t* cvp, mutex_t* mp)
{
    return wait_for_cond(cvp, mp, std::nullopt);
}

int cond_timedwait(cond_t* cvp, mutex_t* mp, const timestruc_t* end)
{
    return is_bad(*end) ? EINVAL : wait_for_cond(cvp, mp, as_time(length(*end)));
}

int cond_reltimedwait(cond_t* cvp, mutex_t* mp, const timestruc_t* time)
{
    if (is_bad(*time) || time->tv_sec < 0) {
        return EINVAL;
    }
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return wait_for_cond(cvp, mp, as_time(now + length(*time)));
}

int cond_signal(cond_t* cvp)
{
    auto& cond = twin_of<Cond>(cvp);
    const Queue::Lock held = cond.lock();
    if (Queue::Sleeper* const first = cond.first()) {
        cond.wake(first);
    }
    return 0;
}

int cond_broadcast(cond_t* cvp)
{
    auto& cond = twin_of<Cond>(cvp);
    const Queue::Lock held = cond.lock();
    while (Queue::Sleeper* const first = cond.first()) {
        cond.wake(first);
    }
    return 0;
}

int sema_init(sema_t* sp, unsigned count, int type, void* /*arg*/)
{
    make_twin<Sema>(sp, type).count = count;
    return 0;
}

int sema_wait(sema_t* sp)
{
    return wait_for_sema(sp, std::nullopt);
}

int sema_timedwait(sema_t* sp, const timestruc_t* end)
{
    return wait_for_sema(sp, as_time(length(*end)));
}

int sema_trywait(sema_t* sp)
{
    return wait_for_sema(sp, Time{}) == 0 ? 0 : EBUSY;
}

int sema_post(sema_t* sp)
{
    auto& sema = twin_of<Sema>(sp);
    const Queue::Lock held = sema.lock();
    if (Queue::Sleeper* const first = sema.first()) {
        sema.wake(first);
    } else {
        ++sema.count;
    }
    return 0;
}
