#include "target/symbol_file.h"

#include <gelf.h>
#include <libelf.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <memory>

#include "target/confined.h"
#include "target/modules.h"

namespace lwpi {
namespace {

constexpr std::size_t kMaxName = 4096;
constexpr std::size_t kMaxNames = std::size_t{32} << 20U;

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

void add_table(SymbolTables& tables, Elf* elf, Elf_Scn* section)
{
    GElf_Shdr header;
    Elf_Data* const data = ::elf_getdata(section, nullptr);
    if (data == nullptr || ::gelf_getshdr(section, &header) == nullptr) {
        return;
    }
    const std::size_t count =
        std::min<std::size_t>(data->d_size / sizeof(Elf64_Sym), std::numeric_limits<int>::max());
    for (std::size_t i = 0; i < count && tables.names.size() < kMaxNames; ++i) {
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
        // Of two equal ones, cond_wait before _cond_wait.
        const int rank = (symbol.st_size != 0 ? 8 : 0) + (type != STT_NOTYPE ? 4 : 0) +
                         (binding == STB_GLOBAL ? 2 : 0) + (name[0] != '_' ? 1 : 0);
        (code ? tables.code : tables.data)
            .push_back({symbol.st_value, symbol.st_size,
                        static_cast<std::uint32_t>(tables.names.size()), rank});
        tables.names.append(name, ::strnlen(name, kMaxName));
        tables.names += '\0';
    }
}

bool add_elf(SymbolTables& tables, Elf* elf, const std::string& build_id)
{
    if (elf == nullptr || ::elf_kind(elf) != ELF_K_ELF ||
        (!build_id.empty() && build_id_of(elf) != build_id)) {
        return false;
    }
    for (Elf_Scn* section = nullptr; (section = ::elf_nextscn(elf, section)) != nullptr;) {
        GElf_Shdr header;
        if (::gelf_getshdr(section, &header) != nullptr &&
            (header.sh_type == SHT_SYMTAB || header.sh_type == SHT_DYNSYM)) {
            add_table(tables, elf, section);
        }
    }
    return true;
}

bool add_file(SymbolTables& tables, int fd, const std::string& build_id)
{
    // Read, not mapped: a file that shrinks meanwhile gives an error here, not SIGBUS.
    const ElfHandle elf(::elf_begin(fd, ELF_C_READ, nullptr));
    return add_elf(tables, elf.get(), build_id);
}

void sort_and_thin_out(std::vector<Symbol>& symbols)
{
    std::stable_sort(symbols.begin(), symbols.end(), [](const Symbol& a, const Symbol& b) {
        return a.start != b.start ? a.start < b.start : a.rank > b.rank;
    });
    const auto end =
        std::unique(symbols.begin(), symbols.end(),
                    [](const Symbol& a, const Symbol& b) { return a.start == b.start; });
    symbols.erase(end, symbols.end());
}

void append(std::string& answer, const void* bytes, std::size_t size)
{
    answer.append(static_cast<const char*>(bytes), size);
}

struct Counts {
    std::uint64_t code;
    std::uint64_t data;
};

bool is_sound(const std::vector<Symbol>& symbols, const std::string& names)
{
    return std::all_of(symbols.begin(), symbols.end(),
                       [&](const Symbol& symbol) { return symbol.name < names.size(); }) &&
           std::is_sorted(symbols.begin(), symbols.end(),
                          [](const Symbol& a, const Symbol& b) { return a.start < b.start; });
}

}  // namespace

std::string collect_symbols(const SymbolFiles& files)
{
    ::elf_version(EV_CURRENT);
    SymbolTables tables;
    if (!files.image.empty()) {
        const ElfHandle elf(
            ::elf_memory(reinterpret_cast<char*>(files.image.data()), files.image.size()));
        add_elf(tables, elf.get(), {});
    }
    for (const int fd : files.candidates) {
        if (add_file(tables, fd, files.build_id)) {
            break;
        }
    }
    if (files.debug) {
        add_file(tables, *files.debug, files.build_id);
    }
    sort_and_thin_out(tables.code);
    sort_and_thin_out(tables.data);
    const Counts counts{tables.code.size(), tables.data.size()};
    std::string answer;
    append(answer, &counts, sizeof counts);
    append(answer, tables.code.data(), tables.code.size() * sizeof(Symbol));
    append(answer, tables.data.data(), tables.data.size() * sizeof(Symbol));
    answer += tables.names;
    return answer;
}

std::optional<SymbolTables> parse_symbols(std::string_view answer)
{
    Counts counts{};
    if (answer.size() < sizeof counts) {
        return std::nullopt;
    }
    std::memcpy(&counts, answer.data(), sizeof counts);
    answer.remove_prefix(sizeof counts);
    const std::size_t room = answer.size() / sizeof(Symbol);
    if (counts.code > room || counts.data > room - counts.code) {
        return std::nullopt;
    }
    SymbolTables tables;
    for (auto [symbols, count] :
         {std::pair(&tables.code, counts.code), {&tables.data, counts.data}}) {
        symbols->resize(count);
        if (count != 0) {
            std::memcpy(symbols->data(), answer.data(), count * sizeof(Symbol));
        }
        answer.remove_prefix(count * sizeof(Symbol));
    }
    tables.names = answer;
    const bool ends = tables.names.empty() || tables.names.back() == '\0';
    if (!ends || !is_sound(tables.code, tables.names) || !is_sound(tables.data, tables.names)) {
        return std::nullopt;
    }
    return tables;
}

std::optional<SymbolTables> read_symbols(const SymbolFiles& files)
{
    std::vector<int> fds = files.candidates;
    if (files.debug) {
        fds.push_back(*files.debug);
    }
    const auto answer = run_confined(fds, [&] { return collect_symbols(files); });
    return answer ? parse_symbols(*answer) : std::nullopt;
}

}  // namespace lwpi
