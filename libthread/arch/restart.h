// System calls that the kernel is about to restart after a handler.
#pragma once

#include <sys/syscall.h>
#include <ucontext.h>

#include <cerrno>

namespace lt::arch {

// The calls that a signal may end with EINTR before they have done anything.
inline bool may_be_interrupted(long number)
{
    switch (number) {
        case SYS_read:
        case SYS_readv:
        case SYS_pread64:
        case SYS_preadv:
        case SYS_write:
        case SYS_writev:
        case SYS_pwrite64:
        case SYS_pwritev:
        case SYS_recvfrom:
        case SYS_recvmsg:
        case SYS_sendto:
        case SYS_sendmsg:
        case SYS_accept:
        case SYS_accept4:
        case SYS_connect:
        case SYS_open:
        case SYS_openat:
        case SYS_ioctl:
        case SYS_fcntl:
        case SYS_flock:
        case SYS_wait4:
        case SYS_waitid:
        case SYS_splice:
        case SYS_sendfile:
        case SYS_mq_timedsend:
        case SYS_mq_timedreceive:
        case SYS_getrandom:
            return true;
        default:
            return false;
    }
}

// `context` is that of code interrupted by a handler with SA_RESTART. If the kernel has set it back
// to the system call instruction, the call returns EINTR instead of being made again. A call that
// was about to be made the first time looks the same and is ended, too: as if the handler had
// interrupted it.
inline void end_restarted_call(ucontext_t& context) noexcept
{
    greg_t* registers = context.uc_mcontext.gregs;
    const auto* code = reinterpret_cast<const unsigned char*>(registers[REG_RIP]);
    constexpr unsigned char kSyscall[2] = {0x0f, 0x05};
    if (code[0] == kSyscall[0] && code[1] == kSyscall[1] &&
        may_be_interrupted(registers[REG_RAX])) {
        registers[REG_RAX] = -EINTR;
        registers[REG_RIP] += 2;
    }
}

}  // namespace lt::arch
