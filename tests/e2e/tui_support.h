// A program for the screens of lwpinspect to show: tui_target.
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <stdexcept>
#include <string>

namespace tui_test {

inline constexpr int kClerks = 40;
inline constexpr int kThreads = kClerks + 6;

// The program looked at: alive from when all its threads have started until the end of the object.
class Target {
  public:
    explicit Target(int clerks = kClerks);
    Target(const Target&) = delete;
    Target& operator=(const Target&) = delete;
    ~Target() { kill(); }

    [[nodiscard]] std::string pid() const { return std::to_string(pid_); }
    void kill();

  private:
    pid_t pid_ = -1;
    int input_ = -1;  // its standard input: it lives as long as this is open
};

inline Target::Target(int clerk_count)
{
    std::array<int, 2> input{};
    std::array<int, 2> output{};
    if (pipe2(input.data(), O_CLOEXEC) != 0 || pipe2(output.data(), O_CLOEXEC) != 0) {
        throw std::runtime_error("pipe2 failed");
    }
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, input[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, output[1], STDOUT_FILENO);
    std::string program = TUI_TARGET;
    std::string clerks = std::to_string(clerk_count);
    std::array<char*, 3> arguments{program.data(), clerks.data(), nullptr};
    const int error =
        posix_spawn(&pid_, program.c_str(), &actions, nullptr, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    close(input[0]);
    close(output[1]);
    input_ = input[1];
    std::array<char, 16> line{};
    const bool ready = error == 0 && ::read(output[0], line.data(), line.size() - 1) > 0;
    close(output[0]);
    if (!ready) {
        throw std::runtime_error("the target does not start");
    }
}

inline void Target::kill()
{
    if (pid_ > 0) {
        ::kill(pid_, SIGKILL);
        waitpid(pid_, nullptr, 0);
        close(input_);
        pid_ = -1;
    }
}

}  // namespace tui_test
