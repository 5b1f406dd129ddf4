// The command line of thr_conformance.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "support/platform.h"

namespace conformance {

struct Options {
    enum class Format { kText, kJson, kTap };

    std::vector<std::string> filters;  // patterns; those that begin with '-' exclude
    std::vector<platform::Variant> variants;
    std::chrono::seconds time_limit{60};
    std::string on_hang;  // a command; %p stands for the process
    Format format = Format::kText;
    int jobs = 1;
    bool list = false;
    bool verbose = false;
    bool help = false;
};

// nullopt: the command line is wrong, and standard error says how.
[[nodiscard]] std::optional<Options> parse_options(int argc, char** argv);

void print_help(const char* program);

}  // namespace conformance
