// The loaded modules' thread-local variables: what tcb_reset_own has to put back.
#pragma once

#include <link.h>

#include <cstddef>
#include <cstdint>

#include "os/tcb_glibc.h"

namespace lt::os {

// A stretch of static TLS, at the same distance from every TCB.
struct TlsSegment {
    std::ptrdiff_t offset;  // from the TCB, negative
    std::size_t bytes;
    const unsigned char* image;  // our copy, so that the module may go; nullptr: zeros
};

// Never changed or freed once published.
struct ModuleList {
    static constexpr std::uint32_t kMaxSegments = 192;
    static constexpr std::uint32_t kMaxDynamic = 64;

    std::uint32_t segment_count;
    std::uint32_t dynamic_count;
    std::size_t map_bytes;
    std::size_t image_bytes;  // of the images, which follow
    TlsSegment segments[kMaxSegments];
    std::size_t
        dynamic[kMaxDynamic];  // ids of modules whose TLS each thread allocates on first use
};

// What the thread pointer's dtv consists of: [-1] its length, [0] a generation, [n] module n.
struct DtvEntry {
    std::uintptr_t value;
    void* to_free;
};

// Whether the thread of this dtv has a block for that module.
inline bool is_allocated(const DtvEntry* dtv, std::size_t module)
{
    return dtv != nullptr && module <= dtv[-1].value && dtv[module].value != 0 &&
           dtv[module].value != ~std::uintptr_t{0};
}

// Finds out which modules are never reset, and how to see that modules have come or gone. False:
// the program's variables cannot be told from libc's.
bool find_modules() noexcept;

// A number that changes when a module is loaded or unloaded. Cheap.
std::uint64_t loaded_modules() noexcept;

// The list made last, perhaps out of date, and what loaded_modules() gave then. nullptr: there is
// none to go by.
const ModuleList* latest_modules(std::uint64_t& loaded) noexcept;

// The list for the modules of `now`, which loaded_modules() gave; takes the loader's lock and
// allocates if they have changed. nullptr: no memory or, `for_good`, they do not fit our tables.
const ModuleList* current_modules(std::uint64_t now, bool& for_good) noexcept;

// libc, the loader and libthread itself, whose variables outlive threads.
bool is_excluded(const dl_phdr_info& info) noexcept;

const ElfW(Phdr) * tls_header(const dl_phdr_info& info) noexcept;

}  // namespace lt::os
