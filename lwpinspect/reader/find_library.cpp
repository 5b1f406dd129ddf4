// From the ELF note to a descriptor that has passed every check.
#include <fmt/format.h>
#include <libthread/inspect_flags.h>

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "reader/layout.h"

namespace lwpi {
namespace {

constexpr std::uint32_t kMinRecord = 8;
constexpr std::uint32_t kMaxRecord = 16 * 1024;
constexpr std::uint64_t kMaxRecords = 16'000'000;
constexpr std::uint32_t kMaxDescriptor = 1U << 20U;
constexpr int kTriesUnstable = 5;

struct NoteHit {
    Address descriptor = 0;
    std::string module;
};

std::optional<NoteHit> find_note(const ModuleTable& modules, Memory& memory)
{
    std::optional<NoteHit> hit;
    for (const Module& module : modules.all()) {
        for_each_note(module, memory, [&](const Note64& note) {
            std::uint64_t distance = 0;
            if (hit || note.owner != LWPT_NOTE_OWNER || note.type != LWPT_NOTE_TYPE ||
                note.description.size() < sizeof distance) {
                return;
            }
            std::memcpy(&distance, note.description.data(), sizeof distance);
            hit = NoteHit{note.address + distance, module.path};  // wraps for negative distances
        });
    }
    return hit;
}

// The first check of a table of slabs that fails, as a phrase; empty when all pass.
std::string check_slabs(const char* what, const lwpt_slab* slabs, std::uint32_t count,
                        const std::vector<Mapping>* maps)
{
    if (count > LWPT_MAX_SLABS) {
        return fmt::format("{} {} slabs", count, what);
    }
    std::uint64_t records = 0;
    for (std::uint32_t i = 0; i < count; ++i) {
        const lwpt_slab& slab = slabs[i];
        if (slab.count == 0) {
            continue;
        }
        records += slab.count;
        if (records > kMaxRecords) {
            return fmt::format("{} slab {} count {}", what, i, slab.count);
        }
        const std::uint64_t size = std::uint64_t{slab.record_size} * slab.count;
        if (slab.record_size < kMinRecord || slab.record_size > kMaxRecord) {
            return fmt::format("{} slab {} record size {}", what, i, slab.record_size);
        }
        if (maps != nullptr && !is_mapped(*maps, slab.address, size)) {
            return fmt::format("{} slab {} at {:#x} is not mapped", what, i, slab.address);
        }
        for (const lwpt_slab& other : std::span(slabs, i)) {
            const std::uint64_t its_size = std::uint64_t{other.record_size} * other.count;
            if (other.count != 0 &&
                (slab.address - other.address < its_size || other.address - slab.address < size)) {
                return fmt::format("{} slab {} lies in another one", what, i);
            }
        }
    }
    return {};
}

std::string check_fields(const lwpt_debug& descriptor)
{
    if (descriptor.field_count > LWPT_MAX_FIELDS) {
        return fmt::format("{} fields", descriptor.field_count);
    }
    for (std::uint32_t i = 0; i < descriptor.field_count; ++i) {
        const lwpt_field& field = descriptor.fields[i];
        const std::uint32_t end = std::uint32_t{field.offset} + field.width;
        if (field.offset != LWPT_NOT_PROVIDED && (field.width == 0 || end > kMaxRecord)) {
            return fmt::format("field {} offset {} width {}", i, field.offset, field.width);
        }
    }
    return {};
}

std::string check_all(const lwpt_debug& descriptor, const std::vector<Mapping>* maps)
{
    if (descriptor.size < offsetof(lwpt_debug, version) || descriptor.size > kMaxDescriptor) {
        return fmt::format("size {}", descriptor.size);
    }
    if (descriptor.arch != LWPT_ARCH_X86_64) {
        return fmt::format("architecture {}", descriptor.arch);
    }
    if (descriptor.name_count > LWPT_MAX_NAMES) {
        return fmt::format("{} names", descriptor.name_count);
    }
    for (const std::string& damage :
         {check_slabs("thread", &descriptor.thread_slabs[0], descriptor.thread_slab_count, maps),
          check_slabs("LWP", &descriptor.lwp_slabs[0], descriptor.lwp_slab_count, maps),
          check_fields(descriptor)}) {
        if (!damage.empty()) {
            return damage;
        }
    }
    const Slot needed[] = {LWPT_SLOT_thread_id, LWPT_SLOT_thread_seq, LWPT_SLOT_thread_state};
    for (const Slot slot : needed) {
        if (slot >= descriptor.field_count || descriptor.fields[slot].offset == LWPT_NOT_PROVIDED) {
            return fmt::format("field {} is missing", static_cast<int>(slot));
        }
    }
    return {};
}

// A copy with a stable slab table; nullopt when it cannot be read. An odd generation after all
// tries is left in the copy.
std::optional<lwpt_debug> read_descriptor(Memory& memory, Address address)
{
    std::optional<lwpt_debug> copy;
    for (int i = 0; i < kTriesUnstable; ++i) {
        copy = memory.read_value<lwpt_debug>(address);
        const auto after =
            memory.read_value<std::uint64_t>(address + offsetof(lwpt_debug, generation));
        if (!copy || (after && *after == copy->generation && *after % 2 == 0)) {
            return copy;
        }
    }
    return copy;
}

template <std::size_t kSize>
std::string text_in(const char (&bytes)[kSize])
{
    return {&bytes[0], ::strnlen(&bytes[0], kSize)};
}

void describe(LibraryInfo& info, const lwpt_debug& descriptor)
{
    info.abi_major = descriptor.abi_major;
    info.abi_minor = descriptor.abi_minor;
    info.pid_at_init = descriptor.pid_at_init;
    info.probes = (descriptor.flags & LWPT_FLAG_PROBES) != 0;
    info.version = text_in(descriptor.version);
    info.build = text_in(descriptor.build);
    info.model = text_in(descriptor.model);
    for (std::uint32_t slot = 0; slot < LWPT_SLOT_COUNT; ++slot) {
        if (slot == LWPT_SLOT_process_threads) {
            continue;  // gone since 1.2
        }
        const bool known = slot < std::min<std::uint32_t>(descriptor.field_count, LWPT_MAX_FIELDS);
        if (!known || descriptor.fields[slot].offset == LWPT_NOT_PROVIDED) {
            ++info.fields_missing;
        }
    }
}

// In parts, so that the library's LWPs do not meet at one counter; before 1.2 in one number.
std::optional<std::uint64_t> count_threads(const Layout& layout, Memory& memory)
{
    constexpr std::uint64_t kMostParts = 4096;
    if (!layout.has(LWPT_SLOT_process_thread_part)) {
        return layout.read_number(memory, layout.process(), LWPT_SLOT_process_threads);
    }
    const std::uint64_t parts = std::min(layout.constant("thread_parts").value_or(1), kMostParts);
    const std::uint64_t distance = layout.constant("thread_part_bytes").value_or(0);
    std::uint64_t sum = 0;
    for (std::uint64_t i = 0; i < parts; ++i) {
        const auto part = layout.read_number(memory, layout.process() + i * distance,
                                             LWPT_SLOT_process_thread_part);
        if (!part) {
            return std::nullopt;
        }
        sum += *part;
    }
    return sum;
}

void read_process_fields(LibraryInfo& info, const Layout& layout, Memory& memory)
{
    const auto get = [&](Slot slot) { return layout.read_number(memory, layout.process(), slot); };
    info.concurrency = get(LWPT_SLOT_process_concurrency);
    info.pool_lwps = get(LWPT_SLOT_process_pool_lwps);
    info.max_lwps = get(LWPT_SLOT_process_max_lwps);
    info.growths = get(LWPT_SLOT_process_growths);
    info.cap_hits = get(LWPT_SLOT_process_cap_hits);
    info.threads = count_threads(layout, memory);
    info.last_id = get(LWPT_SLOT_process_last_id);
}

// The descriptor at found.info.descriptor. `maps` nullptr: not known.
void read_at(FoundLibrary& found, const std::vector<Mapping>* maps, Memory& memory, int pid)
{
    LibraryInfo& info = found.info;
    info.state = LibraryState::kDamaged;
    const auto descriptor = read_descriptor(memory, info.descriptor);
    if (!descriptor || descriptor->magic != LWPT_MAGIC) {
        // All zero: the library fills it in when it starts.
        const bool empty = descriptor && descriptor->magic == 0 && descriptor->pid_at_init == 0;
        info.state = empty ? LibraryState::kNotStarted : LibraryState::kDamaged;
        info.damage = descriptor ? fmt::format("magic {:#x}", descriptor->magic) : "not readable";
        return;
    }
    describe(info, *descriptor);
    if (descriptor->abi_major != LWPT_ABI_MAJOR) {
        info.state = LibraryState::kOtherMajor;
    } else if (descriptor->pid_at_init == 0) {
        info.state = LibraryState::kNotStarted;
    } else if (info.damage = check_all(*descriptor, maps); !info.damage.empty()) {
        info.state = LibraryState::kDamaged;
    } else if (pid != 0 && descriptor->pid_at_init != pid) {
        info.state = LibraryState::kForkedChild;
    } else {
        info.state = LibraryState::kPresent;
        info.damage = descriptor->generation % 2 == 0 ? "" : "its tables are being changed";
        found.layout.emplace(*descriptor);
        read_process_fields(info, *found.layout, memory);
    }
}

}  // namespace

FoundLibrary read_library(Address address, Memory& memory, int pid)
{
    FoundLibrary found;
    found.info.descriptor = address;
    read_at(found, nullptr, memory, pid);
    return found;
}

bool is_mapped(const std::vector<Mapping>& maps, Address address, std::uint64_t size)
{
    if (size == 0 || address > kAddressEnd || size > kAddressEnd - address) {
        return false;
    }
    const Address end = address + size;
    while (address < end) {
        const Mapping* const map = find_mapping(maps, address);
        if (map == nullptr || !map->readable) {
            return false;
        }
        address = map->end;
    }
    return true;
}

FoundLibrary find_library(const ModuleTable& modules, const std::vector<Mapping>& maps,
                          Memory& memory, int pid)
{
    FoundLibrary found;
    LibraryInfo& info = found.info;
    info.modules_searched = static_cast<std::uint32_t>(modules.all().size());
    const auto note = find_note(modules, memory);
    if (!note) {
        return found;
    }
    info.descriptor = note->descriptor;
    info.module = note->module;
    read_at(found, &maps, memory, pid);
    return found;
}

}  // namespace lwpi
