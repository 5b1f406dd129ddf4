// The library's side of a script: threads that do a step each when they are told to.
#pragma once

#include <thread.h>

#include <atomic>
#include <deque>

#include "oracle/step.h"

namespace oracle {

// The objects of one script, and what its actors share.
class World {
  public:
    World();
    World(const World&) = delete;
    World& operator=(const World&) = delete;

    // Makes a step in the calling thread, which is actor number step.actor.
    Result perform(const Step& step);

    // What an actor that blocks in the step sleeps on.
    [[nodiscard]] const void* object_of(const Step& step) const;

  private:
    [[nodiscard]] Result perform_wait(const Step& step);
    [[nodiscard]] Result perform_rw(const Step& step);
    [[nodiscard]] Result perform_own(const Step& step);

    struct Family {
        std::deque<thread_t> alive;
        thread_t joined = 0;
    };

    std::array<mutex_t, kMutexes> mutexes_;
    std::array<cond_t, kConds> conds_;
    std::array<sema_t, kSemas> semas_;
    std::array<rwlock_t, kRwLocks> rw_locks_;
    std::array<Family, kActors> families_;  // each used by its actor alone
};

class Actor {
  public:
    Actor(World& world, int number);
    ~Actor();
    Actor(const Actor&) = delete;
    Actor& operator=(const Actor&) = delete;

    void start(const Step& step);
    // Whether the step has come back.
    [[nodiscard]] bool is_done() const { return done_.load(std::memory_order_acquire); }
    [[nodiscard]] bool is_asleep_in_step() const;
    [[nodiscard]] Result result() const { return result_; }

  private:
    static void* run(void* argument);

    World& world_;
    thread_t id_ = 0;
    sema_t go_ = DEFAULTSEMA;
    Step step_;
    Result result_;
    bool leaves_ = false;
    std::atomic<bool> done_{true};
};

}  // namespace oracle
