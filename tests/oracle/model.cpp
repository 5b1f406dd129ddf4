// What a step changes.
#include "oracle/model.h"

#include <algorithm>

namespace oracle {

void Model::release(Mutex& mutex)
{
    if (--mutex.depth == 0) {
        mutex.owner = -1;
    }
}

void Model::apply(const Step& step)
{
    const Answer given = *answer(step);
    if (given.blocks) {
        blocked_[step.actor] = step;
    }
    if (given.result.error == 0) {
        apply_lock(step);
        apply_other(step);
    }
}

// Of a step that succeeds or blocks: mutexes, condition variables, semaphores.
void Model::apply_lock(const Step& step)
{
    const auto object = static_cast<std::size_t>(step.object);
    const bool blocks = is_blocked(step.actor);
    switch (step.op) {
        case Op::kLock:
        case Op::kTryLock: {
            Mutex& mutex = mutexes_[object];
            if (blocks) {
                mutex.waiters.insert(step.actor);
            } else {
                mutex.owner = step.actor;
                ++mutex.depth;
            }
            break;
        }
        case Op::kUnlock:
            release(mutexes_[object]);
            break;
        case Op::kCondWait: {
            Mutex& mutex = mutexes_[static_cast<std::size_t>(cond_mutex(step.object))];
            conds_[object].waiters[step.actor] = mutex.depth;
            mutex.owner = -1;
            mutex.depth = 0;
            break;
        }
        case Op::kSignal:
        case Op::kBroadcast: {
            Cond& cond = conds_[object];
            const int waiters = static_cast<int>(cond.waiters.size());
            cond.permits = step.op == Op::kSignal ? std::min(cond.permits + 1, waiters) : waiters;
            break;
        }
        case Op::kSemaPost:
            ++semas_[object].count;
            break;
        case Op::kSemaWait:
        case Op::kSemaTryWait:
        case Op::kSemaTimedOut:
            if (blocks) {
                semas_[object].waiters.push_back(step.actor);
            } else {
                --semas_[object].count;
            }
            break;
        default:
            break;
    }
}

// Readers/writer locks, and what is the actor's own.
void Model::apply_other(const Step& step)
{
    const auto object = static_cast<std::size_t>(step.object);
    const bool blocks = is_blocked(step.actor);
    Children& children = children_[static_cast<std::size_t>(step.actor)];
    switch (step.op) {
        case Op::kRead:
        case Op::kTryRead:
            if (blocks) {
                rw_locks_[object].waiting_readers.insert(step.actor);
            } else {
                ++rw_locks_[object].readers[step.actor];
            }
            break;
        case Op::kWrite:
        case Op::kTryWrite:
            if (blocks) {
                rw_locks_[object].waiting_writer = step.actor;
            } else {
                rw_locks_[object].writer = step.actor;
            }
            break;
        case Op::kRwUnlock: {
            RwLock& lock = rw_locks_[object];
            if (lock.writer == step.actor) {
                lock.writer = -1;
            } else if (--lock.readers[step.actor] == 0) {
                lock.readers.erase(step.actor);
            }
            break;
        }
        case Op::kSetKey:
            keys_[static_cast<std::size_t>(step.actor)][object] = step.value;
            break;
        case Op::kCreate:
            children.alive.push_back(step.value);
            break;
        case Op::kJoin:
            children.alive.pop_front();
            children.joined_one = true;
            break;
        default:
            break;
    }
}

std::set<int> Model::mutex_contenders(int mutex) const
{
    std::set<int> all = mutexes_[static_cast<std::size_t>(mutex)].waiters;
    for (int c = 0; c < kConds; ++c) {
        const Cond& cond = conds_[static_cast<std::size_t>(c)];
        if (cond_mutex(c) == mutex && cond.permits > 0) {
            for (const auto& [actor, depth] : cond.waiters) {
                all.insert(actor);
            }
        }
    }
    return all;
}

std::vector<int> Model::contenders() const
{
    for (int m = 0; m < kMutexes; ++m) {
        const std::set<int> group = mutex_contenders(m);
        if (mutexes_[static_cast<std::size_t>(m)].owner < 0 && !group.empty()) {
            return {group.begin(), group.end()};
        }
    }
    for (const Sema& sema : semas_) {
        if (sema.count > 0 && !sema.waiters.empty()) {
            return {sema.waiters.front()};
        }
    }
    for (const RwLock& lock : rw_locks_) {
        if (lock.writer < 0 && !lock.waiting_readers.empty()) {
            return {lock.waiting_readers.begin(), lock.waiting_readers.end()};
        }
        if (lock.writer < 0 && lock.readers.empty() && lock.waiting_writer) {
            return {*lock.waiting_writer};
        }
    }
    return {};
}

Result Model::complete(int actor)
{
    const Step step = blocked_.at(actor);
    blocked_.erase(actor);
    const auto object = static_cast<std::size_t>(step.object);
    switch (step.op) {
        case Op::kLock:
            mutexes_[object].waiters.erase(actor);
            mutexes_[object].owner = actor;
            mutexes_[object].depth = 1;
            break;
        case Op::kCondWait: {
            Mutex& mutex = mutexes_[static_cast<std::size_t>(cond_mutex(step.object))];
            mutex.owner = actor;
            mutex.depth = conds_[object].waiters.at(actor);
            conds_[object].waiters.erase(actor);
            --conds_[object].permits;
            break;
        }
        case Op::kSemaWait:
            semas_[object].waiters.pop_front();
            --semas_[object].count;
            break;
        case Op::kRead:
            rw_locks_[object].waiting_readers.erase(actor);
            rw_locks_[object].readers[actor] = 1;
            break;
        default:  // kWrite
            rw_locks_[object].waiting_writer.reset();
            rw_locks_[object].writer = actor;
            break;
    }
    return {};
}

std::optional<Step> Model::unwinding_step() const
{
    int free = 0;
    while (is_blocked(free)) {
        ++free;
    }
    for (int i = 0; i < kMutexes; ++i) {
        if (const int owner = mutexes_[static_cast<std::size_t>(i)].owner; owner >= 0) {
            return Step{owner, Op::kUnlock, i, 0};
        }
    }
    for (int i = 0; i < kRwLocks; ++i) {
        const RwLock& lock = rw_locks_[static_cast<std::size_t>(i)];
        if (lock.writer >= 0 || !lock.readers.empty()) {
            const int holder = lock.writer >= 0 ? lock.writer : lock.readers.begin()->first;
            return Step{holder, Op::kRwUnlock, i, 0};
        }
    }
    for (int i = 0; i < kConds; ++i) {
        if (!conds_[static_cast<std::size_t>(i)].waiters.empty()) {
            return Step{free, Op::kBroadcast, i, 0};
        }
    }
    for (int i = 0; i < kSemas; ++i) {
        const Sema& sema = semas_[static_cast<std::size_t>(i)];
        if (!sema.waiters.empty() || sema.count > 0) {
            return Step{free, sema.count > 0 ? Op::kSemaTryWait : Op::kSemaPost, i, 0};
        }
    }
    for (int i = 0; i < kActors; ++i) {
        if (!children_[static_cast<std::size_t>(i)].alive.empty()) {
            return Step{i, Op::kJoin, 0, 0};
        }
    }
    return std::nullopt;
}

}  // namespace oracle
