/* inspect_flags.h - the bits of lwpt_debug.flags, see inspect_abi.h. */
#ifndef _LIBTHREAD_INSPECT_FLAGS_H
#define _LIBTHREAD_INSPECT_FLAGS_H

#define LWPT_FLAG_PROBES 1 /* compiled with the USDT probes of provider lwpt */

#endif /* _LIBTHREAD_INSPECT_FLAGS_H */
