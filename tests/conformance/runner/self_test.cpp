// Tests for the runner, one for each way in which a test can end; check_program.py looks at what
// the runner says of them. They have a program of their own, runner_cases.
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

#include "conformance/runner/statement_table.h"
#include "support/child.h"

TEST(Runner, Passes)
{
    SUCCEED();
}

TEST(Runner, Fails)
{
    std::puts("a line of output, \"quoted\" \\ and with a tab\t");
    EXPECT_EQ(1, 2) << "as it must";
}

TEST(Runner, IsSkipped)
{
    GTEST_SKIP() << "for a # reason";
}

TEST(Runner, Crashes)
{
    std::signal(SIGABRT, SIG_DFL);
    std::abort();
}

// The status says that all is well, and the test has not ended.
TEST(Runner, ExitsEarly)
{
    _exit(0);
}

TEST(Runner, Hangs)
{
    for (;;) {
        pause();
    }
}

namespace conformance {

const std::vector<Statement>& statements()
{
    using Kind = Statement::Kind;
    static const std::vector<Statement> all{
        {"RUN-01", "good", Kind::kTested, "passes", ""},
        {"RUN-02", "bad", Kind::kTested, "fails", ""},
        {"RUN-03", "good", Kind::kTested, "is skipped", ""},
        {"RUN-04", "bad", Kind::kTested, "ends otherwise", ""},
        {"RUN-05", "good", Kind::kUntestable, "", "a reason"},
        {"RUN-06", "good", Kind::kCompiled, "compiles", ""},
    };
    return all;
}

const std::vector<TestEntry>& test_entries()
{
    static const std::vector<TestEntry> all{
        {"Runner.Passes", "good", "RUN-01"},    {"Runner.Fails", "bad", "RUN-02"},
        {"Runner.IsSkipped", "good", "RUN-03"}, {"Runner.Crashes", "bad", "RUN-04"},
        {"Runner.ExitsEarly", "bad", "RUN-04"}, {"Runner.Hangs", "bad", "RUN-04"},
    };
    return all;
}

}  // namespace conformance
