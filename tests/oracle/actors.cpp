#include "oracle/actors.h"

#include <cstdio>
#include <cstdlib>

#include "support/platform.h"

namespace oracle {
namespace {

constexpr timestruc_t kPast{1, 0};
constexpr timestruc_t kNone{0, 0};
constexpr timestruc_t kBad{0, 1'000'000'000};

// Made once: keys are few, and scripts many.
const std::array<thread_key_t, kKeys>& keys()
{
    static const std::array<thread_key_t, kKeys> made = [] {
        std::array<thread_key_t, kKeys> fresh{};
        for (thread_key_t& key : fresh) {
            thr_keycreate(&key, nullptr);
        }
        return fresh;
    }();
    return made;
}

void* as_pointer(long value)
{
    return reinterpret_cast<void*>(value);
}

long as_number(void* pointer)
{
    return reinterpret_cast<long>(pointer);
}

void* give_back(void* argument)
{
    return argument;
}

}  // namespace

World::World()
{
    constexpr std::array<int, kMutexes> kTypes{0, LOCK_ERRORCHECK, LOCK_RECURSIVE,
                                               LOCK_RECURSIVE | LOCK_ERRORCHECK};
    for (std::size_t i = 0; i < mutexes_.size(); ++i) {
        mutex_init(&mutexes_[i], kTypes[i], nullptr);
    }
    for (cond_t& cond : conds_) {
        cond_init(&cond, USYNC_THREAD, nullptr);
    }
    for (sema_t& sema : semas_) {
        sema_init(&sema, 0, USYNC_THREAD, nullptr);
    }
    for (rwlock_t& lock : rw_locks_) {
        rwlock_init(&lock, USYNC_THREAD, nullptr);
    }
}

const void* World::object_of(const Step& step) const
{
    const auto object = static_cast<std::size_t>(step.object);
    switch (step.op) {
        case Op::kLock:
            return &mutexes_[object];
        case Op::kCondWait:
            return &conds_[object];
        case Op::kSemaWait:
            return &semas_[object];
        default:
            return &rw_locks_[object];
    }
}

Result World::perform(const Step& step)
{
    const auto object = static_cast<std::size_t>(step.object);
    switch (step.op) {
        case Op::kLock:
            return {mutex_lock(&mutexes_[object])};
        case Op::kTryLock:
            return {mutex_trylock(&mutexes_[object])};
        case Op::kUnlock:
            return {mutex_unlock(&mutexes_[object])};
        case Op::kHeld:
            return {mutex_held(&mutexes_[object])};
        case Op::kSignal:
            return {cond_signal(&conds_[object])};
        case Op::kBroadcast:
            return {cond_broadcast(&conds_[object])};
        case Op::kSemaTryWait:
            return {sema_trywait(&semas_[object])};
        case Op::kSemaPost:
            return {sema_post(&semas_[object])};
        case Op::kRead:
        case Op::kTryRead:
        case Op::kWrite:
        case Op::kTryWrite:
        case Op::kRwUnlock:
            return perform_rw(step);
        case Op::kCondWait:
        case Op::kCondTimedOut:
        case Op::kCondTooShort:
        case Op::kCondBadTime:
        case Op::kSemaWait:
        case Op::kSemaTimedOut:
            return perform_wait(step);
        default:
            return perform_own(step);
    }
}

Result World::perform_wait(const Step& step)
{
    const auto object = static_cast<std::size_t>(step.object);
    if (step.op == Op::kSemaWait) {
        return {sema_wait(&semas_[object])};
    }
    if (step.op == Op::kSemaTimedOut) {
        return {sema_timedwait(&semas_[object], &kPast)};
    }
    cond_t* const cond = &conds_[object];
    mutex_t* const mutex = &mutexes_[static_cast<std::size_t>(cond_mutex(step.object))];
    switch (step.op) {
        case Op::kCondTimedOut:
            return {cond_timedwait(cond, mutex, &kPast)};
        case Op::kCondTooShort:
            return {cond_reltimedwait(cond, mutex, &kNone)};
        case Op::kCondBadTime:
            return {cond_timedwait(cond, mutex, &kBad)};
        default:
            return {cond_wait(cond, mutex)};
    }
}

Result World::perform_rw(const Step& step)
{
    rwlock_t* const lock = &rw_locks_[static_cast<std::size_t>(step.object)];
    switch (step.op) {
        case Op::kRead:
            return {rw_rdlock(lock)};
        case Op::kTryRead:
            return {rw_tryrdlock(lock)};
        case Op::kWrite:
            return {rw_wrlock(lock)};
        case Op::kTryWrite:
            return {rw_trywrlock(lock)};
        default:
            return {rw_unlock(lock)};
    }
}

Result World::perform_own(const Step& step)
{
    const thread_key_t key = keys()[static_cast<std::size_t>(step.object)];
    Family& family = families_[static_cast<std::size_t>(step.actor)];
    void* read = nullptr;
    switch (step.op) {
        case Op::kSetKey:
            return {thr_setspecific(key, as_pointer(step.value))};
        case Op::kGetKey: {
            const int error = thr_getspecific(key, &read);
            return {error, as_number(read)};
        }
        case Op::kCreate: {
            thread_t id = 0;
            const long flags = step.value % 2 == 0 ? 0 : THR_BOUND;
            const int error = thr_create(nullptr, 0, give_back, as_pointer(step.value), flags, &id);
            family.alive.push_back(id);
            return {error};
        }
        case Op::kJoin: {
            family.joined = family.alive.front();
            family.alive.pop_front();
            const int error = thr_join(family.joined, nullptr, &read);
            return {error, as_number(read)};
        }
        default:
            return {thr_join(family.joined, nullptr, nullptr)};
    }
}

Actor::Actor(World& world, int number) : world_{world}
{
    const long flags = number % 3 == 2 ? THR_BOUND : 0;
    if (thr_create(nullptr, 0, run, this, flags, &id_) != 0) {
        std::puts("an actor could not be created");
        std::exit(1);
    }
}

Actor::~Actor()
{
    leaves_ = true;
    sema_post(&go_);
    thr_join(id_, nullptr, nullptr);
}

void Actor::start(const Step& step)
{
    step_ = step;
    done_.store(false, std::memory_order_relaxed);  // before it is told to go
    sema_post(&go_);
}

bool Actor::is_asleep_in_step() const
{
    return platform::is_blocked(id_, world_.object_of(step_));
}

void* Actor::run(void* argument)
{
    auto& self = *static_cast<Actor*>(argument);
    for (;;) {
        sema_wait(&self.go_);
        if (self.leaves_) {
            return nullptr;
        }
        self.result_ = self.world_.perform(self.step_);
        self.done_.store(true, std::memory_order_release);  // pairs with is_done()
    }
}

}  // namespace oracle
