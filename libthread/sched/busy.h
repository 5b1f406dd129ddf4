// How many LWPs of the pool are busy: asked before the pool grows.
#pragma once

#include <cstdint>

#include "lwp/pool.h"

namespace lt {

struct Busy {
    std::uint32_t awake = 0;  // not asleep in the kernel
    bool computing = false;  // one of those got the processor most of the time since the last count
};

// The clock LWP's.
class BusyLwps {
  public:
    // `seen`: the dispatches of each slot at the look that found none that was idle or searched.
    Busy count(const std::uint64_t* seen) noexcept;

  private:
    std::int64_t cpu_ns_[PoolMembers::kMax] = {};  // processor time at the last count
};

}  // namespace lt
