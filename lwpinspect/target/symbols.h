// Names for addresses: one sorted index per ELF file, read by libelf.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "target/module_files.h"
#include "target/modules.h"

namespace lwpi {

enum class SymbolKind : std::uint8_t { kCode, kData };

struct SymbolHit {
    std::string name;  // as in the file, mangled
    std::uint64_t offset = 0;
};

// The symbols of one ELF file: .symtab and .dynsym, and those of its separate debug file.
class SymbolIndex {
  public:
    // Adds the tables of the ELF file open at `fd`, if its build-id is `build_id` (empty: any).
    // Returns whether it was that file.
    bool add_file(int fd, const std::string& build_id);
    // Adds the tables of an image copied from memory.
    void add_image(std::vector<std::byte> image);
    void sort();

    // The symbol that `address`, in the file's own addresses, lies in.
    [[nodiscard]] std::optional<SymbolHit> find(std::uint64_t address, SymbolKind kind) const;

  private:
    struct Symbol {
        std::uint64_t start;
        std::uint64_t size;
        std::size_t name;  // in names_
        int rank;          // among symbols at one address the highest is shown
    };
    bool add_elf(void* elf, const std::string& build_id);
    void add_table(void* elf, void* section);

    std::vector<Symbol> code_;
    std::vector<Symbol> data_;
    std::string names_;  // each ends with a zero byte
};

class Symbolizer {
  public:
    Symbolizer(const ModuleFiles& files, Memory& memory) : files_(files), memory_(memory) {}

    // The symbol at run-time address `address` of `module`. Opens the module's files when it is the
    // first question about them; never call it while the target is stopped.
    [[nodiscard]] std::optional<SymbolHit> find(const Module& module, Address address,
                                                SymbolKind kind);

  private:
    const SymbolIndex& index_of(const Module& module);
    [[nodiscard]] std::unique_ptr<SymbolIndex> load(const Module& module) const;

    const ModuleFiles& files_;
    Memory& memory_;
    std::map<std::string, std::unique_ptr<SymbolIndex>> indexes_;  // by path and build-id
};

// A C++ name as people write it; `name` itself when it is none.
[[nodiscard]] std::string demangled(const std::string& name);

}  // namespace lwpi
