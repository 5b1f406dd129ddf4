// The ELF images in a process, as its memory shows them. No file is opened.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "target/memory.h"
#include "target/process.h"

namespace lwpi {

struct Module {
    Address start = 0;  // [start, end): from the first to the last loaded segment
    Address end = 0;
    Address bias = 0;  // run-time address minus address in the file
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::string path;
    std::string build_id;           // hexadecimal, empty: none
    Address unwind_header = 0;      // .eh_frame_hdr, 0: none
    std::uint64_t unwind_size = 0;  // of .eh_frame_hdr
    struct NoteSegment {
        Address address;
        std::uint64_t size;
    };
    std::vector<NoteSegment> notes;

    [[nodiscard]] std::string name() const;  // path without directories
    [[nodiscard]] bool is_vdso() const { return path == "[vdso]"; }
};

// One ELF note. `description` lies at `address` over there.
struct Note64 {
    std::string owner;
    std::uint32_t type = 0;
    Address address = 0;
    std::span<const std::byte> description;
};

class ModuleTable {
  public:
    ModuleTable() = default;
    ModuleTable(const std::vector<Mapping>& maps, Memory& memory);

    // The image that `address` lies in, or nullptr.
    [[nodiscard]] const Module* find(Address address) const;
    [[nodiscard]] const std::vector<Module>& all() const { return modules_; }

  private:
    std::vector<Module> modules_;  // by start, disjoint
};

// Calls `visit` for each note of `module`, as memory holds them now.
void for_each_note(const Module& module, Memory& memory,
                   const std::function<void(const Note64&)>& visit);

// The mapping that `address` lies in, or nullptr. `maps` is ordered.
[[nodiscard]] const Mapping* find_mapping(const std::vector<Mapping>& maps, Address address);

[[nodiscard]] std::string to_hex(std::span<const std::byte> bytes);

}  // namespace lwpi
