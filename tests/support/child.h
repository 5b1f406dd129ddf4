// Programs that run in a process of their own: what ends, kills or confuses a process is tested
// there.
//
// A test binary holds its child programs as static objects; run() executes the binary anew and has
// main() call the program instead of the tests. The child is therefore a fresh process with one
// thread, and a child program that returns does what returning from main does.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "support/bounded.h"

namespace child {

// A child program. `body` returns the value that main returns.
class Program {
  public:
    using Body = int (*)();

    Program(const char* name, Body body);
    Program(const Program&) = delete;
    Program& operator=(const Program&) = delete;

    [[nodiscard]] const char* name() const { return name_; }

  private:
    friend bool requested(Body& body);

    const char* name_;
    Body body_;
    Program* next_;
};

struct Options {
    // Changes to the environment: "NAME=value" sets, "NAME" alone removes.
    std::vector<std::string> environment{};
    // What the child gets from argument().
    long argument = 0;
    std::chrono::seconds limit = bounded::kPatience;
};

struct Outcome {
    bool exited = false;
    int exit_status = -1;
    int signal = 0;          // that killed it
    bool timed_out = false;  // then it was killed by run()
    std::string output;      // standard output and standard error

    // "exited with 3; output: ..."
    [[nodiscard]] std::string describe() const;
};

// Runs `program` and waits for its end, no longer than the limit.
[[nodiscard]] Outcome run(const Program& program, const Options& options = {});

// For the child: the number given in Options.
[[nodiscard]] long argument();

// For main(): whether this process was started by run(); if so, `body` is what to call.
[[nodiscard]] bool requested(Program::Body& body);

}  // namespace child
