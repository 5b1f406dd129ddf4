// Steps about threads themselves.
#include <array>
#include <atomic>

#include "faults/script.h"

namespace faults {

int create_unbound()
{
    return run_in_thread(do_nothing, nullptr, 0);
}

int create_bound()
{
    return run_in_thread(do_nothing, nullptr, THR_BOUND);
}

int create_with_new_lwp()
{
    return run_in_thread(do_nothing, nullptr, THR_NEW_LWP);
}

int create_with_big_stack()
{
    thread_t id = 0;
    const int error = thr_create(nullptr, 3U << 20U, do_nothing, nullptr, 0, &id);
    return error != 0 ? error : join(id);
}

// More than the first arena of stacks holds.
int create_many()
{
    static std::array<thread_t, 80> ids;
    std::size_t made = 0;
    int error = 0;
    while (made < ids.size() && error == 0) {
        error = create(do_nothing, nullptr, THR_SUSPENDED, ids.at(made));
        made += error == 0 ? 1 : 0;
    }
    for (std::size_t i = 0; i < made; ++i) {
        const int result = thr_continue(ids.at(i));
        error = error != 0 ? error : result;
    }
    for (std::size_t i = 0; i < made; ++i) {
        const int result = join(ids.at(i));
        error = error != 0 ? error : result;
    }
    return error;
}

namespace {

sema_t detached_ran;

}  // namespace

int create_detached()
{
    thread_t id = 0;
    const int error = create(
        [](void*) -> void* {
            sema_post(&detached_ran);
            return nullptr;
        },
        nullptr, THR_DETACHED, id);
    return error != 0 ? error : sema_wait(&detached_ran);
}

namespace {

std::atomic<bool> spins;

int suspend_and_continue(long flags)
{
    thread_t id = 0;
    spins = true;
    int error = create(
        [](void*) -> void* {
            while (spins) {
                thr_yield();
            }
            return nullptr;
        },
        nullptr, flags, id);
    if (error == 0) {
        error = thr_suspend(id);
        spins = false;
        const int result = thr_continue(id);
        error = error != 0 ? error : result;
        join(id);
    }
    return error;
}

}  // namespace

int suspend_unbound()
{
    return suspend_and_continue(0);
}

int suspend_bound()
{
    return suspend_and_continue(THR_BOUND);
}

int set_concurrency()
{
    return thr_setconcurrency(3);
}

int set_priority()
{
    const int error = thr_setprio(thr_self(), 5);
    return error != 0 ? error : thr_setprio(thr_self(), 0);
}

int use_key()
{
    static thread_key_t key;
    static int error;
    static bool made = false;
    error = made ? 0 : thr_keycreate(&key, nullptr);
    made = made || error == 0;
    return error != 0 ? error
                      : run_in_thread(
                            [](void*) -> void* { return error_result(thr_setspecific(key, &key)); },
                            nullptr, 0);
}

int yield()
{
    thr_yield();
    return 0;
}

}  // namespace faults
