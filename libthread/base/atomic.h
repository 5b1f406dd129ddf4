// The one alias for atomics, so that a test build may replace them.
#pragma once

#include <atomic>

namespace lt {

template <class T>
using Atomic = std::atomic<T>;

using std::memory_order_acq_rel;
using std::memory_order_acquire;
using std::memory_order_relaxed;
using std::memory_order_release;
using std::memory_order_seq_cst;

// A variable that its owner writes and others may look at: read and written whole, and no more.
template <class T>
class Relaxed {
  public:
    constexpr Relaxed() = default;
    constexpr explicit Relaxed(T value) : value_{value} {}

    // relaxed, both: what the class is for.
    operator T() const { return value_.load(memory_order_relaxed); }
    Relaxed& operator=(T value)
    {
        value_.store(value, memory_order_relaxed);  // relaxed: as above
        return *this;
    }

  private:
    Atomic<T> value_{};
};

}  // namespace lt
