#include "target/core_file.h"

#include <elf.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "support/error.h"
#include "support/escape.h"

namespace lwpi {
namespace {

// Beyond any process, within our own memory.
constexpr std::uint64_t kMostNotes = 64U << 20U;
constexpr std::uint64_t kMostSegments = 1U << 20U;
constexpr std::size_t kMostLwps = 1U << 20U;
constexpr std::size_t kMostMapped = 1U << 20U;

// Of x86-64, as <sys/procfs.h> has them, whose names get in the way of libthread's.
struct ProcessStatus {
    std::int32_t signal, code, error;
    std::int16_t current_signal;
    std::uint64_t pending, held;
    std::int32_t pid, parent, group, session;
    std::int64_t times[8];
    user_regs_struct registers;
    std::int32_t has_float;
};
struct ProcessNames {
    char state, letter, zombie, nice;
    std::uint64_t flags;
    std::uint32_t uid, gid;
    std::int32_t pid, parent, group, session;
    char name[16];
    char arguments[80];
};
static_assert(sizeof(ProcessStatus) == 336 && offsetof(ProcessStatus, registers) == 112);
static_assert(sizeof(ProcessNames) == 136 && offsetof(ProcessNames, name) == 40);

bool read_exactly(int fd, std::uint64_t offset, void* into, std::size_t size)
{
    auto* bytes = static_cast<char*>(into);
    while (size > 0) {
        const ssize_t got = ::pread(fd, bytes, size, static_cast<off_t>(offset));
        if (got <= 0) {
            return false;
        }
        bytes += got;
        offset += static_cast<std::uint64_t>(got);
        size -= static_cast<std::size_t>(got);
    }
    return true;
}

template <typename Value>
std::optional<Value> value_at(std::string_view body, std::size_t offset)
{
    Value value{};
    if (body.size() < sizeof value || offset > body.size() - sizeof value) {
        return std::nullopt;
    }
    std::memcpy(&value, body.data() + offset, sizeof value);
    return value;
}

std::string text_in(const char* bytes, std::size_t size)
{
    return {bytes, ::strnlen(bytes, size)};
}

}  // namespace

void CoreFile::refuse(std::string_view why) const
{
    throw TargetError(ExitCode::kUsage, fmt::format("{}: {}.", printable(path_), why));
}

CoreFile::CoreFile(const std::string& path)
    : path_(path), fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY))
{
    struct stat file {};
    if (!fd_ || ::fstat(fd_.get(), &file) != 0) {
        refuse(std::strerror(errno));
    }
    if (!S_ISREG(file.st_mode)) {
        refuse("no regular file");
    }
    size_ = static_cast<std::uint64_t>(file.st_size);
    written_ns_ = file.st_mtim.tv_sec * 1'000'000'000 + file.st_mtim.tv_nsec;
    read_headers();
    add_left_out();
    if (lwps_.empty()) {
        refuse("holds no thread");
    }
}

void CoreFile::read_headers()
{
    Elf64_Ehdr header{};
    if (!read_exactly(fd_.get(), 0, &header, sizeof header) ||
        std::memcmp(&header.e_ident[0], ELFMAG, SELFMAG) != 0 || header.e_type != ET_CORE) {
        refuse("no core file");
    }
    if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_machine != EM_X86_64) {
        throw TargetError(ExitCode::kUnsupported,
                          fmt::format("{} is the core of another kind of machine (ELF class {}, "
                                      "machine {}); this lwpinspect reads x86-64 only.",
                                      printable(path_), header.e_ident[EI_CLASS] == 1 ? 32 : 64,
                                      header.e_machine));
    }
    std::uint64_t count = header.e_phnum;
    Elf64_Shdr first{};
    if (count == PN_XNUM && read_exactly(fd_.get(), header.e_shoff, &first, sizeof first)) {
        count = first.sh_info;  // more segments than the header has room to say
    }
    if (header.e_phentsize != sizeof(Elf64_Phdr) || count > kMostSegments) {
        refuse("damaged (program headers)");
    }
    std::vector<Elf64_Phdr> segments(count);
    if (!read_exactly(fd_.get(), header.e_phoff, segments.data(), count * sizeof(Elf64_Phdr))) {
        refuse("damaged (program headers)");
    }
    for (const Elf64_Phdr& segment : segments) {
        if (segment.p_type == PT_NOTE) {
            read_notes(segment.p_offset, segment.p_filesz);
        }
        const bool sane =
            segment.p_vaddr <= kAddressEnd && segment.p_memsz <= kAddressEnd - segment.p_vaddr;
        if (segment.p_type != PT_LOAD || !sane || segment.p_memsz == 0) {
            continue;
        }
        const std::uint64_t there =
            segment.p_offset < size_ ? std::min(segment.p_filesz, size_ - segment.p_offset) : 0;
        cut_short_ = cut_short_ || there < segment.p_filesz;
        segments_.push_back({segment.p_vaddr, segment.p_memsz, std::min(there, segment.p_memsz),
                             segment.p_offset, segment.p_flags});
    }
    std::stable_sort(segments_.begin(), segments_.end(),
                     [](const CoreSegment& a, const CoreSegment& b) { return a.start < b.start; });
    std::erase_if(segments_, [end = Address{0}](const CoreSegment& segment) mutable {
        const bool overlaps = segment.start < end;
        end = overlaps ? end : segment.start + segment.memory_size;
        return overlaps;
    });
}

