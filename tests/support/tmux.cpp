#include "support/tmux.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace support {

namespace {

// This process' environment with `changes` ("NAME=value") and without what tmux would take for its
// own.
std::vector<std::string> environment_with(const std::vector<std::string>& changes)
{
    std::vector<std::string> result = changes;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view text = *entry;
        const std::string_view name = text.substr(0, text.find('='));
        bool changed = name.substr(0, 4) == "TMUX" || name == "ENV" || name.substr(0, 3) == "LC_";
        for (const std::string& change : changes) {
            changed = changed || name == std::string_view(change).substr(0, change.find('='));
        }
        if (!changed) {
            result.emplace_back(text);
        }
    }
    return result;
}

std::vector<char*> pointers(std::vector<std::string>& texts)
{
    std::vector<char*> result;
    for (std::string& text : texts) {
        result.push_back(text.data());
    }
    result.push_back(nullptr);
    return result;
}

std::string read_all(int fd)
{
    std::string text;
    std::array<char, 4096> buffer{};
    for (ssize_t got = 0; (got = ::read(fd, buffer.data(), buffer.size())) > 0;) {
        text.append(buffer.data(), static_cast<std::size_t>(got));
    }
    return text;
}

// Runs a program to its end; returns its exit status and output.
std::pair<int, std::string> run_program(std::vector<std::string> arguments,
                                        const std::vector<std::string>& changes)
{
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) {
        throw std::runtime_error("pipe2 failed");
    }
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
    std::vector<std::string> environment = environment_with(changes);
    pid_t pid = 0;
    const int error = posix_spawnp(&pid, arguments.front().c_str(), &actions, nullptr,
                                   pointers(arguments).data(), pointers(environment).data());
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    const std::string output = read_all(ends[0]);
    close(ends[0]);
    int status = -1;
    if (error == 0) {
        waitpid(pid, &status, 0);
    }
    return {error == 0 && WIFEXITED(status) ? WEXITSTATUS(status) : -1, output};
}

}  // namespace

bool TmuxSession::is_available()
{
    return run_program({"tmux", "-V"}, {}).first == 0;
}

TmuxSession::TmuxSession(int columns, int rows, const std::string& locale)
{
    std::string name = (std::filesystem::temp_directory_path() / "screen-test-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) {
        throw std::runtime_error("no directory for tmux' socket: " + name);
    }
    directory_ = name;
    const std::string width = std::to_string(columns);
    const std::string height = std::to_string(rows);
    // tmux itself always in UTF-8: it is what the letters on its screen are told in.
    const auto [status, output] = run_program(
        {"tmux", "-S", directory_ + "/socket", "-f", "/dev/null", "new-session", "-d", "-x", width,
         "-y", height, "env", "LC_ALL=" + locale, "PS1=$ ", "sh"},
        {"LC_ALL=C.UTF-8", "TERM=xterm-256color", "HOME=" + directory_, "LINES=", "COLUMNS="});
    if (status != 0) {
        std::filesystem::remove_all(directory_);
        throw std::runtime_error("tmux does not start: " + output);
    }
    if (!wait_for("$")) {
        throw std::runtime_error("no prompt: " + screen());
    }
}

TmuxSession::~TmuxSession()
{
    run_program({"tmux", "-S", directory_ + "/socket", "kill-server"}, {});
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
}

std::string TmuxSession::tmux(const std::vector<std::string>& arguments) const
{
    std::vector<std::string> all{"tmux", "-u", "-S", directory_ + "/socket"};
    all.insert(all.end(), arguments.begin(), arguments.end());
    auto [status, output] = run_program(std::move(all), {"LC_ALL=C.UTF-8"});
    if (status != 0) {
        throw std::runtime_error("tmux " + arguments.front() + ": " + output);
    }
    return output;
}

void TmuxSession::type(const std::string& text)
{
    tmux({"send-keys", "-l", "--", text});
}

void TmuxSession::press(const std::vector<std::string>& keys)
{
    std::vector<std::string> arguments{"send-keys", "--"};
    arguments.insert(arguments.end(), keys.begin(), keys.end());
    tmux(arguments);
}

void TmuxSession::run(const std::string& command)
{
    type(command);
    press({"Enter"});
}

void TmuxSession::resize(int columns, int rows)
{
    tmux({"resize-window", "-x", std::to_string(columns), "-y", std::to_string(rows)});
}

std::string TmuxSession::screen() const
{
    return tmux({"capture-pane", "-p"});
}

bool TmuxSession::wait_until(const std::function<bool(const std::string&)>& predicate) const
{
    const auto end = std::chrono::steady_clock::now() + kScreenPatience;
    while (!predicate(screen())) {
        if (std::chrono::steady_clock::now() > end) {
            return predicate(screen());
        }
        const timespec pause{0, 20'000'000};
        nanosleep(&pause, nullptr);
    }
    return true;
}

bool TmuxSession::wait_for(const std::string& text) const
{
    return wait_until(
        [&text](const std::string& screen) { return screen.find(text) != std::string::npos; });
}

bool TmuxSession::is_alternate() const
{
    return tmux({"display-message", "-p", "#{alternate_on}"}).substr(0, 1) == "1";
}

bool TmuxSession::is_cursor_visible() const
{
    return tmux({"display-message", "-p", "#{cursor_flag}"}).substr(0, 1) == "1";
}

}  // namespace support
