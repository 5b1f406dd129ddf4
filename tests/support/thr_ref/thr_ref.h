// A reference for the interface: <thread.h> and <synch.h> made one for one of NPTL's threads,
// mutexes and condition variables. A program is linked with it instead of libthread, and must see
// the same results.
//
// It has what the oracle's scripts use: threads, keys and the objects of one process, and nothing
// of suspension, daemons, priorities, signals or sharing between processes.
#pragma once

#include <thread.h>

namespace thr_ref {

// For the time of a call: the caller may sleep on `object`.
class Sleep {
  public:
    explicit Sleep(const void* object);
    ~Sleep();
    Sleep(const Sleep&) = delete;
    Sleep& operator=(const Sleep&) = delete;
};

// Whether the thread sleeps on `object`.
[[nodiscard]] bool is_blocked(thread_t id, const void* object);

}  // namespace thr_ref
