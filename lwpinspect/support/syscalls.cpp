#include "support/syscalls.h"

namespace lwpi {

SyscallForm syscall_form(std::int64_t number) noexcept
{
    switch (number) {
#define LWPI_SYSCALL(value, name, signature) \
    case value:                              \
        return {#name, signature};
#include "support/syscalls.def"
#undef LWPI_SYSCALL
        default:
            return {};
    }
}

}  // namespace lwpi
