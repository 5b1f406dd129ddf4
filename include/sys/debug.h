/*
 * sys/debug.h - assertions of system sources: ASSERT holds in builds with DEBUG defined, VERIFY in
 * all. A failure is reported on standard error and ends the process by SIGABRT.
 */
#ifndef _SYS_DEBUG_H
#define _SYS_DEBUG_H

#ifdef __cplusplus
extern "C" {
#endif

/* Reports that `expression` does not hold at `line` of `file`; does not return. */
int _assfail(const char *expression, const char *file, int line);

#define VERIFY(x) ((void)((x) || _assfail(#x, __FILE__, __LINE__)))
#ifdef DEBUG
#define ASSERT(x) VERIFY(x)
#else
#define ASSERT(x) ((void)0)
#endif

#ifdef __cplusplus
}
#endif

#endif /* _SYS_DEBUG_H */
