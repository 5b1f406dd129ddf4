/* atomic_inline.h - the bodies of <atomic.h>'s functions, to be expanded in place. */
#ifndef _LIBTHREAD_ATOMIC_INLINE_H
#define _LIBTHREAD_ATOMIC_INLINE_H

#pragma GCC system_header

#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* GNU's meaning of `extern inline`, in every language mode: no function comes of it, the library's
 * is called where the body is not expanded. The library itself makes them functions. */
#ifndef _LT_ATOMIC
#define _LT_ATOMIC extern __inline__ __attribute__((__gnu_inline__))
#endif

/* A pointer's word, whatever type the pointer that lies there has. */
typedef unsigned long __attribute__((__may_alias__)) _lt_pointer_word;

#define _LT_WORD_AT(target) ((volatile _lt_pointer_word *)(target))

/* add; the sum wraps around, as that of unsigned numbers does */
#define _LT_ATOMIC_ADD(name, type, delta_type)                                      \
    _LT_ATOMIC void atomic_add_##name(volatile type *target, delta_type delta)      \
    {                                                                               \
        (void)__atomic_fetch_add(target, (type)delta, __ATOMIC_SEQ_CST);            \
    }                                                                               \
    _LT_ATOMIC type atomic_add_##name##_nv(volatile type *target, delta_type delta) \
    {                                                                               \
        return __atomic_add_fetch(target, (type)delta, __ATOMIC_SEQ_CST);           \
    }

/* inc, dec, and, or, cas, swap */
#define _LT_ATOMIC_REST(name, type)                                                  \
    _LT_ATOMIC void atomic_inc_##name(volatile type *target)                         \
    {                                                                                \
        (void)__atomic_fetch_add(target, (type)1, __ATOMIC_SEQ_CST);                 \
    }                                                                                \
    _LT_ATOMIC type atomic_inc_##name##_nv(volatile type *target)                    \
    {                                                                                \
        return __atomic_add_fetch(target, (type)1, __ATOMIC_SEQ_CST);                \
    }                                                                                \
    _LT_ATOMIC void atomic_dec_##name(volatile type *target)                         \
    {                                                                                \
        (void)__atomic_fetch_sub(target, (type)1, __ATOMIC_SEQ_CST);                 \
    }                                                                                \
    _LT_ATOMIC type atomic_dec_##name##_nv(volatile type *target)                    \
    {                                                                                \
        return __atomic_sub_fetch(target, (type)1, __ATOMIC_SEQ_CST);                \
    }                                                                                \
    _LT_ATOMIC void atomic_and_##name(volatile type *target, type bits)              \
    {                                                                                \
        (void)__atomic_fetch_and(target, bits, __ATOMIC_SEQ_CST);                    \
    }                                                                                \
    _LT_ATOMIC type atomic_and_##name##_nv(volatile type *target, type bits)         \
    {                                                                                \
        return __atomic_and_fetch(target, bits, __ATOMIC_SEQ_CST);                   \
    }                                                                                \
    _LT_ATOMIC void atomic_or_##name(volatile type *target, type bits)               \
    {                                                                                \
        (void)__atomic_fetch_or(target, bits, __ATOMIC_SEQ_CST);                     \
    }                                                                                \
    _LT_ATOMIC type atomic_or_##name##_nv(volatile type *target, type bits)          \
    {                                                                                \
        return __atomic_or_fetch(target, bits, __ATOMIC_SEQ_CST);                    \
    }                                                                                \
    _LT_ATOMIC type atomic_cas_##name(volatile type *target, type cmp, type newval)  \
    {                                                                                \
        (void)__atomic_compare_exchange_n(target, &cmp, newval, 0, __ATOMIC_SEQ_CST, \
                                          __ATOMIC_SEQ_CST);                         \
        return cmp;                                                                  \
    }                                                                                \
    _LT_ATOMIC type atomic_swap_##name(volatile type *target, type newval)           \
    {                                                                                \
        return __atomic_exchange_n(target, newval, __ATOMIC_SEQ_CST);                \
    }

