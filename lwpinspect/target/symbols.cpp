#include "target/symbols.h"

#include <cxxabi.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <gelf.h>
#include <libelf.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <cstdlib>

namespace lwpi {
namespace {

constexpr off_t kMaxFile = off_t{4} << 30U;
constexpr std::uint64_t kMaxVdso = 64 * 1024;
constexpr std::size_t kMaxName = 4096;

struct ElfCloser {
    void operator()(Elf* elf) const { ::elf_end(elf); }
};
using ElfHandle = std::unique_ptr<Elf, ElfCloser>;

std::string build_id_of(Elf* elf)
{
    for (Elf_Scn* section = nullptr; (section = ::elf_nextscn(elf, section)) != nullptr;) {
        GElf_Shdr header;
        Elf_Data* data = nullptr;
        if (::gelf_getshdr(section, &header) == nullptr || header.sh_type != SHT_NOTE ||
            (data = ::elf_getdata(section, nullptr)) == nullptr) {
            continue;
        }
        GElf_Nhdr note;
        std::size_t name = 0;
        std::size_t description = 0;
        for (std::size_t at = 0;
             (at = ::gelf_getnote(data, at, &note, &name, &description)) != 0;) {
            const auto* bytes = static_cast<const std::byte*>(data->d_buf);
            if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 &&
                std::memcmp(bytes + name, "GNU", 4) == 0) {
                return to_hex({bytes + description, note.n_descsz});
            }
        }
    }
    return {};
}

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

std::string debug_file_of(const std::string& build_id)
{
    return build_id.size() < 3 ? std::string()
                               : fmt::format("/usr/lib/debug/.build-id/{}/{}.debug",
                                             build_id.substr(0, 2), build_id.substr(2));
}

}  // namespace

bool SymbolIndex::add_file(int fd, const std::string& build_id)
{
    ::elf_version(EV_CURRENT);
    // Read, not mapped: a file that shrinks meanwhile gives an error here, not SIGBUS.
    const ElfHandle elf(::elf_begin(fd, ELF_C_READ, nullptr));
    return elf && add_elf(elf.get(), build_id);
}

void SymbolIndex::add_image(std::vector<std::byte> image)
{
    ::elf_version(EV_CURRENT);
    const ElfHandle elf(::elf_memory(reinterpret_cast<char*>(image.data()), image.size()));
    if (elf) {
        add_elf(elf.get(), {});
    }
}

bool SymbolIndex::add_elf(void* handle, const std::string& build_id)
{
    Elf* const elf = static_cast<Elf*>(handle);
    if (::elf_kind(elf) != ELF_K_ELF || (!build_id.empty() && build_id_of(elf) != build_id)) {
        return false;
    }
    for (Elf_Scn* section = nullptr; (section = ::elf_nextscn(elf, section)) != nullptr;) {
        GElf_Shdr header;
        if (::gelf_getshdr(section, &header) != nullptr &&
            (header.sh_type == SHT_SYMTAB || header.sh_type == SHT_DYNSYM)) {
            add_table(elf, section);
        }
    }
    return true;
}

void SymbolIndex::add_table(void* handle, void* table)
{
    Elf* const elf = static_cast<Elf*>(handle);
    Elf_Scn* const section = static_cast<Elf_Scn*>(table);
    GElf_Shdr header;
    Elf_Data* const data = ::elf_getdata(section, nullptr);
    if (data == nullptr || ::gelf_getshdr(section, &header) == nullptr) {
        return;
    }
    const std::size_t count = data->d_size / sizeof(Elf64_Sym);
    for (std::size_t i = 0; i < count; ++i) {
        GElf_Sym symbol;
        if (::gelf_getsym(data, static_cast<int>(i), &symbol) == nullptr ||
            symbol.st_shndx == SHN_UNDEF || symbol.st_shndx == SHN_ABS) {
            continue;
        }
        const unsigned type = GELF_ST_TYPE(symbol.st_info);
        const bool code = type == STT_FUNC || type == STT_GNU_IFUNC || type == STT_NOTYPE;
        const char* name = ::elf_strptr(elf, header.sh_link, symbol.st_name);
        if ((!code && type != STT_OBJECT) || name == nullptr || name[0] == '\0') {
            continue;
        }
        const unsigned binding = GELF_ST_BIND(symbol.st_info);
        const int rank = (symbol.st_size != 0 ? 4 : 0) + (type != STT_NOTYPE ? 2 : 0) +
                         (binding == STB_GLOBAL ? 1 : 0);
        (code ? code_ : data_).push_back({symbol.st_value, symbol.st_size, names_.size(), rank});
        names_.append(name, ::strnlen(name, kMaxName));
        names_ += '\0';
    }
}

void SymbolIndex::sort()
{
    for (auto* symbols : {&code_, &data_}) {
        std::stable_sort(symbols->begin(), symbols->end(), [](const Symbol& a, const Symbol& b) {
            return a.start != b.start ? a.start < b.start : a.rank > b.rank;
        });
        const auto end =
            std::unique(symbols->begin(), symbols->end(),
                        [](const Symbol& a, const Symbol& b) { return a.start == b.start; });
        symbols->erase(end, symbols->end());
    }
}

std::optional<SymbolHit> SymbolIndex::find(std::uint64_t address, SymbolKind kind) const
{
    const auto& symbols = kind == SymbolKind::kCode ? code_ : data_;
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
            return SymbolHit{names_.c_str() + after->name, offset};
        }
    }
    return std::nullopt;
}

std::optional<SymbolHit> Symbolizer::find(const Module& module, Address address, SymbolKind kind)
{
    return index_of(module).find(address - module.bias, kind);
}

const SymbolIndex& Symbolizer::index_of(const Module& module)
{
    auto& slot = indexes_[module.path + '\n' + module.build_id];
    if (!slot) {
        slot = load(module);
    }
    return *slot;
}

std::unique_ptr<SymbolIndex> Symbolizer::load(const Module& module) const
{
    auto index = std::make_unique<SymbolIndex>();
    if (module.is_vdso()) {
        std::vector<std::byte> image(std::min(module.end - module.start, kMaxVdso));
        image.resize(memory_.read(module.start, image));
        index->add_image(std::move(image));
    }
    for (const UniqueFd& fd : files_.open(module)) {
        struct stat file {};
        if (!fd || !is_safe_to_read(fd.get(), file) ||
            (module.build_id.empty() && !is_file_of(file, module))) {
            continue;
        }
        if (index->add_file(fd.get(), module.build_id)) {
            break;
        }
    }
    if (const std::string path = debug_file_of(module.build_id); !path.empty()) {
        struct stat file {};
        const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
        if (fd && is_safe_to_read(fd.get(), file)) {
            index->add_file(fd.get(), module.build_id);
        }
    }
    index->sort();
    return index;
}

std::string demangled(const std::string& name)
{
    if (!name.starts_with("_Z")) {
        return name;
    }
    int status = 0;
    const std::unique_ptr<char, void (*)(void*)> text(
        abi::__cxa_demangle(name.c_str(), nullptr, nullptr, &status), std::free);
    return status == 0 && text != nullptr ? text.get() : name;
}

}  // namespace lwpi
