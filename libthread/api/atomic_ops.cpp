// atomic_ops(3C), membar_ops(3C): the header's inline functions, as functions.
#define _LT_ATOMIC __attribute__((visibility("default")))
#include <atomic.h>
