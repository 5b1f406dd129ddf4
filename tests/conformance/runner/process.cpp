#include "conformance/runner/process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <utility>

extern "C" char** environ;

namespace conformance {
namespace {

constexpr const char* kCaseVariable = "LT_CONFORMANCE_CASE";
constexpr const char* kVerdictVariable = "LT_CONFORMANCE_VERDICT";
constexpr int kVerdictFile = 3;  // in the process of the case

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

std::string name_of_setting(const std::string& setting)
{
    return setting.substr(0, setting.find('='));
}

// This process' environment with `changes` in the place of what they set.
std::vector<std::string> changed_environment(const std::vector<std::string>& changes)
{
    std::vector<std::string> result = changes;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        bool changed = false;
        for (const std::string& change : changes) {
            changed = changed || name_of_setting(change) == name_of_setting(*entry);
        }
        if (!changed) {
            result.emplace_back(*entry);
        }
    }
    return result;
}

// Appends; of two settings of one variable the later one counts.
void add_settings(std::vector<std::string>& settings, const std::vector<std::string>& more)
{
    for (const std::string& setting : more) {
        std::erase_if(settings, [&](const std::string& before) {
            return name_of_setting(before) == name_of_setting(setting);
        });
        settings.push_back(setting);
    }
}

// Starts the program anew: output to `output`, in a process group of its own, no signal blocked.
int spawn(pid_t& pid, const std::vector<std::string>& settings, int output, int verdict)
{
    std::vector<char*> environment;
    for (const std::string& setting : settings) {
        environment.push_back(const_cast<char*>(setting.c_str()));
    }
    environment.push_back(nullptr);
    std::array<char*, 2> arguments{const_cast<char*>("thr_conformance"), nullptr};

    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO);
    posix_spawn_file_actions_adddup2(&actions, verdict, kVerdictFile);
    const int error = posix_spawn(&pid, platform::own_executable(), &actions, &attributes,
                                  arguments.data(), environment.data());
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return error;
}

// The same file under a number above those that spawn() gives to the new process.
int above_standard(int file)
{
    const int moved = fcntl(file, F_DUPFD, kVerdictFile + 1);
    fcntl(moved, F_SETFD, FD_CLOEXEC);
    close(file);
    return moved;
}

// Collects what the case says about itself and writes it for the process that started us.
class VerdictWriter : public testing::EmptyTestEventListener {
    void OnTestPartResult(const testing::TestPartResult& part) override
    {
        if (part.skipped() || (part.failed() && reason_.empty())) {
            reason_ = part.message();
        }
    }

    void OnTestEnd(const testing::TestInfo& test) override
    {
        const testing::TestResult& result = *test.result();
        const Verdict verdict = result.Skipped()  ? Verdict::kSkipped
                                : result.Failed() ? Verdict::kFailed
                                                  : Verdict::kPassed;
        const std::string text = std::string{name_of(verdict)} + "\n" + reason_;
        if (write(kVerdictFile, text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
            std::abort();
        }
    }

    std::string reason_;
};

}  // namespace

const char* name_of(Verdict verdict)
{
    switch (verdict) {
        case Verdict::kPassed:
            return "passed";
        case Verdict::kFailed:
            return "failed";
        case Verdict::kSkipped:
            return "skipped";
        case Verdict::kCrashed:
            return "crashed";
        case Verdict::kHung:
            return "hung";
    }
    return "?";
}

Process::Process(const Case& test, const platform::Variant& variant, std::chrono::seconds limit)
    : output_{above_standard(platform::anonymous_file())},
      verdict_{above_standard(platform::anonymous_file())},
      begin_{Clock::now()},
      deadline_{begin_ + limit}
{
    std::vector<std::string> settings = platform::environment_of(variant);
    add_settings(settings, test.needs(variant));
    settings.push_back(std::string{kCaseVariable} + "=" + test.full_name);
    settings.push_back(std::string{kVerdictVariable} + "=1");
    const int error = spawn(pid_, changed_environment(settings), output_, verdict_);
    if (error != 0) {
        pid_ = -1;
        trouble_ = std::string{"could not be started: "} + std::strerror(error);
    }
}

Process::~Process()
{
    close(output_);
    close(verdict_);
}

Process::Process(Process&& other) noexcept
    : pid_{other.pid_},
      output_{std::exchange(other.output_, -1)},
      verdict_{std::exchange(other.verdict_, -1)},
      trouble_{std::move(other.trouble_)},
      hung_{other.hung_},
      begin_{other.begin_},
      deadline_{other.deadline_}
{
}

Process& Process::operator=(Process&& other) noexcept
{
    std::swap(pid_, other.pid_);
    std::swap(output_, other.output_);
    std::swap(verdict_, other.verdict_);
    std::swap(trouble_, other.trouble_);
    std::swap(hung_, other.hung_);
    std::swap(begin_, other.begin_);
    std::swap(deadline_, other.deadline_);
    return *this;
}

void Process::kill_hung(const std::string& on_hang)
{
    hung_ = true;
    std::string command = on_hang;
    for (std::size_t at = 0; (at = command.find("%p", at)) != std::string::npos;) {
        command.replace(at, 2, std::to_string(pid_));
    }
    if (!command.empty()) {
        command += " >> /dev/fd/" + std::to_string(output_) + " 2>&1";
        fcntl(output_, F_SETFD, 0);
        if (std::system(command.c_str()) != 0) {
            trouble_ = "; '" + command + "' failed";
        }
        fcntl(output_, F_SETFD, FD_CLOEXEC);
    }
    deadline_ = Clock::time_point::max();
    kill_group();
}

void Process::kill_group() const
{
    kill(-pid_, SIGKILL);
}

Result Process::finish(int wait_status)
{
    Result result;
    result.seconds = std::chrono::duration<double>(Clock::now() - begin_).count();
    if (pid_ < 0) {
        result.reason = trouble_;
        return result;
    }
    result.output = read_all(output_);
    const std::string said = read_all(verdict_);
    const std::string word = said.substr(0, said.find('\n'));
    result.reason = said.size() > word.size() ? said.substr(word.size() + 1) : "";
    const int expected_status = word == name_of(Verdict::kFailed) ? 1 : 0;
    const std::string until = word.empty() ? "" : " after it had " + word;
    if (hung_) {
        result.verdict = Verdict::kHung;
        result.reason = "still ran after its time limit" + until + trouble_;
    } else if (WIFSIGNALED(wait_status)) {
        result.verdict = Verdict::kCrashed;
        result.reason = "killed by signal " + std::to_string(WTERMSIG(wait_status)) + until;
    } else if (word.empty() || WEXITSTATUS(wait_status) != expected_status) {
        result.verdict = Verdict::kCrashed;
        result.reason = "exited with " + std::to_string(WEXITSTATUS(wait_status)) + until;
    } else if (word == name_of(Verdict::kPassed)) {
        result.verdict = Verdict::kPassed;
    } else if (word == name_of(Verdict::kSkipped)) {
        result.verdict = Verdict::kSkipped;
    }
    return result;
}

bool is_case_process()
{
    return std::getenv(kVerdictVariable) != nullptr;
}

int run_case()
{
    platform::die_with_parent();
    fcntl(kVerdictFile, F_SETFD, FD_CLOEXEC);
    testing::GTEST_FLAG(filter) = std::getenv(kCaseVariable);
    unsetenv(kCaseVariable);
    unsetenv(kVerdictVariable);
    testing::UnitTest::GetInstance()->listeners().Append(new VerdictWriter);
    return RUN_ALL_TESTS();
}

}  // namespace conformance
