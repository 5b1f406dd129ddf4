/*
 * atomic.h - atomic operations on integers and pointers, and memory barriers.
 *
 * Each operation is one indivisible change of *target, for all processors and processes that map
 * it. The object must be aligned to its size. None fails, none sets errno, and all may be called
 * from signal handlers. Each is a full barrier here; Solaris promises no order, so portable code
 * adds membar_*(). Compilers with GNU inline functions expand them in place; the library has every
 * one as a function too. Manual pages: atomic_ops(3C), membar_ops(3C).
 */
#ifndef _ATOMIC_H
#define _ATOMIC_H

#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* atomic_add(3C): adds `delta` (to a pointer: so many bytes); results wrap around. The forms with
 * _nv return the new value. */
void atomic_add_8(volatile uint8_t *target, int8_t delta);
void atomic_add_char(volatile uchar_t *target, signed char delta);
void atomic_add_16(volatile uint16_t *target, int16_t delta);
void atomic_add_short(volatile ushort_t *target, short delta);
void atomic_add_32(volatile uint32_t *target, int32_t delta);
void atomic_add_int(volatile uint_t *target, int delta);
void atomic_add_64(volatile uint64_t *target, int64_t delta);
void atomic_add_long(volatile ulong_t *target, long delta);
void atomic_add_ptr(volatile void *target, ssize_t delta);
uint8_t atomic_add_8_nv(volatile uint8_t *target, int8_t delta);
uchar_t atomic_add_char_nv(volatile uchar_t *target, signed char delta);
uint16_t atomic_add_16_nv(volatile uint16_t *target, int16_t delta);
ushort_t atomic_add_short_nv(volatile ushort_t *target, short delta);
uint32_t atomic_add_32_nv(volatile uint32_t *target, int32_t delta);
uint_t atomic_add_int_nv(volatile uint_t *target, int delta);
uint64_t atomic_add_64_nv(volatile uint64_t *target, int64_t delta);
ulong_t atomic_add_long_nv(volatile ulong_t *target, long delta);
void *atomic_add_ptr_nv(volatile void *target, ssize_t delta);

/* atomic_inc(3C): adds 1 (to a pointer: 1 byte). */
void atomic_inc_8(volatile uint8_t *target);
void atomic_inc_uchar(volatile uchar_t *target);
void atomic_inc_16(volatile uint16_t *target);
void atomic_inc_ushort(volatile ushort_t *target);
void atomic_inc_32(volatile uint32_t *target);
void atomic_inc_uint(volatile uint_t *target);
void atomic_inc_64(volatile uint64_t *target);
void atomic_inc_ulong(volatile ulong_t *target);
void atomic_inc_ptr(volatile void *target);
uint8_t atomic_inc_8_nv(volatile uint8_t *target);
uchar_t atomic_inc_uchar_nv(volatile uchar_t *target);
uint16_t atomic_inc_16_nv(volatile uint16_t *target);
ushort_t atomic_inc_ushort_nv(volatile ushort_t *target);
uint32_t atomic_inc_32_nv(volatile uint32_t *target);
uint_t atomic_inc_uint_nv(volatile uint_t *target);
uint64_t atomic_inc_64_nv(volatile uint64_t *target);
ulong_t atomic_inc_ulong_nv(volatile ulong_t *target);
void *atomic_inc_ptr_nv(volatile void *target);

/* atomic_dec(3C): subtracts 1 (from a pointer: 1 byte). */
void atomic_dec_8(volatile uint8_t *target);
void atomic_dec_uchar(volatile uchar_t *target);
void atomic_dec_16(volatile uint16_t *target);
void atomic_dec_ushort(volatile ushort_t *target);
void atomic_dec_32(volatile uint32_t *target);
void atomic_dec_uint(volatile uint_t *target);
void atomic_dec_64(volatile uint64_t *target);
void atomic_dec_ulong(volatile ulong_t *target);
void atomic_dec_ptr(volatile void *target);
uint8_t atomic_dec_8_nv(volatile uint8_t *target);
uchar_t atomic_dec_uchar_nv(volatile uchar_t *target);
uint16_t atomic_dec_16_nv(volatile uint16_t *target);
ushort_t atomic_dec_ushort_nv(volatile ushort_t *target);
uint32_t atomic_dec_32_nv(volatile uint32_t *target);
uint_t atomic_dec_uint_nv(volatile uint_t *target);
uint64_t atomic_dec_64_nv(volatile uint64_t *target);
ulong_t atomic_dec_ulong_nv(volatile ulong_t *target);
void *atomic_dec_ptr_nv(volatile void *target);

