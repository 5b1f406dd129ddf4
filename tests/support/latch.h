// Meeting points of threads, built on the library's own mutexes and condition variables.
//
// Every wait has a limit and says whether it was met, so that a failing test ends.
#pragma once

#include <synch.h>
#include <thread.h>

#include <chrono>

#include "support/bounded.h"

namespace latch {

// A number that threads change and wait for.
class Counter {
  public:
    explicit Counter(int value = 0) : value_{value} {}
    Counter(const Counter&) = delete;
    Counter& operator=(const Counter&) = delete;

    void add(int amount)
    {
        mutex_lock(&mutex_);
        value_ += amount;
        cond_broadcast(&changed_);
        mutex_unlock(&mutex_);
    }

    [[nodiscard]] int value()
    {
        mutex_lock(&mutex_);
        const int now = value_;
        mutex_unlock(&mutex_);
        return now;
    }

    // Waits until `claim(value)` holds; false when that did not happen in time.
    template <class Claim>
    [[nodiscard]] bool wait_for(Claim claim, std::chrono::seconds limit = bounded::kPatience)
    {
        const auto end = std::chrono::steady_clock::now() + limit;
        mutex_lock(&mutex_);
        while (!claim(value_) && std::chrono::steady_clock::now() < end) {
            // In slices: neither an interruption nor a lost wake-up makes the wait unbounded.
            const timestruc_t slice{1, 0};
            static_cast<void>(cond_reltimedwait(&changed_, &mutex_, &slice));
        }
        const bool met = claim(value_);
        mutex_unlock(&mutex_);
        return met;
    }

  private:
    mutex_t mutex_{};
    cond_t changed_{};
    int value_;
};

// Closed until somebody opens it; then open for good.
class Gate {
  public:
    void open() { counter_.add(1); }

    [[nodiscard]] bool is_open() { return counter_.value() > 0; }

    bool wait(std::chrono::seconds limit = bounded::kPatience)
    {
        return counter_.wait_for([](int opened) { return opened > 0; }, limit);
    }

  private:
    Counter counter_;
};

// Met once `expected` threads have arrived.
class Latch {
  public:
    explicit Latch(int expected) : missing_{expected} {}

    void arrive() { missing_.add(-1); }

    [[nodiscard]] bool wait(std::chrono::seconds limit = bounded::kPatience)
    {
        return missing_.wait_for([](int missing) { return missing <= 0; }, limit);
    }

    [[nodiscard]] bool arrive_and_wait(std::chrono::seconds limit = bounded::kPatience)
    {
        arrive();
        return wait(limit);
    }

  private:
    Counter missing_;
};

}  // namespace latch
