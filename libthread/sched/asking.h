// A question to every kernel task of the process (os/every_task.h), from a thread.
#pragma once

#include "os/every_task.h"
#include "os/syscall.h"
#include "sched/critical.h"

namespace lt {

// A critical region in which the thread is the one that asks. It waits for that outside, where it
// can be stopped by the question of another.
class AskingRegion {
  public:
    explicit AskingRegion(Thread& self) : self_{self}
    {
        enter_critical(self_);
        os::Asker asker;
        while (!os::begin_asking(asker)) {
            leave_critical(self_);
            os::raw_syscall(SYS_sched_yield);
            enter_critical(self_);
        }
    }
    ~AskingRegion()
    {
        os::end_asking();
        leave_critical(self_);
    }
    AskingRegion(const AskingRegion&) = delete;
    AskingRegion& operator=(const AskingRegion&) = delete;

  private:
    Thread& self_;
};

}  // namespace lt
