#include "e2e/inspect_support.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace inspect_test {
namespace {

struct Pipe {
    Pipe()
    {
        if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
            throw std::runtime_error("pipe2");
        }
    }
    std::array<int, 2> ends{};
};

// In the child between fork and exec: nothing that allocates.
[[noreturn]] void become(std::vector<char*>& arguments)
{
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::execv(arguments[0], arguments.data());
    ::_exit(127);
}

std::vector<char*> pointers(std::vector<std::string>& words)
{
    std::vector<char*> result;
    for (std::string& word : words) {
        result.push_back(word.data());
    }
    result.push_back(nullptr);
    return result;
}

std::vector<std::string> tool_command(const std::vector<std::string>& arguments)
{
    std::vector<std::string> command{LWPINSPECT_PROGRAM};
    command.insert(command.end(), arguments.begin(), arguments.end());
    return command;
}

int exit_code_of(int status)
{
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int wait_for(pid_t pid)
{
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {}
    return exit_code_of(status);
}

}  // namespace

bool until(const std::function<bool()>& predicate)
{
    const auto end = std::chrono::steady_clock::now() + kPatience;
    while (!predicate()) {
        if (std::chrono::steady_clock::now() > end) {
            return predicate();
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return true;
}

Target::Target(std::vector<std::string> command)
{
    Pipe in;
    Pipe out;
    std::vector<char*> arguments = pointers(command);
    pid_ = ::fork();
    if (pid_ == 0) {
        ::dup2(in.ends[0], STDIN_FILENO);
        ::dup2(out.ends[1], STDOUT_FILENO);
        become(arguments);
    }
    ::close(in.ends[0]);
    ::close(out.ends[1]);
    input_ = in.ends[1];
    output_ = out.ends[0];
    for (std::string line = next_line(); !line.empty(); line = next_line()) {
        if (line == "ready") {
            ready_ = true;
            break;
        }
        lines_.push_back(line);
    }
}

Target::~Target()
{
    kill();
    ::close(output_);
}

void Target::kill()
{
    close_input();
    if (pid_ > 0) {
        ::kill(pid_, SIGKILL);
        wait_for(pid_);
        pid_ = -1;
    }
}

void Target::close_input()
{
    if (input_ >= 0) {
        ::close(input_);
        input_ = -1;
    }
}

bool Target::has_line()
{
    pollfd wait{output_, POLLIN, 0};
    std::array<char, 4096> bytes{};
    if (buffer_.find('\n') == std::string::npos && ::poll(&wait, 1, 0) > 0) {
        const ssize_t got = ::read(output_, bytes.data(), bytes.size());
        buffer_.append(bytes.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
    }
    return buffer_.find('\n') != std::string::npos;
}

void Target::send(const std::string& text)
{
    if (::write(input_, text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
        throw std::runtime_error("write to a target");
    }
}

std::string Target::next_line()
{
    for (;;) {
        if (const auto end = buffer_.find('\n'); end != std::string::npos) {
            const std::string line = buffer_.substr(0, end);
            buffer_.erase(0, end + 1);
            return line;
        }
        pollfd wait{output_, POLLIN, 0};
        std::array<char, 4096> bytes{};
        const int limit = static_cast<int>(std::chrono::milliseconds(kPatience).count());
        if (::poll(&wait, 1, limit) <= 0) {
            return {};
        }
        const ssize_t got = ::read(output_, bytes.data(), bytes.size());
        if (got <= 0) {
            return {};
        }
        buffer_.append(bytes.data(), static_cast<std::size_t>(got));
    }
}

std::vector<nlohmann::json> Result::json() const
{
    std::vector<nlohmann::json> objects;
    std::istringstream lines(out);
    for (std::string line; std::getline(lines, line);) {
        objects.push_back(nlohmann::json::parse(line));
    }
    return objects;
}

std::map<std::uint64_t, nlohmann::json> Result::threads() const
{
    std::map<std::uint64_t, nlohmann::json> threads;
    for (const nlohmann::json& object : json()) {
        if (object["type"] == "thread") {
            threads[object["id"]] = object;
        }
    }
    return threads;
}

namespace {

enum class User : unsigned char { kSelf, kNobody };

Result run_tool(const std::vector<std::string>& arguments, User user, const char* output = nullptr)
{
    constexpr uid_t kNobody = 65534;
    const int program = ::open(LWPINSPECT_PROGRAM, O_RDONLY);
    Pipe out;
    Pipe err;
    std::vector<std::string> command = tool_command(arguments);
    std::vector<char*> words = pointers(command);
    const pid_t pid = ::fork();
    if (pid == 0) {
        ::dup2(output == nullptr ? out.ends[1] : ::open(output, O_WRONLY), STDOUT_FILENO);
        ::dup2(err.ends[1], STDERR_FILENO);
        if (user == User::kNobody) {
            if (::setgid(kNobody) == 0 && ::setuid(kNobody) == 0) {
                ::fexecve(program, words.data(), environ);
            }
            ::_exit(127);
        }
        become(words);
    }
    ::close(program);
    ::close(out.ends[1]);
    ::close(err.ends[1]);
    Result result;
    std::array<pollfd, 2> waits{{{out.ends[0], POLLIN, 0}, {err.ends[0], POLLIN, 0}}};
    std::array<std::string*, 2> texts{&result.out, &result.err};
    for (int open = 2; open > 0;) {
        ::poll(waits.data(), waits.size(), -1);
        for (std::size_t i = 0; i < waits.size(); ++i) {
            if (waits[i].fd < 0 || waits[i].revents == 0) {
                continue;
            }
            std::array<char, 65536> bytes{};
            const ssize_t got = ::read(waits[i].fd, bytes.data(), bytes.size());
            if (got > 0) {
                texts[i]->append(bytes.data(), static_cast<std::size_t>(got));
            } else {
                ::close(waits[i].fd);
                waits[i].fd = -1;
                --open;
            }
        }
    }
    rusage used{};
    int status = 0;
    while (::wait4(pid, &status, 0, &used) < 0 && errno == EINTR) {}
    result.exit_code = exit_code_of(status);
    for (const timeval& part : {used.ru_utime, used.ru_stime}) {
        result.cpu += std::chrono::seconds(part.tv_sec) + std::chrono::microseconds(part.tv_usec);
    }
    result.memory = static_cast<std::size_t>(used.ru_maxrss) * 1024;
    return result;
}

}  // namespace

Result inspect(const std::vector<std::string>& arguments)
{
    return run_tool(arguments, User::kSelf);
}

Result inspect_into(const char* output, const std::vector<std::string>& arguments)
{
    return run_tool(arguments, User::kSelf, output);
}

Result inspect_as_nobody(const std::vector<std::string>& arguments)
{
    return run_tool(arguments, User::kNobody);
}

namespace {

// "thread 7 blocked cond oracle_cond - - block<next<worker_main"
bool is_as_told(const std::string& line, const std::map<std::uint64_t, nlohmann::json>& threads)
{
    std::istringstream in(line);
    std::string word, state;
    std::uint64_t id = 0;
    in >> word >> id >> state;
    const std::string functions = line.substr(line.rfind(' ') + 1);
    const auto thread = threads.find(id);
    if (thread == threads.end() || thread->second["state"] != state) {
        return false;
    }
    if (functions == "-") {
        return true;
    }
    const nlohmann::json& stack = thread->second["stack"];
    std::string seen = "<";
    for (const nlohmann::json& frame : stack["frames"]) {
        seen += (frame["fn"].is_null() ? "?" : frame["fn"].get<std::string>()) + '<';
    }
    // The main thread may have been called to its end, and be still on its way into the kernel.
    const bool asleep =
        !functions.starts_with("wait_for_end") || thread->second["syscall"].is_object();
    return asleep && stack["end"] == "entry" &&
           seen.find('<' + functions + '<') != std::string::npos;
}

}  // namespace

bool settles(const Target& oracle, Result* look)
{
    return until([&] {
        Result result = inspect({"stack", std::to_string(oracle.pid()), "--json"});
        const auto threads = result.threads();
        if (look != nullptr) {
            *look = std::move(result);
        }
        return std::all_of(oracle.lines().begin(), oracle.lines().end(),
                           [&](const std::string& line) { return is_as_told(line, threads); });
    });
}

pid_t start_inspect(const std::vector<std::string>& arguments)
{
    std::vector<std::string> command = tool_command(arguments);
    std::vector<char*> words = pointers(command);
    const pid_t pid = ::fork();
    if (pid == 0) {
        const int nowhere = ::open("/dev/null", O_WRONLY);
        ::dup2(nowhere, STDOUT_FILENO);
        ::dup2(nowhere, STDERR_FILENO);
        become(words);
    }
    return pid;
}

int rounds(int usual)
{
    const char* const wanted = std::getenv("LWPINSPECT_ROUNDS");
    return wanted == nullptr ? usual : std::atoi(wanted);
}

std::vector<pid_t> tasks(pid_t pid)
{
    std::vector<pid_t> numbers;
    std::error_code ignored;
    const std::string directory = "/proc/" + std::to_string(pid) + "/task";
    for (const auto& task : std::filesystem::directory_iterator(directory, ignored)) {
        numbers.push_back(std::stoi(task.path().filename()));
    }
    return numbers;
}

std::string task_states(pid_t pid)
{
    std::string states;
    for (const pid_t task : tasks(pid)) {
        std::ifstream file("/proc/" + std::to_string(pid) + "/task/" + std::to_string(task) +
                           "/stat");
        std::string text;
        std::getline(file, text);
        const auto close = text.rfind(')');
        states += close == std::string::npos || close + 2 >= text.size() ? '?' : text[close + 2];
    }
    return states;
}

}  // namespace inspect_test
