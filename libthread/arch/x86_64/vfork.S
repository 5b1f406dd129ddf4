#include <sys/syscall.h>

/* pid_t vfork(void)
 * The child returns from here, calls other functions on this stack and overwrites what lies below the
 * caller's frame. The return address survives in a register, which the kernel keeps for both. */
        .text
        .globl  vfork
        .type   vfork, @function
        .p2align 4
vfork:
        .cfi_startproc
        endbr64
        subq    $8, %rsp
        .cfi_adjust_cfa_offset 8
        call    lt_before_vfork
        addq    $8, %rsp
        .cfi_adjust_cfa_offset -8
        popq    %rdx
        .cfi_adjust_cfa_offset -8
        .cfi_register %rip, %rdx
        movl    $SYS_vfork, %eax
        syscall
        pushq   %rdx
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %rip, 0
        movq    %rax, %rdi
        jmp     lt_after_vfork
        .cfi_endproc
        .size   vfork, .-vfork

        .section .note.GNU-stack,"",@progbits
