// System calls as such: libc's functions of the name may wait without the calling LWP.
#pragma once

#include <cstddef>

namespace platform {

// read(2) that holds the calling LWP while it waits. In platform.cpp.
[[nodiscard]] long read_in_kernel(int fd, void* buffer, std::size_t size);

}  // namespace platform
