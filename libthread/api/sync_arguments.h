// What the pages of the synchronisation objects check alike.
#pragma once

#include <synch.h>

#include <cerrno>
#include <cstring>

#include "base/deadline.h"
#include "os/clock.h"
#include "sync/object_layout.h"

namespace lt {

// Zeroes the object and sets its type and magic. EINVAL at an odd address, where atomic operations
// might tear; the object is initialised all the same, as on Solaris.
template <class Words, class Object, class Type>
int initialise(Object* object, Type type, std::uint16_t magic)
{
    std::memset(object, 0, sizeof(*object));
    auto* bytes = reinterpret_cast<char*>(object);
    std::memcpy(bytes + offsetof(Words, type), &type, sizeof(type));
    std::memcpy(bytes + offsetof(Words, magic), &magic, sizeof(magic));
    return is_aligned(object) ? 0 : EINVAL;
}

inline bool is_scope(int type)
{
    return type == USYNC_THREAD || type == USYNC_PROCESS;
}

inline Deadline absolute_deadline(const timestruc_t& time)
{
    return {to_nanos(time), Clock::kRealtime};
}

inline bool is_valid_interval(const timestruc_t& time)
{
    return has_valid_nanos(time) && time.tv_sec >= 0;
}

inline Deadline deadline_after(const timestruc_t& time)
{
    return {saturating_add(os::monotonic_now(), to_nanos(time)), Clock::kMonotonic};
}

}  // namespace lt
