// A program in careless C++ of the time: void pointers become numbers and other pointers by
// themselves.
#include <thread.h>

#include <stdlib.h>

static mutex_t lock;
static int counted;

extern "C" void* count(void* by)
{
    mutex_lock(&lock);
    counted += (int)by;
    mutex_unlock(&lock);
    return 0;
}

int main()
{
    thread_t* ids = malloc(2 * sizeof(thread_t));
    int i;

    for (i = 0; i < 2; i++)
        thr_create(NULL, 0, count, (void*)(i + 1), 0, &ids[i]);
    for (i = 0; i < 2; i++)
        thr_join(ids[i], NULL, NULL);
    return counted != 3;
}
