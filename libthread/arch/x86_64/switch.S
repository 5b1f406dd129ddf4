#include "context_offsets.h"

/* Saves what the System V ABI calls callee-saved; the caller's frame holds the rest. A switch leaves by
 * `ret`: all threads stand at the same call in switch_to(), so it is predicted, and so are the returns
 * above it. Leaving by a jump keeps one entry too many on the return stack, and every return up the
 * resumed chain goes wrong (50 against 24 ns a switch at depth 5; docs/ARCHITECTURE.md, 5). */

        .macro  SAVE_CONTEXT
        pushq   %rbp
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %rbp, 0
        pushq   %rbx
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %rbx, 0
        pushq   %r12
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %r12, 0
        pushq   %r13
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %r13, 0
        pushq   %r14
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %r14, 0
        pushq   %r15
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %r15, 0
        movq    %rsp, CTX_RSP(%rdi)
        .endm

        .macro  RESUME_CONTEXT
        popq    %r15
        .cfi_adjust_cfa_offset -8
        .cfi_restore %r15
        popq    %r14
        .cfi_adjust_cfa_offset -8
        .cfi_restore %r14
        popq    %r13
        .cfi_adjust_cfa_offset -8
        .cfi_restore %r13
        popq    %r12
        .cfi_adjust_cfa_offset -8
        .cfi_restore %r12
        popq    %rbx
        .cfi_adjust_cfa_offset -8
        .cfi_restore %rbx
        popq    %rbp
        .cfi_adjust_cfa_offset -8
        .cfi_restore %rbp
        ret
        .endm

        .macro  FUNCTION name
        .globl  \name
        .hidden \name
        .type   \name, @function
        .p2align 4
\name:
        .cfi_startproc
        endbr64
        .endm

        .macro  END name
        .cfi_endproc
        .size   \name, .-\name
        .endm

        .text

/* void arch_switch(ArchContext *save, const ArchContext *load) */
        FUNCTION arch_switch
        SAVE_CONTEXT
        movq    CTX_RSP(%rsi), %rsp
        RESUME_CONTEXT
        END     arch_switch

/* void arch_switch_fs(ArchContext *save, const ArchContext *load, void *tcb)
 * A handler that runs between the two lines finds the old thread's TLS, in a critical region. */
        FUNCTION arch_switch_fs
        SAVE_CONTEXT
        movq    CTX_RSP(%rsi), %rsp
        wrfsbase %rdx
        RESUME_CONTEXT
        END     arch_switch_fs

/* void arch_note_registers(SavedRegisters *saved) */
        FUNCTION arch_note_registers
        movq    %r15, 0(%rdi)
        movq    %r14, 8(%rdi)
        movq    %r13, 16(%rdi)
        movq    %r12, 24(%rdi)
        movq    %rbx, 32(%rdi)
        movq    %rbp, 40(%rdi)
        movq    (%rsp), %rax
        movq    %rax, 48(%rdi)
        leaq    8(%rsp), %rax
        movq    %rax, 56(%rdi)
        ret
        END     arch_note_registers

/* void arch_resume(const ArchContext *load) */
        FUNCTION arch_resume
        movq    CTX_RSP(%rdi), %rsp
        popq    %r15
        popq    %r14
        popq    %r13
        popq    %r12
        popq    %rbx
        popq    %rbp
        popq    %rcx
        .cfi_undefined %rip
        jmp     *%rcx
        END     arch_resume

/* void arch_call_on(void *stack_hi, void (*function)(void *), void *arg) */
        FUNCTION arch_call_on
        pushq   %rbp
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %rbp, 0
        movq    %rsp, %rbp
        .cfi_def_cfa_register %rbp
        movq    %rdi, %rsp
        andq    $-16, %rsp
        movq    %rdx, %rdi
        call    *%rsi
        movq    %rbp, %rsp
        .cfi_def_cfa_register %rsp
        popq    %rbp
        .cfi_adjust_cfa_offset -8
        .cfi_restore %rbp
        ret
        END     arch_call_on

/* void arch_return_from_handler(ucontext_t *interrupted)
 * What the end of a handler does: rt_sigreturn with the stack where the kernel has put the context. */
        FUNCTION arch_return_from_handler
        movq    %rdi, %rsp
        .cfi_undefined %rip
        movl    $15, %eax
        syscall
        ud2
        END     arch_return_from_handler

/* Where a prepared context starts: r12 holds the argument, r13 the function. Unwinders stop here. The
 * nop keeps "return address - 1" inside the function. It ends by a jump: the switch that started it took
 * one entry off the return stack, its own calls have all returned, and so the returns of whoever waited
 * for it are predicted (about 25 of 240 ns of creating and joining). */
        .globl  arch_thread_start
        .hidden arch_thread_start
        .type   arch_thread_start, @function
        .p2align 4
arch_thread_start:
        .cfi_startproc
        .cfi_undefined %rip
        nop
        endbr64
        movq    %r12, %rdi
        call    *%r13
        movq    %rax, %rdi
        jmp     arch_resume
        END     arch_thread_start

/* Where a jump buffer of ours leads: on the stack that it names, to arch_landed. */
        .globl  arch_landing
        .hidden arch_landing
        .type   arch_landing, @function
        .p2align 4
arch_landing:
        .cfi_startproc
        .cfi_undefined %rip
        andq    $-16, %rsp
        xorl    %ebp, %ebp
        call    arch_landed
        ud2
        END     arch_landing

/* Where one that redirect_by_passage() has changed leads: the frame's registers are in place, and the
 * caller of setjmp goes on where arch_passed() says, with the 1 that longjmp gave it. */
        .globl  arch_passage
        .hidden arch_passage
        .type   arch_passage, @function
        .p2align 4
arch_passage:
        .cfi_startproc
        .cfi_undefined %rip
        call    arch_passed
        movq    %rax, %rdx
        movl    $1, %eax
        jmp     *%rdx
        END     arch_passage

        .section .note.GNU-stack,"",@progbits
