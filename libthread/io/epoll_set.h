// The process's epoll instance, and the bell in it by which the LWP that waits there is woken.
#pragma once

#include <sys/epoll.h>

#include <array>
#include <cstdint>

#include "sched/poll_hooks.h"

namespace lt::io {

// The bell's data in an event; otherwise the descriptor's number.
inline constexpr std::uint64_t kBell = ~std::uint64_t{0};

inline bool is_bell(const epoll_event& event)
{
    return event.data.u64 == kBell;
}

// The kernel lets its table of descriptors grow up to where our own will be, to 2,048. Where tasks
// share the table that takes an RCU grace period, 5 to 15 ms, and it would be the first thread that
// parks, or opens its 65th, 129th and so on, who waits; while the process is one task, 15 µs.
void make_room_in_descriptor_table() noexcept;

// Makes both, at the first use. False: no descriptor or no memory left.
bool open_epoll_set() noexcept;

bool has_epoll_set() noexcept;

// The process whose descriptors all this is about: at the start, and in a child of fork.
void claim_descriptors() noexcept;

// Whether they are the caller's. A child of vfork finds its parent's memory, not its descriptors.
bool owns_descriptors() noexcept;

// epoll_ctl(2): 0 or a negative error number.
long control_epoll(int operation, int fd, std::uint32_t events, std::uint64_t data) noexcept;

// How many are ready, or a negative error number; waits until `until`, 0: for ever, 1: not at all.
int wait_for_events(ReadyEvents& ready, std::int64_t until) noexcept;

// The bell stays rung for whoever looks in passing; its ringing was meant for the watcher, who
// calls this.
void quiet_bell(const ReadyEvents& ready) noexcept;

// Takes a descriptor of the library's own to where programs do not look for theirs, if there is
// room: select(2) reaches no further, and the lowest free number stays free. Its number then.
int move_up(int fd) noexcept;

// The two descriptors; -1: not open.
std::array<int, 2> own_fds() noexcept;

// In the child of fork.
void reset_epoll_set() noexcept;

// In a copy of the process with all its threads: both are made anew under the same numbers, which
// threads may have in their hands; nothing is in the set but the bell, rung once in place of rings
// that were lost. False: no descriptor or no memory left.
[[nodiscard]] bool renew_epoll_set() noexcept;

}  // namespace lt::io
