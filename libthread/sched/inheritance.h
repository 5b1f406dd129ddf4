// What a thread inherits from those who wait for its mutexes (LOCK_PRIO_INHERIT) and takes on with
// a ceiling (LOCK_PRIO_PROTECT). All guarded by priority_lock.
#pragma once

#include <cstdint>

namespace lt {

struct Inheritance {
    std::uint8_t level = 0;     // in the library's scale
    std::uint8_t realtime = 0;  // in the kernel's; 0: none
    // What the kernel has been told of `realtime`, and what the task had by itself before.
    std::uint8_t applied = 0;
    bool own_known = false;
    int own_policy = 0;
    int own_priority = 0;
    std::uint32_t epoch = 0;  // goes up when its own is given back
};

}  // namespace lt
