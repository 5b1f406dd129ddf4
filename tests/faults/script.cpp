// Thirty calls of the public interface, each with what has to be there for it to mean something.
// The injector lets one system call under them fail: then a call may return an error that its
// manual page names, and nothing else may happen. Afterwards everything works, and nothing has been
// lost.
//
// The steps use neither malloc nor stdio, so that every system call below them is the library's or
// made for it.
#include "faults/script.h"

#include <dirent.h>
#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstdio>

#include "faults/injector.h"

namespace {

using namespace faults;

struct Step {
    const char* name;
    int (*run)();
    std::array<int, 2> documented;  // errors; 0: none
};

constexpr std::array<int, 2> kNone{};
constexpr std::array<int, 2> kCreates{EAGAIN, ENOMEM};

constexpr std::array<Step, 30> kSteps{{
    {"sigaction", set_action, {EINVAL, 0}},
    {"thr_create", create_unbound, kCreates},
    {"thr_create bound", create_bound, kCreates},
    {"thr_create THR_NEW_LWP", create_with_new_lwp, kCreates},
    {"thr_create with a stack size", create_with_big_stack, kCreates},
    {"thr_create, many", create_many, kCreates},
    {"thr_create THR_DETACHED", create_detached, kCreates},
    {"thr_suspend", suspend_unbound, kCreates},
    {"thr_suspend bound", suspend_bound, kCreates},
    {"thr_setconcurrency", set_concurrency, {EAGAIN, 0}},
    {"thr_setprio", set_priority, kNone},
    {"thr_keycreate", use_key, kCreates},
    {"thr_yield", yield, kNone},
    {"cond_wait", wait_unbound, kCreates},
    {"cond_wait bound", wait_bound, kCreates},
    {"cond_wait shared", wait_shared, kCreates},
    {"cond_reltimedwait", wait_in_vain_unbound, kCreates},
    {"cond_reltimedwait bound", wait_in_vain_bound, kCreates},
    {"sema_wait", exchange_own, kCreates},
    {"sema_wait shared", exchange_shared, kCreates},
    {"rw_wrlock", exclude_own, kCreates},
    {"rw_wrlock shared", exclude_shared, kCreates},
    {"mutex_lock robust", lock_robust, kCreates},
    {"thr_kill", send_signal, {EAGAIN, 0}},
    {"sigwait", await_signal, kCreates},
    {"read", read_pipe, kCreates},
    {"poll", poll_pipe, kCreates},
    {"nanosleep", sleep_shortly, kCreates},
    {"fork1", fork_and_wait, kCreates},
    {"thr_create at the end", create_unbound, kCreates},
}};

// False: a step gave what it must not give.
bool play(bool may_fail)
{
    bool well = true;
    for (const Step& step : kSteps) {
        const int error = step.run();
        const bool documented =
            error != 0 && (error == step.documented[0] || error == step.documented[1]);
        if (error != 0 && !(may_fail && documented)) {
            std::printf("%s: error %d\n", step.name, error);
            well = false;
        }
    }
    return well;
}

// Without those that have ended: what becomes of them is the tracer's business, and the kernel's.
std::size_t count_tasks()
{
    std::size_t count = 0;
    DIR* directory = opendir("/proc/self/task");
    while (const dirent* entry = readdir(directory)) {
        if (entry->d_name[0] == '.') {
            continue;
        }
        std::array<char, 300> path{};
        std::snprintf(path.data(), path.size(), "/proc/self/task/%s/stat", entry->d_name);
        std::FILE* file = std::fopen(path.data(), "r");
        char state = 'X';
        const bool known = file != nullptr && std::fscanf(file, "%*d (%*[^)]) %c", &state) == 1;
        count += known && state != 'X' && state != 'Z' ? 1U : 0U;
        if (file != nullptr) {
            std::fclose(file);
        }
    }
    closedir(directory);
    return count;
}

std::size_t count_entries(const char* path)
{
    std::size_t count = 0;
    DIR* directory = opendir(path);
    while (readdir(directory) != nullptr) {
        ++count;
    }
    closedir(directory);
    return count;
}

struct Maps {
    std::size_t count = 0;
    std::size_t bytes = 0;
};

Maps count_maps()
{
    Maps maps;
    std::FILE* file = std::fopen("/proc/self/maps", "r");
    unsigned long lo = 0;
    unsigned long hi = 0;
    while (std::fscanf(file, "%lx-%lx%*[^\n]\n", &lo, &hi) == 2) {
        ++maps.count;
        maps.bytes += hi - lo;
    }
    std::fclose(file);
    return maps;
}

// Before the libraries start.
void begin(int, char**, char**)
{
    long result = faults::kMark;
    asm volatile("syscall" : "+a"(result) : "D"(faults::kBegin) : "rcx", "r11", "memory");
}
[[gnu::section(".preinit_array"), gnu::used]] void (*const first)(int, char**, char**) = begin;

}  // namespace

int main()
{
    syscall(faults::kMark, faults::kStarted);
    faults::prepare_waits();
    faults::prepare_calls();
    const bool at_first = play(true);
    syscall(faults::kMark, faults::kEnd);
    const bool afterwards = play(false) && play(false);
    const Maps maps = count_maps();
    std::printf("fds %zu tasks %zu maps %zu kbytes %zu\n", count_entries("/proc/self/fd"),
                count_tasks(), maps.count, maps.bytes / 1024);
    return at_first && afterwards ? 0 : 1;
}
