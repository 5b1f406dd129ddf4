#include "insight.h"

#include <elf.h>
#include <libthread/inspect_abi.h>
#include <link.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace insight {
namespace {

constexpr std::uintptr_t round_up_4(std::uintptr_t n)
{
    return (n + 3U) & ~std::uintptr_t{3};
}

const lwpt_debug* descriptor_in_notes(std::uintptr_t at, std::uintptr_t end)
{
    while (at + sizeof(ElfW(Nhdr)) <= end) {
        ElfW(Nhdr) note;
        std::memcpy(&note, reinterpret_cast<const void*>(at), sizeof note);
        const std::uintptr_t name = at + sizeof note;
        const std::uintptr_t content = name + round_up_4(note.n_namesz);
        if (note.n_type == LWPT_NOTE_TYPE && note.n_namesz == sizeof LWPT_NOTE_OWNER &&
            std::memcmp(reinterpret_cast<const void*>(name), LWPT_NOTE_OWNER, note.n_namesz) == 0) {
            std::uint64_t distance = 0;
            std::memcpy(&distance, reinterpret_cast<const void*>(content), sizeof distance);
            return reinterpret_cast<const lwpt_debug*>(content + distance);
        }
        at = content + round_up_4(note.n_descsz);
    }
    return nullptr;
}

int look_into_object(dl_phdr_info* object, std::size_t, void* found)
{
    for (int i = 0; i < object->dlpi_phnum; ++i) {
        const ElfW(Phdr)& header = object->dlpi_phdr[i];
        if (header.p_type != PT_NOTE) {
            continue;
        }
        const std::uintptr_t start = object->dlpi_addr + header.p_vaddr;
        const lwpt_debug* debug = descriptor_in_notes(start, start + header.p_memsz);
        if (debug != nullptr && debug->magic == LWPT_MAGIC) {
            *static_cast<const lwpt_debug**>(found) = debug;
            return 1;
        }
    }
    return 0;
}

const lwpt_debug* look_for_descriptor()
{
    const lwpt_debug* it = nullptr;
    dl_iterate_phdr(look_into_object, static_cast<void*>(&it));
    if (it == nullptr) {
        std::fputs("insight: the library publishes no descriptor\n", stderr);
        std::abort();
    }
    return it;
}

// Several threads may look at once, and find the same. A guarded static would have all but the
// first wait in a system call, which changes their errno.
const lwpt_debug& debug()
{
    static std::atomic<const lwpt_debug*> found{nullptr};
    const lwpt_debug* it = found.load(std::memory_order_relaxed);
    if (it == nullptr) {
        it = look_for_descriptor();
        found.store(it, std::memory_order_relaxed);
    }
    return *it;
}

// A field of a record that the library changes at the same time: a look from outside, for which it
// uses no atomics.
__attribute__((no_sanitize("thread"))) std::uint64_t read(std::uint64_t record,
                                                          lwpt_field_slot slot)
{
    const lwpt_field& field = debug().fields[slot];
    const void* at = reinterpret_cast<const void*>(record + field.offset);
    // acquire: what the writer did before it published the field is seen after the read.
    switch (field.width) {
        case 1:
            return __atomic_load_n(static_cast<const std::uint8_t*>(at), __ATOMIC_ACQUIRE);
        case 4:
            return __atomic_load_n(static_cast<const std::uint32_t*>(at), __ATOMIC_ACQUIRE);
        case 8:
            return __atomic_load_n(static_cast<const std::uint64_t*>(at), __ATOMIC_ACQUIRE);
        default:
            return 0;
    }
}

std::uint32_t read_32(std::uint64_t record, lwpt_field_slot slot)
{
    return static_cast<std::uint32_t>(read(record, slot));
}

std::uint64_t find_record(thread_t id)
{
    const std::uint32_t slabs = __atomic_load_n(&debug().thread_slab_count, __ATOMIC_ACQUIRE);
    for (std::uint32_t s = 0; s < slabs; ++s) {
        const lwpt_slab& slab = debug().thread_slabs[s];
        for (std::uint32_t i = 0; i < slab.count; ++i) {
            const std::uint64_t record = slab.address + std::uint64_t{i} * slab.record_size;
            if (read_32(record, LWPT_SLOT_thread_id) == id) {
                return record;
            }
        }
    }
    return 0;
}

}  // namespace

std::optional<ThreadView> thread_view(thread_t id)
{
    const std::uint64_t record = find_record(id);
    if (record == 0) {
        return std::nullopt;
    }
    ThreadView view;
    view.state = State{read_32(record, LWPT_SLOT_thread_state)};
    view.wait = Wait{read_32(record, LWPT_SLOT_thread_wait_kind)};
    view.object = read(record, LWPT_SLOT_thread_wait_object);
    view.flags = read_32(record, LWPT_SLOT_thread_flags);
    view.switches = read(record, LWPT_SLOT_thread_switches);
    return view;
}

bool is_blocked(thread_t id, const void* object)
{
    const auto view = thread_view(id);
    return view && view->state == State::kBlocked &&
           (object == nullptr || view->object == reinterpret_cast<std::uintptr_t>(object));
}

Lwps lwps()
{
    constexpr std::uint32_t kSpare = 4;  // LwpState::kSpare
    Lwps lwps;
    const std::uint32_t slabs = __atomic_load_n(&debug().lwp_slab_count, __ATOMIC_ACQUIRE);
    for (std::uint32_t s = 0; s < slabs; ++s) {
        const lwpt_slab& slab = debug().lwp_slabs[s];
        for (std::uint32_t i = 0; i < slab.count; ++i) {
            const std::uint64_t record = slab.address + std::uint64_t{i} * slab.record_size;
            const bool begun = read_32(record, LWPT_SLOT_lwp_tid) != 0;
            lwps.all += begun ? 1U : 0U;
            lwps.spare += begun && read_32(record, LWPT_SLOT_lwp_state) == kSpare ? 1U : 0U;
        }
    }
    return lwps;
}

std::uint32_t pool_lwps()
{
    return read_32(debug().process, LWPT_SLOT_process_pool_lwps);
}

std::uint32_t growths()
{
    return read_32(debug().process, LWPT_SLOT_process_growths);
}

std::string model()
{
    return static_cast<const char*>(debug().model);
}

bool is_two_level()
{
    return model() != "bound";
}

}  // namespace insight
