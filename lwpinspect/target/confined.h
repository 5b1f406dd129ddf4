// Work on bytes that somebody else wrote, in a child process that can do nothing but that.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>

namespace lwpi {

// What the work may take; beyond it there is no answer.
struct ConfinedLimits {
    std::size_t memory = std::size_t{128} << 20U;  // on top of what the process has already
    std::size_t answer = std::size_t{48} << 20U;
    unsigned cpu_seconds = 1;
    std::chrono::milliseconds time{10'000};  // where reading itself hangs
};

// What `work` returns. It runs in a copy of this process that keeps `files` as its only open
// descriptors and, where the kernel allows, may neither open others nor start or signal anything.
// nullopt: it crashed, threw or needed more than `limits`. Safe to call in any thread.
[[nodiscard]] std::optional<std::string> run_confined(std::span<const int> files,
                                                      const std::function<std::string()>& work,
                                                      const ConfinedLimits& limits = {});

}  // namespace lwpi
