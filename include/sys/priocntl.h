/*
 * sys/priocntl.h - scheduling classes: priocntl(2).
 *
 * Linux' policies under the names of classes: "TS", time sharing, is SCHED_OTHER with its nice
 * value; "RT", real time, is SCHED_RR, or SCHED_FIFO when the time quantum is infinite. What the
 * classes' numbers are is asked for with PC_GETCID. See <sys/tspriocntl.h> and <sys/rtpriocntl.h>.
 */
#ifndef _SYS_PRIOCNTL_H
#define _SYS_PRIOCNTL_H

#include <sys/procset.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Commands, with the type of their argument. */
#define PC_GETCID 0      /* pcinfo_t: the class of a name */
#define PC_GETCLINFO 1   /* pcinfo_t: the class of a number */
#define PC_SETPARMS 2    /* pcparms_t */
#define PC_GETPARMS 3    /* pcparms_t */
#define PC_GETPRIRANGE 5 /* pcpri_t: priorities of a class */
#define PC_SETXPARMS 7   /* a class name, then pairs of a key and a value, then 0 */
#define PC_GETXPARMS 8   /* likewise, with pointers for values */

#define PC_CLNULL (-1) /* pc_cid of PC_GETPARMS: whichever class it is in */
#define PC_CLNMSZ 16
#define PC_CLINFOSZ 8
#define PC_CLPARMSZ 8

typedef struct pcinfo {
    id_t pc_cid;
    char pc_clname[PC_CLNMSZ];
    int pc_clinfo[PC_CLINFOSZ]; /* a tsinfo_t or rtinfo_t */
} pcinfo_t;

typedef struct pcparms {
    id_t pc_cid;
    int pc_clparms[PC_CLPARMSZ]; /* a tsparms_t or rtparms_t */
} pcparms_t;

typedef struct pcpri {
    id_t pc_cid;
    pri_t pc_clpmax;
    pri_t pc_clpmin;
} pcpri_t;

/* Keys of PC_SETXPARMS and PC_GETXPARMS; those of the classes stand in their headers. */
#define PC_KY_NULL 0
#define PC_KY_CLNAME 100 /* char[PC_CLNMSZ], PC_GETXPARMS with a NULL class name */

/*
 * priocntl(2): asks for or sets the scheduling parameters of what `idtype` and `id` name: P_LWPID a
 * light-weight process of this process, P_PID all of a process; P_MYID is the caller's own. An
 * unbound thread names the light-weight process that carries it at the moment: use threads made
 * with THR_BOUND. PC_GETCID and PC_GETCLINFO return the number of classes (and ignore idtype and
 * id), PC_GETPARMS and PC_GETXPARMS the id found, the others 0. -1 and errno on failure:
 *   EINVAL   an undefined command or key, no such class, parameters out of range
 *   ENOTSUP  another idtype
 *   ESRCH    no such process or light-weight process, or none of it is in class pc_cid
 *   EPERM    the caller may not raise the priority, or it is another user's
 *   EFAULT   a bad address
 */
long priocntl(idtype_t idtype, id_t id, int command, ...);

#ifdef __cplusplus
}
#endif

#endif /* _SYS_PRIOCNTL_H */
