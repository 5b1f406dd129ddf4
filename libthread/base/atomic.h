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

}  // namespace lt
