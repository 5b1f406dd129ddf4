/* A program in the C of the time: no types, no prototypes, a variable that two files define. */
#include <thread.h>

int counted;
mutex_t lock;

extern count();

main()
{
    int i;

    for (i = 0; i < 4; i++)
        if (thr_create(NULL, NULL, count, (void*)i, THR_NEW_LWP, NULL) != 0)
            exit(1);
    while (thr_join(NULL, NULL, NULL) == 0)
        ;
    printf("counted %d\n", counted);
    return counted != 4;
}
