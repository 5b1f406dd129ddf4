/* _sigsetjmp is libc's: it has to see its caller's return address and registers. */
        .text
        .globl  _sigsetjmp
        .type   _sigsetjmp, @function
        .p2align 4
_sigsetjmp:
        .cfi_startproc
        endbr64
        jmp     *__sigsetjmp@GOTPCREL(%rip)
        .cfi_endproc
        .size   _sigsetjmp, . - _sigsetjmp

        .section .note.GNU-stack, "", @progbits
