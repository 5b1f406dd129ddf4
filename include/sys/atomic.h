/* sys/atomic.h - the atomic operations under the name that system sources include. */
#ifndef _LIBTHREAD_SYS_ATOMIC_H
#define _LIBTHREAD_SYS_ATOMIC_H

#include <atomic.h>

#endif /* _LIBTHREAD_SYS_ATOMIC_H */
