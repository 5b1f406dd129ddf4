// Calls that report failure by -1 and errno.
#pragma once

#include <cerrno>

namespace lt {

// 0 for no error.
inline int failed_if(int error)
{
    if (error == 0) {
        return 0;
    }
    errno = error;
    return -1;
}

}  // namespace lt
