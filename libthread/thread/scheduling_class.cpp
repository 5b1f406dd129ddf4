#include "thread/scheduling_class.h"

#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>

#include "os/processors.h"
#include "os/syscall.h"
#include "thread/placement.h"

namespace lt {
namespace {

constexpr int kOther = 0;  // SCHED_OTHER
constexpr int kFifo = 1;   // SCHED_FIFO
constexpr int kRoundRobin = 2;
constexpr int kResetOnFork = 0x40000000;

pri_t to_user_priority(int nice)
{
    return static_cast<pri_t>(nice < -20 ? kMaxUserPriority : -3 * nice);
}

int to_nice(pri_t priority)
{
    const int nice = -priority / 3;
    return nice > 19 ? 19 : nice;
}

pri_t user_priority_limit()
{
    rlimit limit{};
    if (::geteuid() == 0 || ::getrlimit(RLIMIT_NICE, &limit) != 0) {
        return kMaxUserPriority;
    }
    const int lowest_nice = limit.rlim_cur > 40 ? -20 : 20 - static_cast<int>(limit.rlim_cur);
    return lowest_nice > 0 ? pri_t{0} : to_user_priority(lowest_nice);
}

int get_task(int task, ClassParameters& parameters)
{
    const long policy = os::raw_syscall(SYS_sched_getscheduler, task);
    if (policy < 0) {
        return static_cast<int>(-policy);
    }
    const long kind = policy & ~kResetOnFork;
    if (kind == kFifo || kind == kRoundRobin) {
        int priority = 0;
        os::raw_syscall(SYS_sched_getparam, task, os::syscall_argument(&priority));
        timespec quantum{};
        os::raw_syscall(SYS_sched_rr_get_interval, task, os::syscall_argument(&quantum));
        parameters.class_id = kRealTime;
        parameters.priority = static_cast<pri_t>(priority - 1);
        parameters.quantum_seconds = static_cast<uint_t>(kind == kFifo ? 0 : quantum.tv_sec);
        parameters.quantum_nanos = kind == kFifo ? RT_TQINF : static_cast<int>(quantum.tv_nsec);
        return 0;
    }
    // The kernel returns 20 - nice, which is no error number.
    const long level = os::raw_syscall(SYS_getpriority, PRIO_PROCESS, task);
    if (level < 0) {
        return static_cast<int>(-level);
    }
    parameters.class_id = kTimeSharing;
    parameters.priority = to_user_priority(20 - static_cast<int>(level));
    parameters.limit = user_priority_limit();
    if (parameters.limit < parameters.priority) {
        parameters.limit = parameters.priority;
    }
    return 0;
}

int set_policy(int task, int policy, int priority)
{
    return static_cast<int>(
        -os::raw_syscall(SYS_sched_setscheduler, task, policy, os::syscall_argument(&priority)));
}

int set_time_sharing(int task, const ClassParameters& wanted, const ClassParameters& now)
{
    pri_t priority = wanted.priority;
    if (priority == TS_NOCHANGE) {
        priority = now.class_id == kTimeSharing ? now.priority : pri_t{0};
    }
    if (wanted.limit != TS_NOCHANGE && priority > wanted.limit) {
        priority = wanted.limit;
    }
    if (now.class_id != kTimeSharing) {
        if (const int error = set_policy(task, kOther, 0); error != 0) {
            return error;
        }
    }
    const long error = -os::raw_syscall(SYS_setpriority, PRIO_PROCESS, task, to_nice(priority));
    return error == EACCES ? EPERM : static_cast<int>(error);
}

int set_real_time(int task, const ClassParameters& wanted, const ClassParameters& now)
{
    pri_t priority = wanted.priority;
    if (priority == RT_NOCHANGE) {
        priority = now.class_id == kRealTime ? now.priority : pri_t{0};
    }
    const bool keeps = wanted.quantum_nanos == RT_NOCHANGE && now.class_id == kRealTime;
    const bool endless = (keeps ? now.quantum_nanos : wanted.quantum_nanos) == RT_TQINF;
    return set_policy(task, endless ? kFifo : kRoundRobin, priority + 1);
}

bool are_in_range(const ClassParameters& wanted)
{
    if (wanted.class_id == kTimeSharing) {
        const auto is_valid = [](pri_t value) {
            return value == TS_NOCHANGE ||
                   (value >= -kMaxUserPriority && value <= kMaxUserPriority);
        };
        return is_valid(wanted.priority) && is_valid(wanted.limit);
    }
    const bool special = wanted.quantum_nanos == RT_NOCHANGE || wanted.quantum_nanos == RT_TQINF ||
                         wanted.quantum_nanos == RT_TQDEF;
    const bool interval = wanted.quantum_nanos >= 0 && wanted.quantum_nanos < 1'000'000'000 &&
                          (wanted.quantum_seconds != 0 || wanted.quantum_nanos != 0);
    return wanted.priority >= RT_NOCHANGE && wanted.priority <= kMaxRealTimePriority &&
           (special || interval);
}

// os::change_every_task(), for the tasks that idtype and id name. 0 or an error number.
template <class Change>
int change_named(idtype_t idtype, id_t id, Change change)
{
    const bool is_own = id == P_MYID;
    if (idtype == P_LWPID) {
        const int task = is_own ? static_cast<int>(os::kernel_thread_id()) : task_of_lwp(id);
        const int outcome = task != 0 ? change(task) : ESRCH;
        return outcome == os::kChanged ? 0 : outcome;
    }
    if (idtype != P_PID) {
        return ENOTSUP;
    }
    if (!is_own && (id == 0 || id > 0x7fffffff)) {
        return ESRCH;
    }
    return os::change_every_task(is_own ? 0 : static_cast<int>(id), change);
}

}  // namespace

int set_class_parameters(idtype_t idtype, id_t id, const ClassParameters& wanted) noexcept
{
    if (!are_in_range(wanted)) {
        return EINVAL;
    }
    return change_named(idtype, id, [&](int task) {
        ClassParameters now;
        ClassParameters after;
        int error = get_task(task, now);
        if (error == 0) {
            error = wanted.class_id == kRealTime ? set_real_time(task, wanted, now)
                                                 : set_time_sharing(task, wanted, now);
        }
        error = error == 0 ? get_task(task, after) : error;
        if (error == ESRCH && idtype == P_PID) {
            return 0;  // it has ended meanwhile
        }
        return error == 0 && after != now ? os::kChanged : error;
    });
}

// A task that is made meanwhile has its maker's value. So the tasks are listed until all have it;
// of callers at the same time the one that has set the last value finds it everywhere.
int set_nice_of_process(int nice) noexcept
{
    const int wanted = nice < -20 ? -20 : nice > 19 ? 19 : nice;
    const int error = os::change_every_task(0, [&](int task) {
        // The kernel returns 20 - nice.
        if (os::raw_syscall(SYS_getpriority, PRIO_PROCESS, task) == 20 - wanted) {
            return 0;
        }
        const long result = os::raw_syscall(SYS_setpriority, PRIO_PROCESS, task, wanted);
        // ESRCH: it has ended meanwhile.
        return result == 0 ? os::kChanged : result == -ESRCH ? 0 : static_cast<int>(-result);
    });
    if (error == ESRCH) {  // no /proc
        return static_cast<int>(-os::raw_syscall(SYS_setpriority, PRIO_PROCESS, 0, wanted));
    }
    return error;
}

int get_class_parameters(idtype_t idtype, id_t id, id_t class_id, ClassParameters& best) noexcept
{
    bool found = false;
    const int error = change_named(idtype, id, [&](int task) {
        ClassParameters now;
        if (get_task(task, now) != 0 || (class_id != 0 && now.class_id != class_id)) {
            return 0;
        }
        if (!found || now.class_id > best.class_id ||
            (now.class_id == best.class_id && now.priority > best.priority)) {
            best = now;
            found = true;
        }
        return 0;
    });
    return error != 0 || found ? error : ESRCH;
}

}  // namespace lt