_LT_ATOMIC_ADD(8, uint8_t, int8_t)
_LT_ATOMIC_ADD(char, uchar_t, signed char)
_LT_ATOMIC_ADD(16, uint16_t, int16_t)
_LT_ATOMIC_ADD(short, ushort_t, short)
_LT_ATOMIC_ADD(32, uint32_t, int32_t)
_LT_ATOMIC_ADD(int, uint_t, int)
_LT_ATOMIC_ADD(64, uint64_t, int64_t)
_LT_ATOMIC_ADD(long, ulong_t, long)
_LT_ATOMIC_REST(8, uint8_t)
_LT_ATOMIC_REST(uchar, uchar_t)
_LT_ATOMIC_REST(16, uint16_t)
_LT_ATOMIC_REST(ushort, ushort_t)
_LT_ATOMIC_REST(32, uint32_t)
_LT_ATOMIC_REST(uint, uint_t)
_LT_ATOMIC_REST(64, uint64_t)
_LT_ATOMIC_REST(ulong, ulong_t)

#undef _LT_ATOMIC_ADD
#undef _LT_ATOMIC_REST

_LT_ATOMIC void *atomic_add_ptr_nv(volatile void *target, ssize_t delta)
{
    return (void *)__atomic_add_fetch(_LT_WORD_AT(target), (unsigned long)delta, __ATOMIC_SEQ_CST);
}

_LT_ATOMIC void atomic_add_ptr(volatile void *target, ssize_t delta)
{
    (void)__atomic_fetch_add(_LT_WORD_AT(target), (unsigned long)delta, __ATOMIC_SEQ_CST);
}

_LT_ATOMIC void atomic_inc_ptr(volatile void *target)
{
    (void)__atomic_fetch_add(_LT_WORD_AT(target), 1UL, __ATOMIC_SEQ_CST);
}

_LT_ATOMIC void *atomic_inc_ptr_nv(volatile void *target)
{
    return (void *)__atomic_add_fetch(_LT_WORD_AT(target), 1UL, __ATOMIC_SEQ_CST);
}

_LT_ATOMIC void atomic_dec_ptr(volatile void *target)
{
    (void)__atomic_fetch_sub(_LT_WORD_AT(target), 1UL, __ATOMIC_SEQ_CST);
}

_LT_ATOMIC void *atomic_dec_ptr_nv(volatile void *target)
{
    return (void *)__atomic_sub_fetch(_LT_WORD_AT(target), 1UL, __ATOMIC_SEQ_CST);
}

_LT_ATOMIC void *atomic_cas_ptr(volatile void *target, void *cmp, void *newval)
{
    unsigned long seen = (unsigned long)cmp;

    (void)__atomic_compare_exchange_n(_LT_WORD_AT(target), &seen, (unsigned long)newval, 0,
                                      __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    return (void *)seen;
}

_LT_ATOMIC void *atomic_swap_ptr(volatile void *target, void *newval)
{
    return (void *)__atomic_exchange_n(_LT_WORD_AT(target), (unsigned long)newval,
                                       __ATOMIC_SEQ_CST);
}

_LT_ATOMIC int atomic_set_long_excl(volatile ulong_t *target, uint_t bit)
{
    unsigned long mask = 1UL << (bit % (8 * sizeof(ulong_t)));

    return (__atomic_fetch_or(target, mask, __ATOMIC_SEQ_CST) & mask) != 0 ? -1 : 0;
}

_LT_ATOMIC int atomic_clear_long_excl(volatile ulong_t *target, uint_t bit)
{
    unsigned long mask = 1UL << (bit % (8 * sizeof(ulong_t)));

    return (__atomic_fetch_and(target, ~mask, __ATOMIC_SEQ_CST) & mask) != 0 ? 0 : -1;
}

/* A store followed by loads: the one order that processors with total store order give up. */
_LT_ATOMIC void membar_enter(void)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

_LT_ATOMIC void membar_exit(void)
{
    __atomic_thread_fence(__ATOMIC_RELEASE);
}

_LT_ATOMIC void membar_producer(void)
{
    __atomic_thread_fence(__ATOMIC_RELEASE);
}

_LT_ATOMIC void membar_consumer(void)
{
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
}

#undef _LT_ATOMIC
#undef _LT_WORD_AT

#ifdef __cplusplus
}
#endif

#endif /* _LIBTHREAD_ATOMIC_INLINE_H */
