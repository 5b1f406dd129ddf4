// How many LWPs of the pool are busy: asked before the pool grows.
#pragma once

#include <cstdint>

#include "lwp/pool.h"

namespace lt {

struct Busy {
    std::uint32_t awake = 0;  // not asleep in the kernel
    bool computing = false;   // one of those has used the processor for long since the stall began
};

// Whether the look before this one, too, found threads waiting and no switch.
enum class Stall { kBegins, kGoesOn };

// The clock LWP's.
class BusyLwps {
  public:
    // `seen`: the dispatches of each slot at the look that found none that was idle or searched.
    Busy count(const std::uint64_t* seen, Stall stall) noexcept;

  private:
    // Processor time when the stall began, and at the last count.
    std::int64_t begun_ns_[PoolMembers::kMax] = {};
    std::int64_t last_ns_[PoolMembers::kMax] = {};
};

}  // namespace lt
