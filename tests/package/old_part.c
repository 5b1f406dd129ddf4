#include <thread.h>

int counted;
mutex_t lock;

count(number) int number;
{
    mutex_lock(&lock);
    counted++;
    mutex_unlock(&lock);
}
