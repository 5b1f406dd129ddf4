// What the manual pages say that a script does, in plain sequential code: the reference that the
// library is compared with. It knows nothing of threads; an actor is a number.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "oracle/step.h"

namespace oracle {

struct Answer {
    bool blocks = false;
    Result result;  // at once, or when it no longer blocks
};

class Model {
  public:
    // What `step` does now; nothing if the manual pages leave it open, if the actor is blocked, or
    // if a script with it might never end.
    [[nodiscard]] std::optional<Answer> answer(const Step& step) const;

    // The step has been made.
    void apply(const Step& step);

    // Actors of whom one must come back now, without anybody doing anything; empty: nobody will.
    [[nodiscard]] std::vector<int> contenders() const;

    // It has. Returns what it must have got.
    Result complete(int actor);

    [[nodiscard]] bool is_blocked(int actor) const { return blocked_.count(actor) != 0; }

    // A step that brings the end nearer, if something is held or somebody is blocked.
    [[nodiscard]] std::optional<Step> unwinding_step() const;

  private:
    struct Mutex {
        int owner = -1;
        int depth = 0;
        std::set<int> waiters;
    };
    struct Cond {
        std::map<int, int> waiters;  // actor, how deep it held the mutex
        int permits = 0;             // waiters that were signalled, whichever they are
    };
    struct Sema {
        int count = 0;
        std::deque<int> waiters;
    };
    struct RwLock {
        int writer = -1;
        std::map<int, int> readers;  // actor, read holds
        std::set<int> waiting_readers;
        std::optional<int> waiting_writer;
    };
    struct Children {
        std::deque<long> alive;
        bool joined_one = false;
    };

    [[nodiscard]] std::optional<Answer> answer_mutex(const Step& step) const;
    [[nodiscard]] std::optional<Answer> answer_cond(const Step& step) const;
    [[nodiscard]] std::optional<Answer> answer_sema(const Step& step) const;
    [[nodiscard]] std::optional<Answer> answer_rw(const Step& step) const;
    [[nodiscard]] std::optional<Answer> answer_own(const Step& step) const;
    [[nodiscard]] std::optional<Answer> blocking(int actor) const;
    [[nodiscard]] bool holds_anything(int actor) const;
    [[nodiscard]] std::set<int> mutex_contenders(int mutex) const;
    void apply_lock(const Step& step);
    void apply_other(const Step& step);
    void release(Mutex& mutex);

    std::array<Mutex, kMutexes> mutexes_;
    std::array<Cond, kConds> conds_;
    std::array<Sema, kSemas> semas_;
    std::array<RwLock, kRwLocks> rw_locks_;
    std::array<std::array<long, kKeys>, kActors> keys_{};
    std::array<Children, kActors> children_;
    std::map<int, Step> blocked_;  // and in what
};

}  // namespace oracle
