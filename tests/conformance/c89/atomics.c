/*
 * COMP-11 to COMP-17, in C of the period: the operations expanded in place and, through pointers,
 * called as functions give the same results. Failures are exit statuses.
 */
#include <atomic.h>

static int counts(void)
{
    uint32_t word = 0;
    ulong_t bits = 0;
    char text[4] = {0, 0, 0, 0};
    char *next = text;
    uint32_t (*add)(volatile uint32_t *, int32_t) = atomic_add_32_nv;
    uint32_t (*cas)(volatile uint32_t *, uint32_t, uint32_t) = atomic_cas_32;

    atomic_add_32(&word, 5);
    atomic_inc_32(&word);
    if (atomic_dec_32_nv(&word) != 5 || add(&word, -5) != 0)
        return 1;
    if (atomic_cas_32(&word, 0, 7) != 0 || cas(&word, 0, 8) != 7 || word != 7)
        return 2;
    if (atomic_swap_32(&word, 9) != 7 || word != 9)
        return 3;
    atomic_or_32(&word, 6);
    if (atomic_and_32_nv(&word, 3) != 3)
        return 4;
    if (atomic_set_long_excl(&bits, 5) != 0 || atomic_set_long_excl(&bits, 5) != -1 || bits != 32)
        return 5;
    if (atomic_clear_long_excl(&bits, 5) != 0 || atomic_clear_long_excl(&bits, 5) != -1)
        return 6;
    atomic_add_ptr(&next, 3);
    if (next != text + 3 || atomic_dec_ptr_nv(&next) != text + 2)
        return 7;
    if (atomic_cas_ptr(&next, text + 2, text) != text + 2 || next != text)
        return 8;
    return 0;
}

static int narrow(void)
{
    uchar_t small = 255;
    ushort_t middle = 0;
    ulong_t large = 0;

    if (atomic_inc_uchar_nv(&small) != 0 || atomic_add_char_nv(&small, -1) != 255)
        return 10;
    if (atomic_dec_ushort_nv(&middle) != 65535U || atomic_add_short_nv(&middle, 2) != 1)
        return 11;
    if (atomic_dec_ulong_nv(&large) != ~0UL || atomic_add_long_nv(&large, 1) != 0)
        return 12;
    return 0;
}

int main(void)
{
    int failed = counts();

    membar_enter();
    membar_producer();
    membar_consumer();
    membar_exit();
    return failed != 0 ? failed : narrow();
}
