// lwpinspect: parse, choose a command, turn exceptions into exit codes.
#include <fmt/format.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <unistd.h>

#include <clocale>
#include <cstdio>
#include <exception>
#include <iostream>

#include "commands/commands.h"
#include "support/error.h"

namespace {

int run(const lwpi::Options& options)
{
    switch (options.verb) {
        case lwpi::Verb::kPs:
            return lwpi::run_ps(options);
        case lwpi::Verb::kLwps:
            return lwpi::run_lwps(options);
        case lwpi::Verb::kStack:
            return lwpi::run_stack(options);
        case lwpi::Verb::kStacks:
            return lwpi::run_stacks(options);
        case lwpi::Verb::kLocks:
            return lwpi::run_locks(options);
        case lwpi::Verb::kWhy:
            return lwpi::run_why(options);
        case lwpi::Verb::kDeadlocks:
            return lwpi::run_deadlocks(options);
        case lwpi::Verb::kCheck:
            return lwpi::run_check(options);
        case lwpi::Verb::kDiff:
            return lwpi::run_diff(options);
        case lwpi::Verb::kSave:
            return lwpi::run_save(options);
        case lwpi::Verb::kTrace:
            return lwpi::run_trace(options);
        case lwpi::Verb::kProbes:
            return lwpi::run_probes(options);
        case lwpi::Verb::kInfo:
            return lwpi::run_info(options);
        case lwpi::Verb::kCompletion:
            return lwpi::run_completion(options);
        case lwpi::Verb::kTop:
            return lwpi::run_top(options);
    }
    return static_cast<int>(lwpi::ExitCode::kInternal);
}

// A process of many LWPs is watched with a descriptor for each.
void allow_many_files()
{
    rlimit files{};
    if (::getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        ::setrlimit(RLIMIT_NOFILE, &files);
    }
}

int fail(lwpi::ExitCode code, const char* sentence)
{
    std::fflush(stdout);
    fmt::print(stderr, "lwpinspect: {}\n", sentence);
    return static_cast<int>(code);
}

// What standard output did not take is lost: not even a finding is worth more than saying that.
int finish_output(int code)
{
    std::cout.flush();
    if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0 && std::cout) {
        return code;
    }
    return fail(lwpi::ExitCode::kInternal, "cannot write to standard output; some of it is lost.");
}

}  // namespace

int main(int argc, char** argv)
{
    if (::getauxval(AT_SECURE) != 0) {
        // Whoever may read a process is for the kernel to say, of the user who asks.
        return fail(lwpi::ExitCode::kPermission,
                    "is not to be installed set-user-ID or with file capabilities.");
    }
    std::setlocale(LC_CTYPE, "");
    allow_many_files();
    try {
        const bool interactive = ::isatty(STDIN_FILENO) != 0 && ::isatty(STDOUT_FILENO) != 0;
        const auto parsed = lwpi::parse_options(argc, argv, interactive);
        if (const int* code = std::get_if<int>(&parsed)) {
            return finish_output(*code);
        }
        return finish_output(run(std::get<lwpi::Options>(parsed)));
    } catch (const lwpi::TargetError& error) {
        return fail(error.code(), error.what());
    } catch (const std::exception& error) {
        return fail(lwpi::ExitCode::kInternal, error.what());
    }
}
