// The steps of the script, which give an error number each, and what they share.
#pragma once

#include <synch.h>
#include <thread.h>

#include <errno.h>

#include <cstdint>

namespace faults {

using Body = void* (*)(void*);

inline void* do_nothing(void*)
{
    return nullptr;
}

inline int create(Body body, void* argument, long flags, thread_t& id)
{
    return thr_create(nullptr, 0, body, argument, flags, &id);
}

inline int join(thread_t id)
{
    return thr_join(id, nullptr, nullptr);
}

// Creates, and gives what the thread returns: an error number.
inline int run_in_thread(Body body, void* argument, long flags)
{
    thread_t id = 0;
    void* result = nullptr;
    int error = create(body, argument, flags, id);
    if (error == 0) {
        error = thr_join(id, nullptr, &result);
    }
    return error != 0 ? error : static_cast<int>(reinterpret_cast<std::intptr_t>(result));
}

inline void* error_result(int error)
{
    return reinterpret_cast<void*>(static_cast<std::intptr_t>(error));
}

inline int result_of(long value)
{
    return value < 0 ? errno : 0;
}

// script_threads.cpp
int create_unbound();
int create_bound();
int create_with_new_lwp();
int create_with_big_stack();
int create_many();
int create_detached();
int suspend_unbound();
int suspend_bound();
int set_concurrency();
int set_priority();
int use_key();
int yield();
int create_unbound();

// script_waits.cpp
int wait_unbound();
int wait_bound();
int wait_shared();
int wait_in_vain_unbound();
int wait_in_vain_bound();
int exchange_own();
int exchange_shared();
int exclude_own();
int exclude_shared();
int lock_robust();

// script_calls.cpp
int set_action();
int send_signal();
int await_signal();
int read_pipe();
int poll_pipe();
int sleep_shortly();
int fork_and_wait();

// The objects and descriptors that they use.
void prepare_waits();
void prepare_calls();

}  // namespace faults
