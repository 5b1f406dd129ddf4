#include "sched/busy.h"

#include <fcntl.h>

#include <cstring>

#include "os/clock.h"
#include "os/syscall.h"
#include "os/text.h"

namespace lt {
namespace {

// Half a tick of the clock LWP's. In all: on a busy machine an LWP gets less between two looks.
constexpr std::int64_t kLongNs = 5'000'000;

// The kernel's word for what a task does: 'R' runs or would, 'S' and 'D' sleep in a call, 't' is
// held by a debugger.
char kernel_state(std::uint32_t tid)
{
    char path[48];
    char* end = os::put_text(path, "/proc/self/task/");
    end = os::put_number(end, tid);
    *os::put_text(end, "/stat") = '\0';
    const long fd =
        os::raw_syscall(SYS_openat, AT_FDCWD, os::syscall_argument(&path[0]), O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return '?';
    }
    char text[128];
    const long got =
        os::raw_syscall(SYS_read, fd, os::syscall_argument(&text[0]), sizeof(text) - 1);
    os::raw_syscall(SYS_close, fd);
    if (got <= 0) {
        return '?';
    }
    text[got] = '\0';
    const char* name_end = std::strrchr(text, ')');
    return name_end != nullptr && name_end[1] == ' ' ? name_end[2] : '?';
}

// The kernel's word was asked for after the look at the pool: it may have been the sleep of one
// that had run out of work by then.
bool went_on_since(const Lwp& lwp, std::uint64_t dispatches)
{
    // Who searches may nap, see leave_to_others(); who has parked found no work after the look.
    // relaxed, both: compared with an earlier reading; a guess.
    const LwpState state = lwp.state.load(memory_order_relaxed);
    return lwp.dispatches.load(memory_order_relaxed) != dispatches || state == LwpState::kParked ||
           state == LwpState::kSearching;
}

}  // namespace

Busy BusyLwps::count(const std::uint64_t* seen, Stall stall) noexcept
{
    Busy busy;
    const std::uint32_t limit = pool_members.limit();
    for (std::uint32_t i = 0; i < limit; ++i) {
        const Lwp* lwp = pool_members.at(i);
        if (lwp == nullptr) {
            continue;
        }
        const std::uint32_t tid = lwp->tid.load(memory_order_relaxed);  // relaxed: a guess
        const char state = kernel_state(tid);
        const std::int64_t used = os::task_cpu_time(tid);
        const std::int64_t before = last_ns_[i];
        last_ns_[i] = used;
        if (stall == Stall::kBegins) {
            begun_ns_[i] = used;
        }
        // No answer (no descriptor left, no /proc): no processor time tells the same, a look later.
        const bool asleep =
            state == 'S' || state == 'D' || state == 't' || (state == '?' && used == before);
        if (asleep && !went_on_since(*lwp, seen[i])) {
            continue;
        }
        ++busy.awake;
        busy.computing = busy.computing || used - begun_ns_[i] >= kLongNs;
    }
    return busy;
}

}  // namespace lt
