// The statements of the manual pages and the tests that check them; made from the tests' comments
// by statements.py.
#pragma once

#include <vector>

namespace conformance {

struct Statement {
    enum class Kind {
        kTested,      // by tests of this program
        kCompiled,    // by the compiler: this program would not exist
        kElsewhere,   // by a build of its own
        kUntestable,  // not at all; the remark says why
    };

    const char* id;    // "THR-JOIN-01"
    const char* page;  // "thr_join"
    Kind kind;
    const char* text;
    const char* remark;  // a deviation, or why there is no test; or empty
};

struct TestEntry {
    const char* test;  // "ThrJoin.S01ReturnsTheStatusOfAnEndedThread"
    const char* page;
    const char* statements;  // ids, separated by blanks
};

// Ordered by group and number.
[[nodiscard]] const std::vector<Statement>& statements();
[[nodiscard]] const std::vector<TestEntry>& test_entries();

}  // namespace conformance
