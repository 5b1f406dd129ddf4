// `lwpinspect top`: the screens that follow one process.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "model/snapshot_source.h"

namespace lwpi::tui {

// Whether colours may be used; the caller knows NO_COLOR and --no-color.
enum class Colour : std::uint8_t { kAllowed, kNever };

struct TopOptions {
    SnapshotRequest request;  // mode, max_threads and timeout are taken from here
    std::chrono::milliseconds interval{2000};
    Colour colour = Colour::kAllowed;
    // Writes a picture to a file; returns a sentence for the user.
    std::function<std::string(const Snapshot&)> save;
};

// Shows `source` on the terminal until the user leaves. Returns the program's exit code: 0, 3
// when the process ended before its first picture, 128 plus the signal that ended the program.
// Throws TargetError: kUsage without a usable terminal, or what take() threw the first time. The
// terminal is as it was on every way out.
[[nodiscard]] int run_top(SnapshotSource& source, const TopOptions& options);

}  // namespace lwpi::tui
