// What `perf script` prints of the library's probes, as a timeline.
#pragma once

#include <iosfwd>

#include "model/timeline.h"

namespace lwpi {

// The number of events of the library's; lines about anything else are passed over.
std::size_t read_perf_script(std::istream& in, Timeline& timeline);

}  // namespace lwpi
