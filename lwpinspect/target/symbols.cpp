#include "target/symbols.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>

#include "target/demangle.h"

namespace lwpi {
namespace {

constexpr off_t kMaxFile = off_t{4} << 30U;
constexpr std::uint64_t kMaxVdso = 64 * 1024;
// Of all modules together; beyond it names are missing.
constexpr std::size_t kMostKept = std::size_t{96} << 20U;
constexpr std::chrono::seconds kMostWasted{1};

// The same file that is mapped, where no build-id can tell.
bool is_file_of(const struct stat& file, const Module& module)
{
    if (module.inode == 0) {
        return true;  // of a core: whoever gave the file has compared it with the image
    }
    const std::uint64_t device = std::uint64_t{major(file.st_dev)} << 32U | minor(file.st_dev);
    return file.st_ino == module.inode && device == module.device;
}

bool is_safe_to_read(int fd, struct stat& file)
{
    return ::fstat(fd, &file) == 0 && S_ISREG(file.st_mode) && file.st_size <= kMaxFile;
}

std::size_t size_of(const SymbolTables& tables)
{
    return (tables.code.size() + tables.data.size()) * sizeof(Symbol) + tables.names.size();
}

}  // namespace

std::optional<SymbolHit> find_symbol(const SymbolTables& tables, std::uint64_t address,
                                     SymbolKind kind)
{
    const auto& symbols = kind == SymbolKind::kCode ? tables.code : tables.data;
    auto after = std::upper_bound(
        symbols.begin(), symbols.end(), address,
        [](std::uint64_t value, const Symbol& symbol) { return value < symbol.start; });
    // A label inside a function hides it from a plain look-up: walk back a little.
    for (int tries = 0; after != symbols.begin() && tries < 8; ++tries) {
        --after;
        const std::uint64_t offset = address - after->start;
        // Code without a size is assembly: it reaches to the next symbol.
        const bool open_ended = after->size == 0 && kind == SymbolKind::kCode && tries == 0;
        if (offset < after->size || open_ended) {
            return SymbolHit{tables.names.c_str() + after->name, offset};
        }
    }
    return std::nullopt;
}

std::optional<SymbolHit> Symbolizer::find(const Module& module, Address address, SymbolKind kind)
{
    return find_symbol(tables_of(module), address - module.bias, kind);
}

const SymbolTables& Symbolizer::tables_of(const Module& module)
{
    const auto [entry, fresh] = tables_.try_emplace(module.path + '\n' + module.build_id);
    if (!fresh) {
        return entry->second;
    }
    std::optional<SymbolTables> tables;
    const auto start = std::chrono::steady_clock::now();
    if (wasted_ < kMostWasted) {
        tables = load(module);
    }
    if (tables && kept_ + size_of(*tables) <= kMostKept) {
        kept_ += size_of(*tables);
        entry->second = std::move(*tables);
    } else {
        wasted_ += std::chrono::steady_clock::now() - start;
        refused_.push_back(module.path);
    }
    return entry->second;
}

std::optional<SymbolTables> Symbolizer::load(const Module& module) const
{
    SymbolFiles wanted;
    wanted.build_id = module.build_id;
    std::vector<std::byte> image;
    if (module.is_vdso()) {
        image.resize(std::min(module.end - module.start, kMaxVdso));
        image.resize(memory_.read(module.start, image));
        wanted.image = image;
    }
    struct stat file {};
    const std::vector<UniqueFd> candidates = files_.open(module);
    for (const UniqueFd& fd : candidates) {
        if (fd && is_safe_to_read(fd.get(), file) &&
            (!module.build_id.empty() || is_file_of(file, module))) {
            wanted.candidates.push_back(fd.get());
        }
    }
    const UniqueFd debug = open_debug_file(module.build_id);
    if (debug && is_safe_to_read(debug.get(), file)) {
        wanted.debug = debug.get();
    }
    if (wanted.candidates.empty() && !wanted.debug && wanted.image.empty()) {
        return SymbolTables();
    }
    return read_symbols(wanted);
}

const std::map<std::string, std::string>& Symbolizer::demangle(
    const std::vector<std::string>& names)
{
    std::vector<std::string> fresh;
    for (const std::string& name : names) {
        if (name.starts_with("_Z") && shown_.try_emplace(name, name).second) {
            fresh.push_back(name);
        }
    }
    if (!fresh.empty() && wasted_ < kMostWasted) {
        const auto start = std::chrono::steady_clock::now();
        if (const auto demangled = demangle_confined(fresh)) {
            for (std::size_t i = 0; i < fresh.size(); ++i) {
                shown_[fresh[i]] = (*demangled)[i];
            }
        } else {
            wasted_ += std::chrono::steady_clock::now() - start;
        }
    }
    return shown_;
}

}  // namespace lwpi
