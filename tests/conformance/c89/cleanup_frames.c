/*
 * Cleanup handlers as C programs push them. In C++ the same macros make objects with destructors;
 * a thread's end has to run both kinds.
 */
#include "cleanup_frames.h"

#include <pthread.h>

static void (*note_number)(int);

static void note_one(void *number)
{
    (void)number;
    note_number(1);
}

static void note_two(void *number)
{
    (void)number;
    note_number(2);
}

static void note_three(void *number)
{
    (void)number;
    note_number(3);
}

void leave_with_cleanups(void (*note)(int), void (*leave)(void *), void *argument)
{
    note_number = note;
    pthread_cleanup_push(note_one, 0);
    pthread_cleanup_push(note_two, 0);
    pthread_cleanup_push(note_three, 0);
    leave(argument);
    pthread_cleanup_pop(0);
    pthread_cleanup_pop(0);
    pthread_cleanup_pop(0);
}
