#include "target/modules.h"

#include <elf.h>

#include <algorithm>
#include <cstring>

namespace lwpi {
namespace {

constexpr std::size_t kMaxProgramHeaders = 128;
constexpr std::uint64_t kMaxNotes = 64 * 1024;
constexpr std::uint64_t kPage = 4096;

bool is_elf64(const Elf64_Ehdr& header)
{
    return std::memcmp(&header.e_ident[0], ELFMAG, SELFMAG) == 0 &&
           header.e_ident[EI_CLASS] == ELFCLASS64 && header.e_ident[EI_DATA] == ELFDATA2LSB &&
           header.e_machine == EM_X86_64 && header.e_phentsize == sizeof(Elf64_Phdr) &&
           header.e_phnum > 0 && header.e_phnum <= kMaxProgramHeaders;
}

std::vector<Elf64_Phdr> read_program_headers(Address image, const Elf64_Ehdr& header,
                                             Memory& memory)
{
    std::vector<Elf64_Phdr> segments(header.e_phnum);
    const auto bytes = std::as_writable_bytes(std::span(segments));
    if (header.e_phoff > kMaxNotes || memory.read(image + header.e_phoff, bytes) != bytes.size()) {
        segments.clear();
    }
    return segments;
}

// Fills in what the program headers say; false when they make no sense for an image at `image`.
bool place_segments(Module& module, Address image, const std::vector<Elf64_Phdr>& segments)
{
    Address low = UINT64_MAX;
    Address high = 0;
    for (const Elf64_Phdr& segment : segments) {
        if (segment.p_type == PT_LOAD) {
            if (segment.p_vaddr > kAddressEnd || segment.p_memsz > kAddressEnd) {
                return false;
            }
            low = std::min(low, segment.p_vaddr & ~(kPage - 1));
            high = std::max(high, segment.p_vaddr + segment.p_memsz);
        }
    }
    if (low >= high || high - low > kAddressEnd - image) {
        return false;
    }
    module.start = image;
    module.end = image + (high - low);
    module.bias = image - low;
    for (const Elf64_Phdr& segment : segments) {
        const Address address = module.bias + segment.p_vaddr;
        if (address < module.start || address >= module.end) {
            continue;
        }
        if (segment.p_type == PT_GNU_EH_FRAME) {
            module.unwind_header = address;
            module.unwind_size = std::min(segment.p_memsz, module.end - address);
        } else if (segment.p_type == PT_NOTE) {
            module.notes.push_back(
                {address, std::min({segment.p_memsz, kMaxNotes, module.end - address})});
        }
    }
    return true;
}

void read_build_id(Module& module, Memory& memory)
{
    for_each_note(module, memory, [&](const Note64& note) {
        if (note.owner == "GNU" && note.type == NT_GNU_BUILD_ID && note.description.size() <= 64) {
            module.build_id = to_hex(note.description);
        }
    });
}

// A file that is mapped to be read, not run, may start like an image too.
bool has_code(const Module& module, const std::vector<Mapping>& maps)
{
    return std::any_of(maps.begin(), maps.end(), [&](const Mapping& map) {
        return map.executable && map.start >= module.start && map.start < module.end &&
               map.path == module.path;
    });
}

}  // namespace

std::string to_hex(std::span<const std::byte> bytes)
{
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string out;
    for (const std::byte byte : bytes) {
        out += kDigits[std::to_integer<std::size_t>(byte) >> 4U];
        out += kDigits[std::to_integer<std::size_t>(byte) & 0xfU];
    }
    return out;
}

std::string Module::name() const
{
    const std::size_t slash = path.rfind('/');
    return slash == std::string::npos ? path : path.substr(slash + 1);
}

void for_each_note(const Module& module, Memory& memory,
                   const std::function<void(const Note64&)>& visit)
{
    for (const Module::NoteSegment& segment : module.notes) {
        std::vector<std::byte> bytes(segment.size);
        bytes.resize(memory.read(segment.address, bytes));
        std::size_t at = 0;
        while (bytes.size() - at >= sizeof(Elf64_Nhdr)) {
            Elf64_Nhdr header{};
            std::memcpy(&header, bytes.data() + at, sizeof header);
            at += sizeof header;
            const std::uint64_t name_end = at + std::uint64_t{header.n_namesz};
            const std::uint64_t start = (name_end + 3) & ~std::uint64_t{3};
            const std::uint64_t end = start + header.n_descsz;
            if (end > bytes.size() || header.n_namesz > 64) {
                break;
            }
            std::string owner(header.n_namesz, '\0');
            std::memcpy(owner.data(), bytes.data() + at, owner.size());
            owner.resize(std::strlen(owner.c_str()));
            visit({std::move(owner), header.n_type, segment.address + start,
                   std::span(bytes).subspan(start, header.n_descsz)});
            at = std::min<std::size_t>((end + 3) & ~std::uint64_t{3}, bytes.size());
        }
    }
}

ModuleTable::ModuleTable(const std::vector<Mapping>& maps, Memory& memory)
{
    for (const Mapping& map : maps) {
        if (map.offset != 0 || !map.readable || map.path.empty() ||
            (map.path[0] == '[' && map.path != "[vdso]")) {
            continue;
        }
        const auto header = memory.read_value<Elf64_Ehdr>(map.start);
        if (!header || !is_elf64(*header)) {
            continue;
        }
        Module module;
        module.path = map.path;
        module.device = map.device;
        module.inode = map.inode;
        const auto segments = read_program_headers(map.start, *header, memory);
        if (!place_segments(module, map.start, segments) || !has_code(module, maps) ||
            (!modules_.empty() && module.start < modules_.back().end)) {
            continue;
        }
        read_build_id(module, memory);
        modules_.push_back(std::move(module));
    }
}

const Module* ModuleTable::find(Address address) const
{
    auto after = std::upper_bound(modules_.begin(), modules_.end(), address,
                                  [](Address a, const Module& module) { return a < module.start; });
    if (after == modules_.begin()) {
        return nullptr;
    }
    --after;
    return address < after->end ? &*after : nullptr;
}

const Mapping* find_mapping(const std::vector<Mapping>& maps, Address address)
{
    auto after = std::upper_bound(maps.begin(), maps.end(), address,
                                  [](Address a, const Mapping& map) { return a < map.start; });
    if (after == maps.begin()) {
        return nullptr;
    }
    --after;
    return address < after->end ? &*after : nullptr;
}

}  // namespace lwpi
