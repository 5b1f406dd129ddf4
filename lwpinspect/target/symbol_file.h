// The symbol tables of ELF files, which anybody may have written: read by libelf in a confined
// child process, handed over as one flat text whose every number is checked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lwpi {

struct Symbol {
    std::uint64_t start;
    std::uint64_t size;
    std::uint32_t name;  // where it begins in SymbolTables::names
    std::int32_t rank;   // among symbols at one address the highest is kept
};

struct SymbolTables {
    std::vector<Symbol> code;  // by start, no two alike
    std::vector<Symbol> data;
    std::string names;  // each ends with a zero byte
};

// What to read of one module.
struct SymbolFiles {
    std::vector<int> candidates;  // the first whose build-id is `build_id` (empty: any) is taken
    std::optional<int> debug;     // in addition, under the same condition
    std::string build_id;
    std::span<std::byte> image;  // a copy of an image in memory; empty: none
};

// The tables of all of them; nullopt: reading them took too much time or memory, or crashed.
[[nodiscard]] std::optional<SymbolTables> read_symbols(const SymbolFiles& files);

// The two halves of the above: what the child does, and what is made of its answer.
[[nodiscard]] std::string collect_symbols(const SymbolFiles& files);
[[nodiscard]] std::optional<SymbolTables> parse_symbols(std::string_view answer);

}  // namespace lwpi
