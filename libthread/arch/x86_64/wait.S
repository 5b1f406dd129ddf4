#include <asm/errno.h>
#include <sys/syscall.h>

#include "wait_offsets.h"

/* long arch_wait_unless_changed(futex, operation, expected, until, watched)
 * From arch_wait_look to arch_wait_call nothing has been done yet: see arch/wait.h. */
        .macro  LABEL name
        .globl  \name
        .hidden \name
\name:
        .endm

        .macro  LOOK index
        movq    (\index * WATCHED_SIZE + WATCHED_WORD)(%r8), %r11
        movl    (%r11), %r11d
        cmpl    (\index * WATCHED_SIZE + WATCHED_VALUE)(%r8), %r11d
        jne     arch_wait_over
        .endm

        .text
        .type   arch_wait_unless_changed, @function
        .p2align 4
LABEL arch_wait_unless_changed
        .cfi_startproc
        endbr64
        movq    %rcx, %r10
        movl    $-1, %r9d               /* FUTEX_BITSET_MATCH_ANY */
        movl    $SYS_futex, %eax
LABEL arch_wait_look
        LOOK    0
        LOOK    1
LABEL arch_wait_call
        syscall
        ret
LABEL arch_wait_over
        movq    $-EINTR, %rax
        ret
        .cfi_endproc
        .size   arch_wait_unless_changed, . - arch_wait_unless_changed

        .section .note.GNU-stack, "", @progbits
