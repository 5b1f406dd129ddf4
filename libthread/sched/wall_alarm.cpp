#include "sched/wall_alarm.h"

#include <csignal>
#include <ctime>

#include "base/deadline.h"
#include "os/kernel_thread.h"
#include "os/syscall.h"
#include "sched/settings.h"

namespace lt {
namespace {

// The clock LWP's own, and the child's of a fork. `owner`: the process that has made it; a copy of
// that has no timer.
struct Alarm {
    std::int32_t owner = 0;
    int timer = 0;
};
constinit Alarm alarm;

bool make_alarm()
{
    const std::int32_t process = os::process_id();
    if (alarm.owner == process) {
        return true;
    }
    sigevent event{};
    event.sigev_signo = settings.kick_signal;
    event.sigev_notify = SIGEV_THREAD_ID;
    event._sigev_un._tid = static_cast<pid_t>(os::kernel_thread_id());
    int timer = 0;
    if (os::raw_syscall(SYS_timer_create, CLOCK_REALTIME, os::syscall_argument(&event),
                        os::syscall_argument(&timer)) != 0) {
        return false;
    }
    alarm = {process, timer};
    return true;
}

}  // namespace

bool set_wall_alarm(std::int64_t deadline_ns) noexcept
{
    itimerspec time{};
    time.it_value = {deadline_ns / kNanosPerSecond, deadline_ns % kNanosPerSecond};
    return make_alarm() && os::raw_syscall(SYS_timer_settime, alarm.timer, TIMER_ABSTIME,
                                           os::syscall_argument(&time), 0) == 0;
}

void forget_wall_alarm() noexcept
{
    alarm = {};
}

}  // namespace lt
