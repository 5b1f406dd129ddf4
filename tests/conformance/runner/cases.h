// The cases that the program can run: one test with one value of its parameter.
#pragma once

#include <string>
#include <vector>

#include "conformance/runner/statement_table.h"
#include "support/platform.h"

namespace conformance {

struct Case {
    std::string full_name;  // GoogleTest's: "Threads/ThrJoin.S01ReturnsTheStatus.../Unbound"
    std::string name;       // without the prefix: "ThrJoin.S01ReturnsTheStatus.../Unbound"
    std::string page;
    std::vector<std::string> statements;

    // What the tests of the suite need beside the variant's settings.
    [[nodiscard]] std::vector<std::string> needs(const platform::Variant& variant) const;
};

// Every case of the program, page by page.
[[nodiscard]] std::vector<Case> all_cases();

// The first pattern that matches no case, without its '-'; "" if there is none.
[[nodiscard]] std::string unmatched(const std::vector<Case>& cases,
                                    const std::vector<std::string>& patterns);

// Whether the patterns choose the case: one of the including ones, if any, and no excluding one.
[[nodiscard]] bool is_chosen(const Case& test, const std::vector<std::string>& patterns);

}  // namespace conformance
