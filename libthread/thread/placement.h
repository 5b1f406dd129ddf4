// Where LWPs may run: bindings to processors, and processor sets, which Linux does not have.
//
// What an LWP is bound to is read from its affinity, so that forks, new LWPs and other programs'
// bindings are seen without any record of them: within a set's processors, it is bound to the set;
// a single processor of several is a binding to it.
#pragma once

#include <cerrno>
#include <cstdint>

#include "base/error.h"
#include "os/processors.h"

namespace lt {

inline constexpr int kNoCpu = -1;  // PBIND_NONE
inline constexpr int kNoSet = -1;  // PS_NONE
inline constexpr int kMostSets = 64;

// The kernel task of an LWP of this process, named by the number of the thread that it carries, as
// _lwp_self gives it, or by the kernel's; 0: none.
int task_of_lwp(std::uint32_t id) noexcept;

struct Placement {
    int set = kNoSet;
    int cpu = kNoCpu;
};

// Holds the sets as they are. Blocks the thread, not its LWP.
class PlacementLock {
  public:
    PlacementLock() noexcept;
    ~PlacementLock();
    PlacementLock(const PlacementLock&) = delete;
    PlacementLock& operator=(const PlacementLock&) = delete;
};

// All of these: under a PlacementLock. Sets are numbered from 1.
[[nodiscard]] bool is_set(int set) noexcept;
const os::CpuMask& cpus_of_set(int set) noexcept;

// Those that no set has; of kNoSet.
os::CpuMask free_cpus() noexcept;

// kLimit: there are kMostSets.
Error make_set(int& set) noexcept;
void destroy_set(int set) noexcept;

// The set of a processor.
int set_of_cpu(int cpu) noexcept;

// Moves a processor. kBusy: somebody would have nowhere to run.
Error move_cpu(int cpu, int set) noexcept;

// What a task is bound to. 0 or an error number.
int placement_of_task(int task, Placement& placement) noexcept;

// Binds a task to a processor of its set, or to all of them. 0, os::kChanged if it may run
// elsewhere than before, or an error number.
int bind_task_to_cpu(int task, int cpu) noexcept;

// Binds a task to a set. As above; EBUSY: it is bound to a processor elsewhere.
int bind_task_to_set(int task, int set) noexcept;

// Calls bind(task, &old) for each task of a process, 0: the caller's, as os::change_every_task();
// `before` gets what the first task had. 0 or an error number.
template <class Bind>
int bind_every_task(int process, int* before, Bind bind) noexcept
{
    bool first = true;
    return os::change_every_task(process, [&](int task) {
        int old = 0;
        const int outcome = bind(task, &old);
        if (outcome == ESRCH) {
            return 0;  // it has ended meanwhile
        }
        *before = first ? old : *before;
        first = false;
        return outcome;
    });
}

}  // namespace lt
