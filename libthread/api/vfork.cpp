// vfork(2). Its child runs on the caller's frames and TLS, so the way into the kernel and out of it
// keeps nothing on the stack: see arch/x86_64/vfork.S.
#include <cerrno>

#include "thread/exec.h"

extern "C" {

void lt_before_vfork(void)
{
    lt::before_vfork();
}

// Called twice: in the child with 0, then in the parent. Returns what vfork returns.
long lt_after_vfork(long result)
{
    if (result == 0) {
        lt::begin_vfork_child();
        return 0;
    }
    lt::end_vfork_in_parent();
    if (result < 0) {
        errno = static_cast<int>(-result);
        return -1;
    }
    return result;
}

}  // extern "C"
