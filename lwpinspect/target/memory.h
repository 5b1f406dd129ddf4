// Reading another process' memory. There is no way to write it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "support/unique_fd.h"

namespace lwpi {

// An address over there; never dereferenced here.
using Address = std::uint64_t;

// User space ends here on x86-64 with four-level page tables; five-level mappings are opt-in.
inline constexpr Address kAddressEnd = 0x00ffffffffffffff;

struct RemoteBlock {
    Address address = 0;
    std::span<std::byte> into;
    std::size_t got = 0;  // leading bytes that were read
};

class Memory {
  public:
    Memory() = default;
    Memory(const Memory&) = delete;
    Memory& operator=(const Memory&) = delete;
    virtual ~Memory() = default;

    // Reads all blocks, as close together in time as can be, and sets `got` in each.
    virtual void read_blocks(std::span<RemoteBlock> blocks) = 0;

    // The number of leading bytes that were read.
    std::size_t read(Address address, std::span<std::byte> into);

    template <typename T>
    std::optional<T> read_value(Address address)
    {
        static_assert(std::is_trivially_copyable_v<T>);
        T value{};
        const auto bytes = std::as_writable_bytes(std::span(&value, 1));
        return read(address, bytes) == bytes.size() ? std::optional<T>(value) : std::nullopt;
    }
};

class LiveMemory : public Memory {
  public:
    explicit LiveMemory(int pid) : task_(pid) {}

    // Reads through this task from now on: a leader that has ended has no memory of its own.
    void use_task(int tid) { task_ = tid; }

    void read_blocks(std::span<RemoteBlock> blocks) override;

  private:
    // Where process_vm_readv is refused by a seccomp filter, /proc/TID/mem may still be allowed.
    void read_by_file(std::span<RemoteBlock> blocks);

    int task_;
    bool by_file_ = false;
    UniqueFd file_;
    int file_task_ = 0;
};

}  // namespace lwpi
