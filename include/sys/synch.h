/* sys/synch.h - the types and flags of the synchronisation objects: all of <synch.h>. */
#ifndef _LIBTHREAD_SYS_SYNCH_H
#define _LIBTHREAD_SYS_SYNCH_H

#include <synch.h>

#endif /* _LIBTHREAD_SYS_SYNCH_H */
