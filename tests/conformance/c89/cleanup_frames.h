/* Cleanup handlers pushed by C code. */
#ifndef CLEANUP_FRAMES_H
#define CLEANUP_FRAMES_H

#ifdef __cplusplus
extern "C" {
#endif

/* Pushes three handlers that note 1, 2 and 3, in this order, and calls leave(argument), which is
 * expected not to return. */
void leave_with_cleanups(void (*note)(int), void (*leave)(void *), void *argument);

#ifdef __cplusplus
}
#endif

#endif
