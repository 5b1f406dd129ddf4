// pthread_mutex_init(3): with priority inheritance the kernel hands a mutex from task to task, and
// would find none by the id of an unbound thread; with a ceiling glibc raises a task's priority.
// Where unbound threads exist such a mutex excludes, and changes no priority.
#include <pthread.h>

#include "base/compiler.h"
#include "os/real.h"
#include "sched/settings.h"

namespace {

// glibc's bits in the kind of a mutex. With the second the lock word begins with the ceiling.
constexpr int kInherits = 32;
constexpr int kHasCeiling = 64;

}  // namespace

LT_EXPORT int pthread_mutex_init(pthread_mutex_t* mutex,
                                 const pthread_mutexattr_t* attributes) noexcept
{
    const int error = lt::os::real().mutex_init(mutex, attributes);
    if (error == 0 && attributes != nullptr && lt::settings.model != lt::os::TcbModel::kBound &&
        (mutex->__data.__kind & (kInherits | kHasCeiling)) != 0) {
        mutex->__data.__kind &= ~(kInherits | kHasCeiling);
        mutex->__data.__lock = 0;
    }
    return error;
}
