// exec(2) and vfork(2), beside the library's own signals and the records of threads.
#pragma once

#include "os/syscall.h"
#include "sched/thread.h"

namespace lt {

// Lives while a thread tries to exec: nothing of the library's must wait for its task then.
//
// 1. No own signal is sent any more, to anybody, and none is on its way into a queue. The thread
// does
//    not stop like this: others could not be stopped meanwhile.
// 2. A system call is made. What was sent to this task before is handled when it returns.
// 3. exec. If the thread is on another task by now, it came there by a handler, whose return has
//    taken what waited there.
// 4. If it fails, sending is allowed again, and done for each running thread with a request.
class ExecAttempt {
  public:
    explicit ExecAttempt(Thread& self) noexcept;
    ~ExecAttempt();
    ExecAttempt(const ExecAttempt&) = delete;
    ExecAttempt& operator=(const ExecAttempt&) = delete;

  private:
    Thread& self_;
};

// Around vfork, whose child runs on the caller's stack and record until it execs or exits. There it
// neither parks nor acts on what is sent to its parent, and changes what is its own alone.
void before_vfork() noexcept;
void begin_vfork_child() noexcept;
void end_vfork_in_parent() noexcept;

// Whether this is such a child.
inline bool is_vfork_child(const Thread& self)
{
    return LT_UNLIKELY(self.has(kFlagVfork)) && self.vfork_parent != os::process_id();
}

}  // namespace lt
