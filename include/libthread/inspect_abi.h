/*
 * inspect_abi.h - what libthread publishes about itself and how a debugger finds it.
 *
 * An ELF note (owner "LWPT", type 1) holds one 64-bit number: the distance from that number to the
 * descriptor below. All pointers are addresses in the target. docs/INSPECT_ABI.md is the contract.
 */
#ifndef _LIBTHREAD_INSPECT_ABI_H
#define _LIBTHREAD_INSPECT_ABI_H

#include <stdint.h>

#define LWPT_NOTE_OWNER "LWPT"
#define LWPT_NOTE_TYPE 1
#define LWPT_MAGIC 0x31475542444c5754ULL /* "TWLDBUG1" in memory */
#define LWPT_ABI_MAJOR 1
#define LWPT_ABI_MINOR 2

#define LWPT_MAX_SLABS 32
#define LWPT_MAX_FIELDS 128
#define LWPT_MAX_NAMES 96
#define LWPT_NOT_PROVIDED 0xffff

#define LWPT_ARCH_X86_64 62 /* EM_X86_64 */
/* A parked thread's context: at its saved stack pointer lie, from low to high addresses,
 * r15 r14 r13 r12 rbx rbp rip; its stack pointer after the switch is 56 bytes higher. */
#define LWPT_REGS_X86_64_SYSV_STACK7 1

/* `count` records of `record_size` bytes each, contiguous; appended to, never unmapped. */
struct lwpt_slab {
    uint64_t address;
    uint32_t record_size;
    uint32_t count;
};

/* Where a field of inspect_fields.def lies in its record; offset LWPT_NOT_PROVIDED: nowhere. */
struct lwpt_field {
    uint16_t offset;
    uint16_t width;
};

/* The name of one value of one enumeration (enum lwpt_enumeration), or a named constant. */
struct lwpt_name {
    uint32_t enumeration;
    uint32_t value;
    char name[24];
};

enum lwpt_enumeration {
    LWPT_THREAD_STATE = 1,
    LWPT_WAIT_KIND = 2,
    LWPT_LWP_STATE = 3,
    LWPT_THREAD_FLAG = 4, /* values are bits */
    LWPT_CONSTANT = 5
};

struct lwpt_debug {
    uint64_t magic;
    uint16_t abi_major;
    uint16_t abi_minor;
    uint32_t size;       /* of this structure */
    uint32_t arch;       /* LWPT_ARCH_* */
    uint32_t reg_layout; /* LWPT_REGS_* */
    int32_t pid_at_init; /* 0: the library has not started; another pid: a fork child's copy */
    uint32_t flags;      /* 0 */
    uint64_t generation; /* even: slab tables stable; odd: being changed */
    uint64_t process;    /* address of the structure with the `process` fields */
    uint32_t thread_slab_count;
    uint32_t lwp_slab_count;
    uint32_t field_count; /* entries of `fields`, indexed by enum lwpt_field_slot */
    uint32_t name_count;
    struct lwpt_slab thread_slabs[LWPT_MAX_SLABS];
    struct lwpt_slab lwp_slabs[LWPT_MAX_SLABS];
    struct lwpt_field fields[LWPT_MAX_FIELDS];
    struct lwpt_name names[LWPT_MAX_NAMES];
    char version[32];
    char build[64];
    char model[16]; /* "hand", "husk" or "bound": how threads get their thread control block */
};

/* The field slots, in the order of inspect_fields.def; a slot never changes its number. */
enum lwpt_field_slot {
#define LWPT_FIELD(structure, name, type, member) LWPT_SLOT_##structure##_##name,
#define LWPT_NAME(enumeration, name, value)
#include <libthread/inspect_fields.def>
#undef LWPT_FIELD
#undef LWPT_NAME
    LWPT_SLOT_COUNT
};

#endif /* _LIBTHREAD_INSPECT_ABI_H */
