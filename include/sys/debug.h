/*
 * sys/debug.h - assertions of system sources: ASSERT holds in builds with DEBUG defined, VERIFY in
 * all. A failure is reported on standard error and ends the process by SIGABRT.
 *
 * VERIFY3S(left, <, right) and its kin compare signed numbers, unsigned ones (3U) and pointers
 * (3P); VERIFY0 wants 0.
 */
#ifndef _SYS_DEBUG_H
#define _SYS_DEBUG_H

/* The macros' casts are C's in C++, too. */
#if defined(__GNUC__)
#pragma GCC system_header
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Reports that `expression` does not hold at `line` of `file`; does not return. */
int _assfail(const char *expression, const char *file, int line);

#define _LT_VERIFY(holds, text) ((void)((holds) || _assfail(text, __FILE__, __LINE__)))
#define _LT_VERIFY3(type, left, op, right, text) _LT_VERIFY((type)(left)op(type)(right), text)

#define VERIFY(x) _LT_VERIFY(x, #x)
#define VERIFY3S(l, op, r) _LT_VERIFY3(long, l, op, r, #l " " #op " " #r)
#define VERIFY3U(l, op, r) _LT_VERIFY3(unsigned long, l, op, r, #l " " #op " " #r)
#define VERIFY3P(l, op, r) _LT_VERIFY3(unsigned long, l, op, r, #l " " #op " " #r)
#define VERIFY0(x) _LT_VERIFY3(unsigned long, x, ==, 0, #x " == 0")
#ifdef DEBUG
#define ASSERT(x) VERIFY(x)
#define ASSERT3S(l, op, r) VERIFY3S(l, op, r)
#define ASSERT3U(l, op, r) VERIFY3U(l, op, r)
#define ASSERT3P(l, op, r) VERIFY3P(l, op, r)
#define ASSERT0(x) VERIFY0(x)
#else
#define ASSERT(x) ((void)0)
#define ASSERT3S(l, op, r) ((void)0)
#define ASSERT3U(l, op, r) ((void)0)
#define ASSERT3P(l, op, r) ((void)0)
#define ASSERT0(x) ((void)0)
#endif

#ifdef __cplusplus
}
#endif

#endif /* _SYS_DEBUG_H */
