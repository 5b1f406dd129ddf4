// glibc's signal for cancellation, on a kernel task that outlives the cancelled thread.
#pragma once

namespace lt::os {

// Once glibc has installed its handler, which is left by unwinding: the signal stays open in it, or
// the LWP would have it blocked for the threads that it carries next. May be called again.
void keep_cancel_signal_open() noexcept;

}  // namespace lt::os
