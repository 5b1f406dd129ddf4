// Programs to look at, and lwpinspect run on them.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace inspect_test {

// Generous: a machine under load must not fail a test that is right.
inline constexpr std::chrono::seconds kPatience{60};

// Asks until `predicate` is true or the patience has ended; its last answer.
bool until(const std::function<bool()>& predicate);

// A program that prints lines, then "ready", and ends when its standard input does.
class Target {
  public:
    explicit Target(std::vector<std::string> command);
    ~Target();
    Target(const Target&) = delete;
    Target& operator=(const Target&) = delete;

    [[nodiscard]] pid_t pid() const { return pid_; }
    [[nodiscard]] bool is_ready() const { return ready_; }
    // What it printed before "ready".
    [[nodiscard]] const std::vector<std::string>& lines() const { return lines_; }
    // The next line it prints; empty when it has ended.
    std::string next_line();
    // Whether next_line() has one without waiting.
    bool has_line();
    void send(const std::string& text);
    void close_input();
    void kill();
    // The caller has waited for its end.
    void forget() { pid_ = -1; }

  private:
    pid_t pid_ = -1;
    int input_ = -1;
    int output_ = -1;
    std::string buffer_;
    std::vector<std::string> lines_;
    bool ready_ = false;
};

struct Result {
    int exit_code = -1;                   // 128 + signal when one ended it
    std::chrono::duration<double> cpu{};  // of it and the processes it started
    std::size_t memory = 0;               // bytes, at the most, of the largest of them
    std::string out;
    std::string err;
    [[nodiscard]] std::vector<nlohmann::json> json() const;                 // one a line
    [[nodiscard]] std::map<std::uint64_t, nlohmann::json> threads() const;  // of those, by id
};

// Runs lwpinspect to its end.
Result inspect(const std::vector<std::string>& arguments);
// The same with this file as its standard output.
Result inspect_into(const char* output, const std::vector<std::string>& arguments);
// The same as user nobody; this program must be root's. lwpinspect is executed from an open
// descriptor, so that nobody need be allowed to search the folders it lies in.
Result inspect_as_nobody(const std::vector<std::string>& arguments);
// Waits until `stack --json` shows every thread of the oracle where it says: what it prints comes
// before they get there. `look`: the last of these.
bool settles(const Target& oracle, Result* look = nullptr);
// Starts it with its output thrown away; the caller waits for it.
pid_t start_inspect(const std::vector<std::string>& arguments);

// How often to do something: `usual`, or LWPINSPECT_ROUNDS for longer runs by hand.
int rounds(int usual);

std::vector<pid_t> tasks(pid_t pid);
// The states of all tasks of a process, as /proc has them.
std::string task_states(pid_t pid);

}  // namespace inspect_test
