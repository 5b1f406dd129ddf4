/* HDR-15: a program that uses pthreads only, linked with -lpthread and without -lthread. */
#include <pthread.h>

static void *start(void *argument)
{
    return argument;
}

int main(void)
{
    pthread_t handle;
    void *status = 0;
    int object;

    if (pthread_create(&handle, 0, start, &object) != 0 || pthread_join(handle, &status) != 0)
        return 1;
    return status != &object;
}
