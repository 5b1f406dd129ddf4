// The descriptor that libthread publishes: found, checked, and turned into field look-ups.
//
// Nothing in it is believed before it is checked; docs/INSPECT_ABI.md is the contract.
#pragma once

#include <libthread/inspect_abi.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/snapshot.h"
#include "target/memory.h"
#include "target/modules.h"

namespace lwpi {

using Slot = lwpt_field_slot;

// The bytes of one record or object, copied.
using RecordBytes = std::span<const std::byte>;

struct SlabRange {
    Address address = 0;
    std::uint32_t record_size = 0;
    std::uint32_t count = 0;
};

class Layout {
  public:
    // Takes a checked copy apart.
    explicit Layout(const lwpt_debug& descriptor);

    [[nodiscard]] const std::vector<SlabRange>& thread_slabs() const { return thread_slabs_; }
    [[nodiscard]] const std::vector<SlabRange>& lwp_slabs() const { return lwp_slabs_; }
    [[nodiscard]] Address process() const { return process_; }

    [[nodiscard]] bool has(Slot slot) const { return field(slot).offset != LWPT_NOT_PROVIDED; }
    [[nodiscard]] lwpt_field field(Slot slot) const { return fields_.at(slot); }

    // A number field of a record; nullopt when it is not provided or does not fit the record.
    [[nodiscard]] std::optional<std::uint64_t> number(RecordBytes record, Slot slot) const;
    [[nodiscard]] std::optional<std::int64_t> signed_number(RecordBytes record, Slot slot) const;
    // A text field up to its first zero byte.
    [[nodiscard]] std::string text(RecordBytes record, Slot slot) const;
    // The number field of the object at `address`, read from the target now.
    [[nodiscard]] std::optional<std::uint64_t> read_number(Memory& memory, Address address,
                                                           Slot slot) const;

    // The library's word for a value, "state_9" when it has none.
    [[nodiscard]] std::string name(lwpt_enumeration kind, std::uint64_t value) const;
    [[nodiscard]] std::vector<std::string> flag_names(std::uint64_t flags) const;
    [[nodiscard]] std::optional<std::uint64_t> constant(std::string_view name) const;

  private:
    struct Named {
        std::uint32_t kind;
        std::uint32_t value;
        std::string name;
    };
    std::vector<SlabRange> thread_slabs_;
    std::vector<SlabRange> lwp_slabs_;
    std::vector<lwpt_field> fields_;  // LWPT_SLOT_COUNT of them
    std::vector<Named> names_;
    Address process_ = 0;
};

struct FoundLibrary {
    LibraryInfo info;
    std::optional<Layout> layout;  // when info.state is kPresent
};

// Looks for the note in all images, then reads and checks the descriptor it leads to.
[[nodiscard]] FoundLibrary find_library(const ModuleTable& modules,
                                        const std::vector<Mapping>& maps, Memory& memory, int pid);

// The descriptor at `address`, checked as far as that can be without a memory map. `pid` 0:
// unknown.
[[nodiscard]] FoundLibrary read_library(Address address, Memory& memory, int pid);

// Whether [address, address + size) is readable memory of the target, size not zero.
[[nodiscard]] bool is_mapped(const std::vector<Mapping>& maps, Address address, std::uint64_t size);

}  // namespace lwpi
