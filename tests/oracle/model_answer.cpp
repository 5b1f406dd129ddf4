// What a step does: the statements of the manual pages.
#include <algorithm>
#include <cerrno>

#include "oracle/model.h"

namespace oracle {
namespace {

constexpr int kDeepest = 4;  // recursive holds and read holds in a script
constexpr int kMostPosts = 6;
constexpr int kMostChildren = 4;

bool checks_errors(int mutex)
{
    return mutex == 1 || mutex == 3;
}

bool is_recursive(int mutex)
{
    return mutex >= 2;
}

Answer at_once(int error, long value = 0)
{
    return {false, {error, value}};
}

}  // namespace

bool Model::holds_anything(int actor) const
{
    const auto owns = [&](const Mutex& mutex) { return mutex.owner == actor; };
    const auto holds = [&](const RwLock& lock) {
        return lock.writer == actor || lock.readers.count(actor) != 0;
    };
    return std::any_of(mutexes_.begin(), mutexes_.end(), owns) ||
           std::any_of(rw_locks_.begin(), rw_locks_.end(), holds);
}

// So that a script always ends: who holds something does not block, and one actor never does.
std::optional<Answer> Model::blocking(int actor) const
{
    if (holds_anything(actor) || blocked_.size() + 1 == kActors) {
        return std::nullopt;
    }
    return Answer{true, {}};
}

std::optional<Answer> Model::answer(const Step& step) const
{
    if (is_blocked(step.actor)) {
        return std::nullopt;
    }
    switch (step.op) {
        case Op::kLock:
        case Op::kTryLock:
        case Op::kUnlock:
        case Op::kHeld:
            return answer_mutex(step);
        case Op::kCondWait:
        case Op::kCondTimedOut:
        case Op::kCondTooShort:
        case Op::kCondBadTime:
        case Op::kSignal:
        case Op::kBroadcast:
            return answer_cond(step);
        case Op::kSemaWait:
        case Op::kSemaTryWait:
        case Op::kSemaTimedOut:
        case Op::kSemaPost:
            return answer_sema(step);
        case Op::kRead:
        case Op::kTryRead:
        case Op::kWrite:
        case Op::kTryWrite:
        case Op::kRwUnlock:
            return answer_rw(step);
        default:
            return answer_own(step);
    }
}

std::optional<Answer> Model::answer_mutex(const Step& step) const
{
    const Mutex& mutex = mutexes_[static_cast<std::size_t>(step.object)];
    const bool own = mutex.owner == step.actor;
    if (step.op == Op::kHeld) {
        return at_once(own ? 1 : 0);
    }
    if (step.op == Op::kUnlock) {
        if (!own && !checks_errors(step.object)) {
            return std::nullopt;  // undefined
        }
        return at_once(own ? 0 : EPERM);
    }
    const bool is_try = step.op == Op::kTryLock;
    if (own && is_recursive(step.object)) {
        return mutex.depth < kDeepest ? std::optional{at_once(0)} : std::nullopt;
    }
    if (own && !is_try) {
        return checks_errors(step.object) ? std::optional{at_once(EDEADLK)} : std::nullopt;
    }
    if (mutex.owner >= 0) {
        return is_try ? at_once(EBUSY) : blocking(step.actor);
    }
    return at_once(0);
}

std::optional<Answer> Model::answer_cond(const Step& step) const
{
    if (step.op == Op::kSignal || step.op == Op::kBroadcast) {
        return at_once(0);
    }
    const int number = cond_mutex(step.object);
    const Mutex& mutex = mutexes_[static_cast<std::size_t>(number)];
    if (step.op == Op::kCondBadTime) {
        return mutex.owner == step.actor ? std::optional{at_once(EINVAL)} : std::nullopt;
    }
    if (mutex.owner != step.actor) {
        return checks_errors(number) ? std::optional{at_once(EPERM)} : std::nullopt;
    }
    if (step.op != Op::kCondWait) {
        // With somebody ready to take the mutex the wait would come back only after it.
        const auto& cond = conds_[static_cast<std::size_t>(step.object)];
        const bool alone = mutex.waiters.empty() && cond.permits == 0;
        return alone ? std::optional{at_once(ETIME)} : std::nullopt;
    }
    Model without = *this;
    without.mutexes_[static_cast<std::size_t>(number)].owner = -1;
    return without.blocking(step.actor);
}

std::optional<Answer> Model::answer_sema(const Step& step) const
{
    const Sema& sema = semas_[static_cast<std::size_t>(step.object)];
    if (step.op == Op::kSemaPost) {
        return sema.count < kMostPosts ? std::optional{at_once(0)} : std::nullopt;
    }
    if (sema.count > 0) {
        return at_once(0);
    }
    switch (step.op) {
        case Op::kSemaTryWait:
            return at_once(EBUSY);
        case Op::kSemaTimedOut:
            return at_once(ETIME);
        default:
            return blocking(step.actor);
    }
}

std::optional<Answer> Model::answer_rw(const Step& step) const
{
    const RwLock& lock = rw_locks_[static_cast<std::size_t>(step.object)];
    const auto hold = lock.readers.find(step.actor);
    const bool reads = hold != lock.readers.end();
    const bool writes = lock.writer == step.actor;
    if (step.op == Op::kRwUnlock) {
        return at_once(reads || writes ? 0 : EPERM);
    }
    const bool is_try = step.op == Op::kTryRead || step.op == Op::kTryWrite;
    if (step.op == Op::kRead || step.op == Op::kTryRead) {
        if (writes) {
            return at_once(is_try ? EBUSY : EDEADLK);
        }
        if (reads) {  // again, whoever waits
            return hold->second < kDeepest ? std::optional{at_once(0)} : std::nullopt;
        }
        if (lock.waiting_writer) {  // is preferred; whom its unlock admits is open
            return is_try ? std::optional{at_once(EBUSY)} : std::nullopt;
        }
        return lock.writer < 0 ? at_once(0) : is_try ? at_once(EBUSY) : blocking(step.actor);
    }
    if (reads || writes) {
        return at_once(is_try ? EBUSY : EDEADLK);
    }
    if (lock.writer < 0 && lock.readers.empty()) {
        return at_once(0);
    }
    if (is_try) {
        return at_once(EBUSY);
    }
    const bool first = lock.waiting_readers.empty() && !lock.waiting_writer;
    return first ? blocking(step.actor) : std::nullopt;
}

std::optional<Answer> Model::answer_own(const Step& step) const
{
    const auto actor = static_cast<std::size_t>(step.actor);
    const Children& children = children_[actor];
    switch (step.op) {
        case Op::kSetKey:
            return at_once(0);
        case Op::kGetKey:
            return at_once(0, keys_[actor][static_cast<std::size_t>(step.object)]);
        case Op::kCreate:
            return children.alive.size() < kMostChildren ? std::optional{at_once(0)} : std::nullopt;
        case Op::kJoin:
            return children.alive.empty() ? std::nullopt
                                          : std::optional{at_once(0, children.alive.front())};
        default:
            return children.joined_one ? std::optional{at_once(ESRCH)} : std::nullopt;
    }
}

}  // namespace oracle
