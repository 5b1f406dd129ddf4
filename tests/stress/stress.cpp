#include "stress.h"

#include <dirent.h>
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <string_view>

namespace stress {
namespace {

[[noreturn]] void fail(const std::string& message, const char* file, int line)
{
    std::fprintf(stderr, "%s:%d: thread %u: %s\n", file, line, thr_self(), message.c_str());
    std::fflush(stderr);
    std::abort();
}

Options parse(int argc, char** argv)
{
    Options options;
    for (int i = 1; i + 1 < argc; i += 2) {
        const std::string_view name = argv[i];
        const char* const value = argv[i + 1];
        if (name == "--seed") {
            options.seed = std::strtoull(value, nullptr, 10);
        } else if (name == "--seconds") {
            options.seconds = std::strtod(value, nullptr);
        } else if (name == "--count") {
            options.count = std::strtoull(value, nullptr, 10);
        } else {
            std::fprintf(stderr, "usage: %s [--seed N] [--seconds S] [--count N]\n", argv[0]);
            std::exit(2);
        }
    }
    return options;
}

}  // namespace

void check(bool holds, const char* claim, const char* file, int line)
{
    if (!holds) {
        fail(std::string{"does not hold: "} + claim, file, line);
    }
}

void check_equal(std::uint64_t seen, std::uint64_t expected, const char* what, const char* file,
                 int line)
{
    if (seen != expected) {
        fail(std::string{what} + ": saw " + std::to_string(seen) + ", expected " +
                 std::to_string(expected),
             file, line);
    }
}

void check_ok(int error, const char* what, const char* file, int line)
{
    if (error != 0) {
        fail(std::string{what} + ": " + std::strerror(error), file, line);
    }
}

void catch_signal(int signal, void (*handler)(int), int flags)
{
    struct sigaction action {};
    action.sa_handler = handler;
    action.sa_flags = flags;
    sigemptyset(&action.sa_mask);
    check(sigaction(signal, &action, nullptr) == 0, "sigaction");
}

bool is_bound_model()
{
    const char* const model = std::getenv("LIBTHREAD_MODEL");
    return model != nullptr && std::string_view{model} == "bound";
}

bool is_hand_model()
{
    const char* const model = std::getenv("LIBTHREAD_MODEL");
    return model == nullptr || std::string_view{model} == "hand" || std::string_view{model} == "mn";
}

void* Crew::start(void* job)
{
    const std::unique_ptr<Job> mine{static_cast<Job*>(job)};
    mine->body(mine->index);
    return nullptr;
}

std::size_t Crew::add(std::size_t size, const Body& body, long flags, std::size_t stack,
                      OnLimit on_limit)
{
    for (std::size_t made = 0; made < size; ++made) {
        auto job = std::make_unique<Job>(Job{body, members_.size()});
        Member member{};
        const int error = thr_create(nullptr, stack, start, job.get(), flags, &member.id);
        if (error != 0 && on_limit == OnLimit::kStop) {
            std::printf("limit: %s\n", std::strerror(error));
            return made;
        }
        check_ok(error, "thr_create");
        static_cast<void>(job.release());
        members_.push_back(member);
    }
    return size;
}

void Crew::add_mixed(std::size_t size, const Body& body)
{
    for (std::size_t i = 0; i < size; ++i) {
        add(1, body, i % 4 == 3 ? THR_BOUND : 0);
    }
}

void Crew::join()
{
    for (const Member& member : members_) {
        check_ok(thr_join(member.id, nullptr, nullptr), "thr_join");
    }
    members_.clear();
}

std::size_t resident_bytes()
{
    std::size_t total = 0;
    std::size_t resident = 0;
    std::ifstream{"/proc/self/statm"} >> total >> resident;
    return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

std::size_t mapping_count()
{
    std::ifstream maps{"/proc/self/maps"};
    std::size_t count = 0;
    for (std::string line; std::getline(maps, line);) {
        ++count;
    }
    return count;
}

std::size_t task_count()
{
    const std::unique_ptr<DIR, int (*)(DIR*)> tasks{opendir("/proc/self/task"), closedir};
    std::size_t count = 0;
    while (const dirent* entry = readdir(tasks.get())) {
        count += entry->d_name[0] != '.' ? 1U : 0U;
    }
    return count;
}

void report(const char* label, std::uint64_t number)
{
    std::printf("%s: %llu\n", label, static_cast<unsigned long long>(number));
    std::fflush(stdout);
}

}  // namespace stress

int main(int argc, char** argv)
{
    const stress::Options options = stress::parse(argc, argv);
    std::printf("seed %llu\n", static_cast<unsigned long long>(options.seed));
    std::fflush(stdout);
    stress::run(options);
    std::puts("passed");
    return 0;
}