// For what a file holds unchanged the kernel writes a segment of no bytes, gdb none at all.
void CoreFile::add_left_out()
{
    std::vector<CoreSegment> left_out;
    auto segment = segments_.begin();
    Address at = 0;
    for (const CoreMapped& mapped : mapped_) {
        at = std::max(at, mapped.start);
        while (at < mapped.end) {
            segment = std::find_if(segment, segments_.end(), [at](const CoreSegment& s) {
                return at < s.start + s.memory_size;
            });
            if (segment != segments_.end() && segment->start <= at) {
                at = segment->start + segment->memory_size;
                continue;
            }
            const Address end =
                segment == segments_.end() ? mapped.end : std::min(mapped.end, segment->start);
            left_out.push_back({at, end - at, 0, 0, PF_R | PF_X});
            at = end;
        }
    }
    segments_.insert(segments_.end(), left_out.begin(), left_out.end());
    std::sort(segments_.begin(), segments_.end(),
              [](const CoreSegment& a, const CoreSegment& b) { return a.start < b.start; });
}

void CoreFile::read_notes(std::uint64_t offset, std::uint64_t size)
{
    // Of all note segments together: they may all be the same bytes.
    if (size > kMostNotes - std::min(notes_read_, kMostNotes)) {
        refuse("damaged (notes)");
    }
    notes_read_ += size;
    std::string notes(size, '\0');
    if (!read_exactly(fd_.get(), offset, notes.data(), notes.size())) {
        refuse("damaged (notes)");
    }
    std::string_view rest = notes;
    while (const auto header = value_at<Elf64_Nhdr>(rest, 0)) {
        rest.remove_prefix(sizeof *header);
        const std::uint64_t name = (std::uint64_t{header->n_namesz} + 3) & ~std::uint64_t{3};
        const std::uint64_t body = (std::uint64_t{header->n_descsz} + 3) & ~std::uint64_t{3};
        if (name > rest.size() || header->n_descsz > rest.size() - name) {
            return;
        }
        std::string_view owner = rest.substr(0, header->n_namesz);
        owner = owner.substr(0, owner.find('\0'));
        read_note(header->n_type, owner, rest.substr(name, header->n_descsz));
        rest.remove_prefix(std::min<std::uint64_t>(name + body, rest.size()));
    }
}

void CoreFile::read_note(std::uint32_t type, std::string_view owner, std::string_view body)
{
    if (owner != "CORE") {
        return;
    }
    switch (type) {
        case NT_PRSTATUS:
            read_status(body);
            break;
        case NT_PRPSINFO:
            read_process(body);
            break;
        case NT_FILE:
            read_mapped(body);
            break;
        case NT_AUXV:
            read_auxiliary(body);
            break;
        default:
            break;
    }
}

void CoreFile::read_status(std::string_view body)
{
    const auto status = value_at<ProcessStatus>(body, 0);
    if (!status || lwps_.size() >= kMostLwps || status->pid <= 0) {
        return;
    }
    const CoreLwp lwp{status->pid, status->registers};
    if (lwps_.empty()) {
        signal_ = status->signal != 0 ? status->signal : status->current_signal;
    }
    lwps_.push_back(lwp);
}

void CoreFile::read_process(std::string_view body)
{
    if (const auto info = value_at<ProcessNames>(body, 0)) {
        pid_ = info->pid;
        parent_ = info->parent;
        uid_ = info->uid;
        name_ = text_in(&info->name[0], sizeof info->name);
        command_ = text_in(&info->arguments[0], sizeof info->arguments);
    }
}

