// Frames of a stack that was copied: libunwind over our own view of the target's memory.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "target/memory.h"
#include "target/modules.h"

namespace lwpi {

// What is known of an LWP's or a parked thread's registers.
struct Registers {
    Address pc = 0;
    Address sp = 0;
    std::optional<std::uint64_t> rbp, rbx, r12, r13, r14, r15;
    std::optional<std::uint64_t> rdi = {}, rdx = {};  // where vfork has its return address
};

// Words of one stack as they were at one moment.
struct StackCopy {
    Address address = 0;
    std::span<const std::byte> bytes;
    Address stack_end =
        0;  // the stack goes on up to here; beyond the copy nothing coherent is known
};

enum class UnwindEnd : std::uint8_t {
    kBottom,        // a return address of zero, or a frame pointer chain that ends
    kEntry,         // the unwind tables say that there is no caller
    kNoUnwindInfo,  // no unwind table for the last pc, or one that needs an unknown register
    kMemory,        // a word that could not be read
    kTruncated,     // a word of the stack beyond the copy: copy more and try again
    kLimit,
    kLoop,  // the stack pointer did not rise
};

struct RawFrame {
    Address pc = 0;
    bool exact = false;  // pc is where it will go on, not a return address
};

struct UnwoundStack {
    std::vector<RawFrame> frames;
    UnwindEnd end = UnwindEnd::kBottom;
};

// Pages of code and unwind tables, kept because every stack needs the same ones.
class PageCache {
  public:
    explicit PageCache(Memory& memory) : memory_(memory) {}

    // One 64-bit word; nullopt when it cannot be read.
    [[nodiscard]] std::optional<std::uint64_t> word(Address address);
    bool read(Address address, std::span<std::byte> into);
    void clear() { pages_.clear(); }

  private:
    struct Page {
        std::array<std::byte, 4096> bytes;
        std::size_t got = 0;
    };
    const Page& page(Address start);

    Memory& memory_;
    std::unordered_map<Address, std::unique_ptr<Page>> pages_;
};

class Unwinder {
  public:
    explicit Unwinder(Memory& memory);
    ~Unwinder();
    Unwinder(const Unwinder&) = delete;
    Unwinder& operator=(const Unwinder&) = delete;

    // To be called before the first unwind and after every new look at the memory map. Keeps what
    // libunwind has decoded as long as the images are the same.
    void use(const ModuleTable& modules, const std::vector<Mapping>& maps);

    [[nodiscard]] UnwoundStack unwind(const Registers& registers, const StackCopy& stack,
                                      std::size_t depth);

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace lwpi
