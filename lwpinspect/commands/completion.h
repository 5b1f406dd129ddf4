// Completion for shells, from the program's own list of verbs and options.
#pragma once

#include <string>
#include <vector>

#include "options.h"

namespace lwpi {

// A script for "bash", "zsh" or "fish". Throws TargetError kUsage for another one.
[[nodiscard]] std::string completion_script(const std::string& shell, const CommandTable& table);

}  // namespace lwpi