// A count, the size of a page, as many triples of start, end and page in the file, then the paths.
void CoreFile::read_mapped(std::string_view body)
{
    constexpr std::size_t kHead = 16;
    constexpr std::size_t kTriple = 24;
    const auto count = value_at<std::uint64_t>(body, 0);
    const auto page = value_at<std::uint64_t>(body, 8);
    if (!count || !page || *count > kMostMapped || *count > (body.size() - kHead) / kTriple) {
        return;
    }
    std::string_view paths = body.substr(kHead + *count * kTriple);
    for (std::size_t i = 0; i < *count; ++i) {
        const std::size_t at = kHead + i * kTriple;
        const std::size_t end = paths.find('\0');
        if (end == std::string_view::npos) {
            return;
        }
        CoreMapped mapped;
        mapped.start = *value_at<std::uint64_t>(body, at);
        mapped.end = *value_at<std::uint64_t>(body, at + 8);
        mapped.offset = *value_at<std::uint64_t>(body, at + 16) * *page;
        mapped.path = std::string(paths.substr(0, end));
        paths.remove_prefix(end + 1);
        if (mapped.start < mapped.end && mapped.end <= kAddressEnd) {
            mapped_.push_back(std::move(mapped));
        }
    }
    std::stable_sort(mapped_.begin(), mapped_.end(),
                     [](const CoreMapped& a, const CoreMapped& b) { return a.start < b.start; });
}

void CoreFile::read_auxiliary(std::string_view body)
{
    for (std::size_t at = 0; const auto entry = value_at<Elf64_auxv_t>(body, at);
         at += sizeof *entry) {
        if (entry->a_type == AT_SYSINFO_EHDR) {
            vdso_ = entry->a_un.a_val;
        } else if (entry->a_type == AT_ENTRY) {
            entry_ = entry->a_un.a_val;
        }
    }
}

std::vector<Mapping> CoreFile::maps() const
{
    std::vector<Mapping> maps;
    for (const CoreSegment& segment : segments_) {
        Mapping map;
        map.start = segment.start;
        map.end = segment.start + segment.memory_size;
        map.readable = (segment.flags & PF_R) != 0;
        map.writable = (segment.flags & PF_W) != 0;
        map.executable = (segment.flags & PF_X) != 0;
        const auto after = std::upper_bound(
            mapped_.begin(), mapped_.end(), segment.start,
            [](Address address, const CoreMapped& mapped) { return address < mapped.start; });
        if (after != mapped_.begin() && segment.start < std::prev(after)->end) {
            const CoreMapped& mapped = *std::prev(after);
            map.path = mapped.path;
            map.offset = mapped.offset + (segment.start - mapped.start);
        } else if (vdso_ != 0 && segment.start == vdso_) {
            map.path = "[vdso]";
        }
        maps.push_back(std::move(map));
    }
    return maps;
}

bool is_core_file(const std::string& path)
{
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    struct stat file {};
    Elf64_Ehdr header{};
    return fd && ::fstat(fd.get(), &file) == 0 && S_ISREG(file.st_mode) &&
           read_exactly(fd.get(), 0, &header, sizeof header) &&
           std::memcmp(&header.e_ident[0], ELFMAG, SELFMAG) == 0 && header.e_type == ET_CORE;
}

std::size_t CoreMemory::read_some(Address address, std::span<std::byte> into) const
{
    const auto& segments = core_.segments();
    const auto after =
        std::upper_bound(segments.begin(), segments.end(), address,
                         [](Address a, const CoreSegment& segment) { return a < segment.start; });
    if (after != segments.begin()) {
        const CoreSegment& segment = *std::prev(after);
        const std::uint64_t offset = address - segment.start;
        if (offset < segment.file_size) {
            const std::size_t size =
                std::min<std::uint64_t>(into.size(), segment.file_size - offset);
            return read_exactly(core_.fd(), segment.file_offset + offset, into.data(), size) ? size
                                                                                             : 0;
        }
    }
    for (const File& file : files_) {
        if (address < file.mapped.start || address >= file.mapped.end) {
            continue;
        }
        const std::size_t size = std::min<std::uint64_t>(into.size(), file.mapped.end - address);
        const std::uint64_t offset = file.mapped.offset + (address - file.mapped.start);
        const ssize_t got = ::pread(file.fd, into.data(), size, static_cast<off_t>(offset));
        return got > 0 ? static_cast<std::size_t>(got) : 0;
    }
    return 0;
}

void CoreMemory::read_blocks(std::span<RemoteBlock> blocks)
{
    for (RemoteBlock& block : blocks) {
        block.got = 0;
        while (block.got < block.into.size() && block.address <= kAddressEnd) {
            const std::size_t got =
                read_some(block.address + block.got, block.into.subspan(block.got));
            if (got == 0) {
                break;
            }
            block.got += got;
        }
    }
}

}  // namespace lwpi
