// A TCB is used by many threads one after another. Each must find thread-local variables as the
// loader left them; what libc keeps per thread (its malloc cache, buffers) stays and is used again.
#include <dlfcn.h>
#include <link.h>
#include <locale.h>
#include <pthread.h>

#include <cerrno>
#include <cstring>

#include "arch/cpu.h"
#include "base/atomic.h"
#include "base/compiler.h"
#include "os/tcb.h"
#include "os/tcb_glibc.h"
#include "os/tls_modules.h"

namespace lt::os {
namespace {

using ErrorText = char* (*)();

constinit ErrorText real_dlerror = nullptr;
// False for good once TLS cannot be reset: libc shares it with the program, or nothing fits the
// tables.
constinit Atomic<bool> can_reset{false};

// Most modules have a few pointers, the C++ library's four.
LT_INLINE void clear(char* target, std::size_t bytes) noexcept
{
    constexpr std::size_t kPiece = 16;
    if (LT_LIKELY(bytes >= kPiece && bytes <= 2 * kPiece)) {
        std::memset(target, 0, kPiece);
        std::memset(target + bytes - kPiece, 0, kPiece);
    } else {
        std::memset(target, 0, bytes);
    }
}

// Static TLS: place and image are the same for all TCBs.
LT_INLINE void reset_static(const ModuleList& list, void* tcb) noexcept
{
    char* base = static_cast<char*>(tcb);
    for (std::uint32_t i = 0; i < list.segment_count; ++i) {
        const TlsSegment& segment = list.segments[i];
        char* target = base + segment.offset;
        if (segment.image != nullptr) {
            std::memcpy(target, segment.image, segment.bytes);
        } else {
            clear(target, segment.bytes);
        }
    }
}

// Dynamic TLS is reset in place if the thread has touched it; only the loader can say where.
int reset_dynamic(dl_phdr_info* info, std::size_t, void* argument) noexcept
{
    auto* data = static_cast<char*>(info->dlpi_tls_data);
    char* tcb = static_cast<char*>(argument);
    const bool is_static = data >= tcb - glibc.tls_bytes && data < tcb;
    if (data == nullptr || is_static || is_excluded(*info)) {
        return 0;
    }
    const ElfW(Phdr)* tls = tls_header(*info);
    if (tls != nullptr) {
        std::memcpy(data, reinterpret_cast<const void*>(info->dlpi_addr + tls->p_vaddr),
                    tls->p_filesz);
        std::memset(data + tls->p_filesz, 0, tls->p_memsz - tls->p_filesz);
    }
    return 0;
}

bool has_touched_dynamic(const ModuleList& list, void* tcb) noexcept
{
    const DtvEntry* dtv = at<const DtvEntry*>(tcb, kHeaderDtv);
    for (std::uint32_t i = 0; i < list.dynamic_count; ++i) {
        if (is_allocated(dtv, list.dynamic[i])) {
            return true;
        }
    }
    return false;
}

// False: the list is not, or no more, for the modules that are loaded.
LT_INLINE bool apply(const ModuleList& list, void* tcb, std::uint64_t loaded) noexcept
{
    reset_static(list, tcb);
    if (LT_UNLIKELY(list.dynamic_count != 0) && has_touched_dynamic(list, tcb)) {
        ::dl_iterate_phdr(reset_dynamic, tcb);
    }
    return LT_LIKELY(loaded == loaded_modules());
}

void forget_specific_data(void* tcb) noexcept
{
    // Values that outlived all rounds of destructors.
    if (glibc.specific_used == kUnknown || at<bool>(tcb, glibc.specific_used)) {
        for (pthread_key_t key = 0; key < PTHREAD_KEYS_MAX; ++key) {
            if (::pthread_getspecific(key) != nullptr) {
                ::pthread_setspecific(key, nullptr);
            }
        }
        if (glibc.specific_used != kUnknown) {
            at<bool>(tcb, glibc.specific_used) = false;
        }
    }
}

void forget_error_text(void* tcb) noexcept
{
    if (glibc.dlerror_result == 0 || at<void*>(tcb, glibc.dlerror_result) != nullptr) {
        real_dlerror();
    }
}

void allow_cancellation(void* tcb) noexcept
{
    // First no request, then able to be cancelled: else it would be, here.
    at<std::uint32_t>(tcb, glibc.cancel) = 0;
    if (LT_UNLIKELY(glibc.cancel_disabled == 0)) {
        ::pthread_setcanceltype(PTHREAD_CANCEL_DEFERRED, nullptr);
        ::pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, nullptr);
    }
}

}  // namespace

Error start_tls_reset() noexcept
{
    real_dlerror = reinterpret_cast<ErrorText>(::dlsym(RTLD_DEFAULT, "dlerror"));
    bool for_good = true;
    const bool possible = real_dlerror != nullptr && find_modules() &&
                          current_modules(loaded_modules(), for_good) != nullptr;
    // relaxed: start-up; whoever makes threads later synchronises with it.
    can_reset.store(possible, memory_order_relaxed);
    return for_good ? Error::kNone : Error::kNoMemory;
}

// relaxed: once false it stays so; a late reader learns it from the reset.
bool tcb_can_reset() noexcept
{
    return can_reset.load(memory_order_relaxed);
}

bool tcb_reset_own() noexcept
{
    void* tcb = arch::thread_pointer();
    std::uint64_t loaded = 0;
    const ModuleList* list = latest_modules(loaded);
    // A module that came since may have got the place of one that went: what was written is wrong
    // then, and is written again from a new list.
    while (LT_UNLIKELY(list == nullptr) || !apply(*list, tcb, loaded)) {
        loaded = loaded_modules();
        bool for_good = false;
        list = current_modules(loaded, for_good);
        if (list == nullptr) {
            if (for_good) {
                can_reset.store(false, memory_order_relaxed);  // relaxed: advice for others
            }
            return false;
        }
    }
    forget_error_text(tcb);
    forget_specific_data(tcb);
    if (::uselocale(nullptr) != LC_GLOBAL_LOCALE) {
        ::uselocale(LC_GLOBAL_LOCALE);
    }
    allow_cancellation(tcb);
    errno = 0;
    return true;
}

}  // namespace lt::os
