// What fork needs of the scheduler.
#pragma once

namespace lt {

// In the child: no LWP but the caller's, nothing queued, no deadlines, no clock LWP.
void reset_scheduler_after_fork() noexcept;

// Its parts, each in the file whose state it resets.
void reset_spilling_after_fork() noexcept;
void reset_timeouts_after_fork() noexcept;
void reset_spares_after_fork() noexcept;
void reset_clock_after_fork() noexcept;

}  // namespace lt
