// A timeline in the format that Perfetto and Chrome's trace viewer read.
#pragma once

#include <iosfwd>

#include "model/timeline.h"

namespace lwpi {

// Times are microseconds from the first event on. Threads and LWPs are two processes there; events
// stand in the order of their times.
void write_trace(const Timeline& timeline, std::ostream& out);

}  // namespace lwpi
