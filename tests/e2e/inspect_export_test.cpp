// What other programs read: timelines, and stacks for flame graphs.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <map>
#include <regex>
#include <sstream>

#include "e2e/inspect_support.h"

namespace {

using inspect_test::inspect;
using inspect_test::Target;

// "block<next<worker_main", innermost first, as flame graphs have it.
std::string outermost_first(const std::string& chain)
{
    std::istringstream in(chain);
    std::string path;
    for (std::string name; std::getline(in, name, '<');) {
        path = path.empty() ? name : name + ';' + path;
    }
    return path;
}

TEST(Collapsed, HasEveryStackOnce)
{
    Target target({ORACLE_PROGRAM});
    ASSERT_TRUE(target.is_ready());
    const std::string pid = std::to_string(target.pid());
    std::vector<std::string> paths;
    for (const std::string& line : target.lines()) {
        const std::string chain = line.substr(line.rfind(' ') + 1);
        if (line.find(" blocked ") != std::string::npos) {
            paths.push_back(outermost_first(chain));
        }
    }
    std::string missing;
    ASSERT_TRUE(inspect_test::until([&] {
        std::size_t stacks = 0;
        std::map<std::string, std::size_t> counts;
        std::istringstream out(inspect({"stacks", pid, "--collapsed", "--state", "blocked"}).out);
        static const std::regex form("([^; ]+(?:;[^; ]+)*) ([0-9]+)");
        for (std::string line; std::getline(out, line);) {
            std::smatch match;
            if (!std::regex_match(line, match, form)) {
                ADD_FAILURE() << line;
                return true;
            }
            counts[match[1]] += std::stoul(match[2]);
            stacks += std::stoul(match[2]);
        }
        for (const std::string& path : paths) {
            const auto found = std::find_if(counts.begin(), counts.end(), [&](const auto& one) {
                return one.second > 0 && one.first.find(path + ';') != std::string::npos;
            });
            if (found == counts.end()) {
                missing = path;
                return false;  // it is not there yet
            }
            --found->second;
        }
        return stacks == paths.size();
    })) << missing;
}

std::string line_of_file(const std::string& path, std::size_t number)
{
    std::ifstream file(path);
    std::string line;
    for (std::size_t i = 0; i < number; ++i) {
        std::getline(file, line);
    }
    return line;
}

// The line of a frame is that of its call.
TEST(Lines, AreThoseOfTheCalls)
{
    Target target({ORACLE_PROGRAM});
    ASSERT_TRUE(target.is_ready());
    ASSERT_TRUE(inspect_test::settles(target));
    const std::string pid = std::to_string(target.pid());
    const std::map<std::string, std::string> calls{{"holder_main", "sema_wait(&oracle_hold)"},
                                                   {"worker_main", "next("},
                                                   {"step_a", "next(w, level)"},
                                                   {"step_c", "next(w, level)"}};
    std::size_t compared = 0;
    for (const auto& object : inspect({"stack", pid, "--lines", "--json"}).json()) {
        if (object["type"] != "thread" || !object["stack"].is_object()) {
            continue;
        }
        for (const auto& frame : object["stack"]["frames"]) {
            const auto call = frame["fn"].is_null() ? calls.end() : calls.find(frame["fn"]);
            if (call != calls.end() && frame["off"] != 0 && !frame["file"].is_null()) {
                const std::string line = line_of_file(frame["file"], frame["line"]);
                EXPECT_NE(line.find(call->second), std::string::npos)
                    << call->first << " at " << frame["file"] << ':' << frame["line"] << ": "
                    << line;
                ++compared;
            }
        }
    }
    EXPECT_GT(compared, 10U);
    const auto text = inspect({"stack", pid, "-l"}).out;
    EXPECT_NE(text.find("/oracle.c:"), std::string::npos) << text.substr(0, 500);
    EXPECT_EQ(inspect({"stack", pid}).out.find("oracle.c"), std::string::npos);  // on request
}

class Trace : public testing::Test {
  protected:
    void TearDown() override { std::remove(path_.c_str()); }
    nlohmann::json taken(const std::vector<std::string>& arguments, int exit_code)
    {
        std::vector<std::string> words{"trace", "-o", path_};
        words.insert(words.end(), arguments.begin(), arguments.end());
        const auto result = inspect(words);
        EXPECT_EQ(result.exit_code, exit_code) << result.err;
        std::ifstream file(path_);
        return nlohmann::json::parse(file, nullptr, false);
    }
    const std::string path_ =
        testing::TempDir() + "inspect_trace_" + std::to_string(::getpid()) + ".json";
};

TEST_F(Trace, HasEveryThreadAndLwpByNameInOrder)
{
    Target target({ORACLE_PROGRAM});
    ASSERT_TRUE(target.is_ready());
    ASSERT_TRUE(inspect_test::settles(target));
    const std::string pid = std::to_string(target.pid());
    // An LWP gives itself its name, when it gets a processor for the first time.
    ASSERT_TRUE(inspect_test::until([&] {
        return inspect({"lwps", pid}).out.find("lwp/clock") != std::string::npos;
    }));
    const auto trace = taken({pid, "-t", "0.2"}, 0);
    ASSERT_TRUE(trace.is_object());
    std::map<std::string, std::size_t> names;
    std::map<std::string, std::size_t> doing;
    double latest = 0;
    for (const auto& event : trace.at("traceEvents")) {
        if (event.at("ph") == "M") {
            ++names[event.at("args").at("name")];
            continue;
        }
        EXPECT_GE(event.at("ts").get<double>(), latest);
        latest = event.at("ts");
        ++doing[event.at("name")];
    }
    EXPECT_EQ(names["threads of inspect_oracle"], 1U);
    EXPECT_EQ(names["lwp/clock"], 1U);
    for (const std::string& line : target.lines()) {
        std::istringstream in(line);
        std::string word, id;
        in >> word >> id;
        EXPECT_TRUE(std::any_of(names.begin(), names.end(), [&](const auto& name) {
            return name.first.rfind("#" + id + " ", 0) == 0;
        })) << line;
    }
    EXPECT_GE(doing["blocked: mutex oracle_mutex"], 1U);
    EXPECT_GE(doing["in read"], 1U);
    EXPECT_EQ(doing["stopped"], 1U);
}

TEST_F(Trace, KeepsWhatItSawOfAProcessThatEnds)
{
    Target target({ORACLE_PROGRAM});
    ASSERT_TRUE(target.is_ready());
    const pid_t tool = inspect_test::start_inspect(
        {"trace", "-o", path_, "-t", "60", std::to_string(target.pid())});
    // It looks for a minute unless the target ends.
    ASSERT_TRUE(inspect_test::until([&] {
        return inspect({"ps", std::to_string(target.pid())}).exit_code == 0;
    }));
    target.kill();
    int status = 0;
    ASSERT_EQ(::waitpid(tool, &status, 0), tool);
    ASSERT_TRUE(WIFEXITED(status));
    // 3: it had not looked yet.
    EXPECT_TRUE(WEXITSTATUS(status) == 8 || WEXITSTATUS(status) == 3) << WEXITSTATUS(status);
    if (WEXITSTATUS(status) == 8) {
        std::ifstream file(path_);
        EXPECT_TRUE(nlohmann::json::parse(file, nullptr, false).is_object());
    }
}

TEST_F(Trace, SaysWhatIsWrong)
{
    EXPECT_EQ(inspect({"trace", "--perf", "/nonexistent", "-o", path_}).exit_code, 2);
    EXPECT_EQ(inspect({"trace", "--perf", "/dev/null", "-o", path_}).exit_code, 2);
    EXPECT_EQ(inspect({"trace", "99999999", "-o", path_}).exit_code, 3);
    EXPECT_EQ(inspect({"trace", std::to_string(::getpid())}).exit_code, 2);  // where to?
    EXPECT_EQ(inspect({"trace", std::to_string(::getpid()), "-t", "0.01", "-o", "/nonexistent/x"})
                  .exit_code,
              2);
}

}  // namespace