/* atomic_and(3C): keeps the bits of `bits` only. */
void atomic_and_8(volatile uint8_t *target, uint8_t bits);
void atomic_and_uchar(volatile uchar_t *target, uchar_t bits);
void atomic_and_16(volatile uint16_t *target, uint16_t bits);
void atomic_and_ushort(volatile ushort_t *target, ushort_t bits);
void atomic_and_32(volatile uint32_t *target, uint32_t bits);
void atomic_and_uint(volatile uint_t *target, uint_t bits);
void atomic_and_64(volatile uint64_t *target, uint64_t bits);
void atomic_and_ulong(volatile ulong_t *target, ulong_t bits);
uint8_t atomic_and_8_nv(volatile uint8_t *target, uint8_t bits);
uchar_t atomic_and_uchar_nv(volatile uchar_t *target, uchar_t bits);
uint16_t atomic_and_16_nv(volatile uint16_t *target, uint16_t bits);
ushort_t atomic_and_ushort_nv(volatile ushort_t *target, ushort_t bits);
uint32_t atomic_and_32_nv(volatile uint32_t *target, uint32_t bits);
uint_t atomic_and_uint_nv(volatile uint_t *target, uint_t bits);
uint64_t atomic_and_64_nv(volatile uint64_t *target, uint64_t bits);
ulong_t atomic_and_ulong_nv(volatile ulong_t *target, ulong_t bits);

/* atomic_or(3C): sets the bits of `bits`. */
void atomic_or_8(volatile uint8_t *target, uint8_t bits);
void atomic_or_uchar(volatile uchar_t *target, uchar_t bits);
void atomic_or_16(volatile uint16_t *target, uint16_t bits);
void atomic_or_ushort(volatile ushort_t *target, ushort_t bits);
void atomic_or_32(volatile uint32_t *target, uint32_t bits);
void atomic_or_uint(volatile uint_t *target, uint_t bits);
void atomic_or_64(volatile uint64_t *target, uint64_t bits);
void atomic_or_ulong(volatile ulong_t *target, ulong_t bits);
uint8_t atomic_or_8_nv(volatile uint8_t *target, uint8_t bits);
uchar_t atomic_or_uchar_nv(volatile uchar_t *target, uchar_t bits);
uint16_t atomic_or_16_nv(volatile uint16_t *target, uint16_t bits);
ushort_t atomic_or_ushort_nv(volatile ushort_t *target, ushort_t bits);
uint32_t atomic_or_32_nv(volatile uint32_t *target, uint32_t bits);
uint_t atomic_or_uint_nv(volatile uint_t *target, uint_t bits);
uint64_t atomic_or_64_nv(volatile uint64_t *target, uint64_t bits);
ulong_t atomic_or_ulong_nv(volatile ulong_t *target, ulong_t bits);

/* atomic_cas(3C): stores `newval` if *target equals `cmp`. Returns what *target was: the store took
 * place when that is `cmp`. For pointers, `target` is the address of the pointer. */
uint8_t atomic_cas_8(volatile uint8_t *target, uint8_t cmp, uint8_t newval);
uchar_t atomic_cas_uchar(volatile uchar_t *target, uchar_t cmp, uchar_t newval);
uint16_t atomic_cas_16(volatile uint16_t *target, uint16_t cmp, uint16_t newval);
ushort_t atomic_cas_ushort(volatile ushort_t *target, ushort_t cmp, ushort_t newval);
uint32_t atomic_cas_32(volatile uint32_t *target, uint32_t cmp, uint32_t newval);
uint_t atomic_cas_uint(volatile uint_t *target, uint_t cmp, uint_t newval);
uint64_t atomic_cas_64(volatile uint64_t *target, uint64_t cmp, uint64_t newval);
ulong_t atomic_cas_ulong(volatile ulong_t *target, ulong_t cmp, ulong_t newval);
void *atomic_cas_ptr(volatile void *target, void *cmp, void *newval);

/* atomic_swap(3C): stores `newval` and returns what *target was. */
uint8_t atomic_swap_8(volatile uint8_t *target, uint8_t newval);
uchar_t atomic_swap_uchar(volatile uchar_t *target, uchar_t newval);
uint16_t atomic_swap_16(volatile uint16_t *target, uint16_t newval);
ushort_t atomic_swap_ushort(volatile ushort_t *target, ushort_t newval);
uint32_t atomic_swap_32(volatile uint32_t *target, uint32_t newval);
uint_t atomic_swap_uint(volatile uint_t *target, uint_t newval);
uint64_t atomic_swap_64(volatile uint64_t *target, uint64_t newval);
ulong_t atomic_swap_ulong(volatile ulong_t *target, ulong_t newval);
void *atomic_swap_ptr(volatile void *target, void *newval);

/* atomic_bits(3C): sets, or clears, bit number `bit` (0: the lowest) of *target. 0; -1 when it was
 * set, or cleared, already. `bit` is taken modulo the number of bits. */
int atomic_set_long_excl(volatile ulong_t *target, uint_t bit);
int atomic_clear_long_excl(volatile ulong_t *target, uint_t bit);

/*
 * membar_ops(3C): barriers between the memory accesses of the caller, as others see them.
 *   membar_enter     the store that took a lock goes before all accesses that follow
 *   membar_exit      all accesses before go before the store that releases a lock
 *   membar_producer  stores before go before stores after: between the data and the flag
 *   membar_consumer  loads before go before loads after: between the flag and the data
 */
void membar_enter(void);
void membar_exit(void);
void membar_producer(void);
void membar_consumer(void);

#ifdef __cplusplus
}
#endif

#if defined(__GNUC__)
#include <libthread/atomic_inline.h>
#endif

#endif /* _ATOMIC_H */
