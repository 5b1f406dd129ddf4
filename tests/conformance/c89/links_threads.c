/* HDR-15: uses both interfaces; linked with -lthread, alone or with -lpthread on either side. */
#include <thread.h>

#include <pthread.h>

static void *start(void *argument)
{
    return argument;
}

int main(void)
{
    thread_t id;
    pthread_t handle;
    void *status = 0;
    int object;

    if (thr_create(0, 0, start, &object, 0, &id) != 0 || thr_join(id, 0, &status) != 0)
        return 1;
    if (pthread_create(&handle, 0, start, &id) != 0 || pthread_join(handle, &status) != 0)
        return 2;
    return status != &id;
}
