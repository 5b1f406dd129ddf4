// Names for addresses: one sorted index per ELF file.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "target/module_files.h"
#include "target/modules.h"
#include "target/symbol_file.h"

namespace lwpi {

enum class SymbolKind : std::uint8_t { kCode, kData };

struct SymbolHit {
    std::string name;  // as in the file, mangled
    std::uint64_t offset = 0;
};

// The symbol that `address`, in the file's own addresses, lies in.
[[nodiscard]] std::optional<SymbolHit> find_symbol(const SymbolTables& tables,
                                                   std::uint64_t address, SymbolKind kind);

class Symbolizer {
  public:
    Symbolizer(const ModuleFiles& files, Memory& memory) : files_(files), memory_(memory) {}

    // The symbol at run-time address `address` of `module`. Opens the module's files when it is the
    // first question about them; never call it while the target is stopped.
    [[nodiscard]] std::optional<SymbolHit> find(const Module& module, Address address,
                                                SymbolKind kind);

    // C++ names as people write them: name -> shown, for those of `names` that are C++ names.
    [[nodiscard]] const std::map<std::string, std::string>& demangle(
        const std::vector<std::string>& names);

    // Paths of modules whose symbols took too much time or memory: their names are missing.
    [[nodiscard]] const std::vector<std::string>& refused() const { return refused_; }

    [[nodiscard]] const ModuleFiles& files() const { return files_; }

  private:
    const SymbolTables& tables_of(const Module& module);
    [[nodiscard]] std::optional<SymbolTables> load(const Module& module) const;

    const ModuleFiles& files_;
    Memory& memory_;
    std::map<std::string, SymbolTables> tables_;  // by path and build-id
    std::map<std::string, std::string> shown_;    // by mangled name
    std::vector<std::string> refused_;
    std::chrono::nanoseconds wasted_{};  // on what was refused
    std::size_t kept_ = 0;               // bytes in tables_
};

}  // namespace lwpi
