// A module whose constructor makes a thread and waits for its end.
#include <thread.h>

namespace {

int joined = -1;

void* give_back(void* argument)
{
    return argument;
}

__attribute__((constructor)) void make_thread()
{
    thread_t made = 0;
    void* status = nullptr;
    if (thr_create(nullptr, 0, give_back, &joined, 0, &made) == 0 &&
        thr_join(made, nullptr, &status) == 0) {
        joined = status == &joined ? 1 : 0;
    }
}

}  // namespace

extern "C" __attribute__((visibility("default"))) int plugin_joined()
{
    return joined;
}
