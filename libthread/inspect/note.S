/* The ELF note by which a debugger finds the descriptor in memory: its distance from this place, so that
 * no relocation is needed. docs/INSPECT_ABI.md. */
        .section .note.lwp,"a",@note
        .p2align 2
        .long   5                       /* bytes of the owner's name */
        .long   8                       /* bytes of the description */
        .long   1                       /* type */
        .asciz  "LWPT"
        .p2align 2
1:      .quad   lwp_debug_here - 1b

        .section .note.GNU-stack,"",@progbits
