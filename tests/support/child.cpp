#include "support/child.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "support/platform.h"

extern "C" char** environ;

namespace child {
namespace {

constexpr const char* kNameVariable = "LT_TEST_CHILD";
constexpr const char* kArgumentVariable = "LT_TEST_CHILD_ARGUMENT";

Program* programs = nullptr;

std::string name_of(const std::string& setting)
{
    return setting.substr(0, setting.find('='));
}

// This process' environment with the changes applied and the program named.
std::vector<std::string> make_environment(const Program& program, const Options& options)
{
    std::vector<std::string> changes = options.environment;
    changes.push_back(std::string{kNameVariable} + "=" + program.name());
    changes.push_back(std::string{kArgumentVariable} + "=" + std::to_string(options.argument));

    std::vector<std::string> result;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        bool changed = false;
        for (const std::string& change : changes) {
            changed = changed || name_of(change) == name_of(*entry);
        }
        if (!changed) {
            result.emplace_back(*entry);
        }
    }
    for (const std::string& change : changes) {
        if (change.find('=') != std::string::npos) {
            result.push_back(change);
        }
    }
    return result;
}

pid_t start(const Program& program, const Options& options, int output)
{
    const std::vector<std::string> settings = make_environment(program, options);
    std::vector<char*> pointers;
    for (const std::string& setting : settings) {
        pointers.push_back(const_cast<char*>(setting.c_str()));
    }
    pointers.push_back(nullptr);
    std::array<char*, 2> arguments{const_cast<char*>(program.name()), nullptr};

    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO);
    pid_t pid = -1;
    const int error = posix_spawn(&pid, platform::own_executable(), &actions, nullptr,
                                  arguments.data(), pointers.data());
    posix_spawn_file_actions_destroy(&actions);
    if (error != 0) {
        std::fprintf(stderr, "cannot start child %s: %s\n", program.name(), std::strerror(error));
        return -1;
    }
    return pid;
}

std::string read_all(int file)
{
    std::string text;
    std::array<char, 4096> piece{};
    ssize_t size = 0;
    off_t at = 0;
    while ((size = pread(file, piece.data(), piece.size(), at)) > 0) {
        text.append(piece.data(), static_cast<std::size_t>(size));
        at += size;
    }
    return text;
}

}  // namespace

Program::Program(const char* name, Body body) : name_{name}, body_{body}, next_{programs}
{
    programs = this;
}

bool requested(Program::Body& body)
{
    const char* const name = std::getenv(kNameVariable);
    if (name == nullptr) {
        return false;
    }
    for (const Program* program = programs; program != nullptr; program = program->next_) {
        if (std::strcmp(program->name(), name) == 0) {
            body = program->body_;
            return true;
        }
    }
    std::fprintf(stderr, "no child program %s\n", name);
    std::exit(127);
}

long argument()
{
    const char* const text = std::getenv(kArgumentVariable);
    return text == nullptr ? 0 : std::strtol(text, nullptr, 10);
}

Outcome run(const Program& program, const Options& options)
{
    Outcome outcome;
    const int output = platform::anonymous_file();
    const pid_t pid = output < 0 ? -1 : start(program, options, output);
    if (pid < 0) {
        close(output);
        return outcome;
    }

    int status = 0;
    const auto ended = [&] { return waitpid(pid, &status, WNOHANG) == pid; };
    if (!bounded::until(ended, options.limit)) {
        outcome.timed_out = true;
        kill(pid, SIGKILL);
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {}
    }
    outcome.exited = WIFEXITED(status);
    if (outcome.exited) {
        outcome.exit_status = WEXITSTATUS(status);
    }
    outcome.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    outcome.output = read_all(output);
    close(output);
    return outcome;
}

std::string Outcome::describe() const
{
    std::string text = timed_out     ? "still ran after its time limit"
                       : exited      ? "exited with " + std::to_string(exit_status)
                       : signal != 0 ? "killed by signal " + std::to_string(signal)
                                     : "could not be started";
    return text + "; output: " + output;
}

}  // namespace child
