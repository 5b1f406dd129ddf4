/* The header is C: counts the threads of a process. */
#include "lwpdb/lwpdb.h"

int lwpdb_from_c(int pid);

static int count_one(const lwpdb_thread_t* thread, void* argument)
{
    *(int*)argument += thread->id != 0;
    return 0;
}

int lwpdb_from_c(int pid)
{
    int count = 0;
    lwpdb_t* handle = NULL;
    if (lwpdb_open_pid(pid, &handle) != LWPDB_OK) {
        return -1;
    }
    if (lwpdb_refresh(handle, NULL, NULL) == LWPDB_OK) {
        lwpdb_thread_iter(handle, count_one, &count);
    }
    lwpdb_close(handle);
    return count;
}
