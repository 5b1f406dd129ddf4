// Reading and writing once without waiting, whatever the descriptor is.
#pragma once

#include <sys/uio.h>

#include <cstddef>

#include "io/call.h"

namespace lt::io {

// What is left of a list of buffers.
struct Buffers {
    const iovec* parts = nullptr;
    std::size_t count = 0;
    std::size_t offset = 0;  // of the first one
    std::size_t done = 0;    // bytes transferred

    // The first one's rest, or the first one.
    [[nodiscard]] iovec first() const
    {
        return {static_cast<char*>(parts->iov_base) + offset, parts->iov_len - offset};
    }
    // Whether what is left is one buffer, so that a call for one will do.
    [[nodiscard]] bool single() const { return count == 1 || offset != 0; }
    void advance(std::size_t bytes);
    [[nodiscard]] bool complete() const { return count == 0; }
};

// A count, -EAGAIN, another negative error number or kUseLibc. Corrects the kind believed.
long read_once(const Call& call, const iovec* parts, std::size_t count) noexcept;

// The same, of the first buffer only if it was begun. No signal for a peer that has gone while
// bytes were transferred already, as in a write that waits in the kernel.
long write_once(const Call& call, const Buffers& buffers) noexcept;

// Whether the descriptor is ready for it.
bool is_ready(const Call& call) noexcept;

}  // namespace lt::io
