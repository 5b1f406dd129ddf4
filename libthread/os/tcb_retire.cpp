// Stacks that a process will not soon use again: their TCBs leave glibc's list and all their memory
// goes back to the system. Of hand-made ones only.
//
// Who walks that list holds glibc's lock, which is not ours to take. But making a pthread takes it:
// who was on a TCB when it was taken out has gone on once a pthread has been made after that.
#include <link.h>
#include <pthread.h>
#include <resolv.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "arch/cpu.h"
#include "os/signal_mask.h"
#include "os/tcb.h"
#include "os/tcb_glibc.h"
#include "os/tls_modules.h"

namespace lt::os {
namespace {

constexpr std::size_t kSpecificBlocks = 32;

// A TCB whose thread has used nothing of libc that allocates, to compare others with, and the place
// of libc's variables from there. Made once, by whoever retires first: one at a time.
constinit StackSlot* pattern = nullptr;
constinit std::ptrdiff_t libc_offset = 0;
constinit std::size_t libc_bytes = 0;

// errno is one of libc's variables.
int find_libc(dl_phdr_info* info, std::size_t, void*) noexcept
{
    const ElfW(Phdr)* tls = tls_header(*info);
    const auto* data = static_cast<const char*>(info->dlpi_tls_data);
    const auto* wanted = reinterpret_cast<const char*>(&errno);
    if (tls == nullptr || data == nullptr || wanted < data || wanted >= data + tls->p_memsz) {
        return 0;
    }
    libc_offset = data - static_cast<const char*>(arch::thread_pointer());
    libc_bytes = tls->p_memsz;
    return 1;
}

// What a thread that does nothing leaves behind. Not inlined: see set_fs_base().
LT_NOINLINE void live_and_end() noexcept
{
    tcb_first_run();
    tcb_reset_own();
}

LT_NOINLINE void live_and_end_on(void* tcb) noexcept
{
    void* volatile own = arch::thread_pointer();  // volatile: else it is looked up where it is used
    set_fs_base(tcb);
    live_and_end();
    set_fs_base(own);
}

// No handler runs on the caller.
bool make_pattern() noexcept
{
    Error error = Error::kNone;
    if (::dl_iterate_phdr(find_libc, nullptr) == 0) {
        return false;
    }
    StackSlot* slot = stack_slot_allocate(kDefaultStackSize, error);
    if (slot == nullptr || tcb_create(*slot) != Error::kNone) {
        return false;
    }
    live_and_end_on(slot->tcb);
    pattern = slot;
    return true;
}

// Whether libc has the same in both TCBs, but for pointers to a TCB's own resolver state.
bool same_variables(void* one, void* other) noexcept
{
    const char* a = static_cast<char*>(one) + libc_offset;
    const char* b = static_cast<char*>(other) + libc_offset;
    std::size_t known = libc_bytes;
    if (glibc.resp != 0 && glibc.resp >= libc_offset) {
        known = std::min(known, static_cast<std::size_t>(glibc.resp - libc_offset));
    }
    const std::size_t rest = std::min(libc_bytes, known + sizeof(void*));
    return std::memcmp(a, b, known) == 0 && std::memcmp(a + rest, b + rest, libc_bytes - rest) == 0;
}

// Whether libc holds memory for the thread that ended here: a malloc cache, buffers, values.
bool owns_memory(void* tcb) noexcept
{
    if (!same_variables(tcb, pattern->tcb)) {
        return true;
    }
    if (glibc.res == kUnknown ||
        std::memcmp(&at<char>(tcb, glibc.res), &at<char>(pattern->tcb, glibc.res),
                    sizeof(struct __res_state)) != 0) {
        return true;
    }
    void* const* blocks = &at<void*>(tcb, glibc.specific);
    return std::any_of(blocks + 1, blocks + kSpecificBlocks,
                       [](const void* block) { return block != nullptr; });
}

void unmake(StackSlot& slot) noexcept
{
    glibc.deallocate_tls(slot.tcb, false);
    slot.tcb = slot.linked_tcb = nullptr;
    slot.stack_hi = slot.hi - slot.colour;
    stack_slot_empty(&slot);
}

}  // namespace

bool tcb_can_retire() noexcept
{
    return tcb_model() == TcbModel::kHand && tcb_can_reset() && glibc.specific != kUnknown;
}

StackSlot* tcb_retire(StackSlot* chain) noexcept
{
    if (pattern == nullptr && !make_pattern()) {
        return chain;
    }
    for (StackSlot* slot = chain; slot != nullptr; slot = slot->next) {
        if (owns_memory(slot->tcb)) {
            bury_hand(slot->tcb);
        }
        tcb_unlink(slot->tcb);
    }
    if (!pass_list_lock()) {
        for (StackSlot* slot = chain; slot != nullptr; slot = slot->next) {
            tcb_link(slot->tcb);
        }
        return chain;
    }
    while (chain != nullptr) {
        StackSlot* slot = chain;
        chain = slot->next;
        unmake(*slot);
        stack_slot_free(slot);
    }
    return nullptr;
}

}  // namespace lt::os
