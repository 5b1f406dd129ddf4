// A mark of ours in pthread attributes: glibc copies the word of flags in which it lies to the
// pthread that it makes, and back to the attributes that pthread_getattr_np() fills in.
#pragma once

#include <pthread.h>

#include <cstdint>
#include <cstring>

namespace lt::os {

inline constexpr std::size_t kAttrFlagsOffset = 8;  // after two ints of scheduling parameters
inline constexpr std::uint32_t kAttrDaemon = 0x40000000;

inline std::uint32_t attr_flags(const pthread_attr_t& attributes)
{
    std::uint32_t flags = 0;
    std::memcpy(&flags, reinterpret_cast<const char*>(&attributes) + kAttrFlagsOffset,
                sizeof(flags));
    return flags;
}

inline bool is_marked_daemon(const pthread_attr_t& attributes)
{
    return (attr_flags(attributes) & kAttrDaemon) != 0;
}

inline void mark_daemon(pthread_attr_t& attributes, bool daemon)
{
    const std::uint32_t before = attr_flags(attributes);
    const std::uint32_t flags = daemon ? before | kAttrDaemon : before & ~kAttrDaemon;
    std::memcpy(reinterpret_cast<char*>(&attributes) + kAttrFlagsOffset, &flags, sizeof(flags));
}

}  // namespace lt::os
