#include "os/program_text.h"

#include <dlfcn.h>
#include <link.h>
#include <sys/auxv.h>

namespace lt::os {
namespace {

struct Segment {
    std::uintptr_t lo = 0;
    std::uintptr_t hi = 0;

    [[nodiscard]] bool has(std::uintptr_t address) const { return address - lo < hi - lo; }
};

// Written before there is a second thread.
constinit Segment text;

// The executable is loaded with one executable segment.
Segment executable_segment()
{
    const std::uintptr_t table = ::getauxval(AT_PHDR);
    const auto* const headers = reinterpret_cast<const ElfW(Phdr)*>(table);
    const std::size_t count = ::getauxval(AT_PHNUM);
    std::uintptr_t bias = 0;
    for (std::size_t i = 0; i < count; ++i) {
        if (headers[i].p_type == PT_PHDR) {
            bias = table - headers[i].p_vaddr;
        }
    }
    for (std::size_t i = 0; i < count; ++i) {
        if (headers[i].p_type == PT_LOAD && (headers[i].p_flags & PF_X) != 0) {
            const std::uintptr_t lo = bias + headers[i].p_vaddr;
            return {lo, lo + headers[i].p_memsz};
        }
    }
    return {};
}

}  // namespace

void find_program_text() noexcept
{
    const Segment found = executable_segment();
    if (!found.has(reinterpret_cast<std::uintptr_t>(::dlsym(RTLD_DEFAULT, "malloc")))) {
        text = found;
    }
}

bool in_program_text(std::uintptr_t instruction) noexcept
{
    return text.has(instruction);
}

}  // namespace lt::os
