#include "thread/environment.h"

#include <sched.h>

#include <cstdlib>
#include <cstring>

#include "base/check.h"
#include "lwp/pool.h"
#include "os/stack_map.h"
#include "sched/settings.h"
#include "sched/thread.h"

namespace lt {
namespace {

struct Choice {
    const char* word;
    int value;
};

// -1: not set, or not one of the words (warned about).
int read_choice(const char* name, const Choice* choices, std::size_t count)
{
    const char* text = std::getenv(name);
    if (text == nullptr) {
        return -1;
    }
    for (std::size_t i = 0; i < count; ++i) {
        if (std::strcmp(text, choices[i].word) == 0) {
            return choices[i].value;
        }
    }
    warn("ignored, no such value: ", name);
    return -1;
}

template <std::size_t kCount>
int read_choice(const char* name, const Choice (&choices)[kCount])
{
    return read_choice(name, choices, kCount);
}

// `otherwise` when not set, not a number, or outside the bounds (warned about).
long read_number(const char* name, long least, long most, long otherwise)
{
    const char* text = std::getenv(name);
    if (text == nullptr) {
        return otherwise;
    }
    char* end = nullptr;
    const long value = std::strtol(text, &end, 10);
    if (end == text || *end != '\0' || value < least || value > most) {
        warn("ignored, out of range: ", name);
        return otherwise;
    }
    return value;
}

void read_model()
{
    constexpr Choice kModels[] = {{"mn", static_cast<int>(os::TcbModel::kHand)},
                                  {"hand", static_cast<int>(os::TcbModel::kHand)},
                                  {"husk", static_cast<int>(os::TcbModel::kHusk)},
                                  {"bound", static_cast<int>(os::TcbModel::kBound)}};
    const int model = read_choice("LIBTHREAD_MODEL", kModels);
    if (model >= 0) {
        settings.model = static_cast<os::TcbModel>(model);
    }
}

void read_growth()
{
    constexpr Choice kGrowths[] = {{"auto", static_cast<int>(Growth::kAuto)},
                                   {"blocked", static_cast<int>(Growth::kBlocked)},
                                   {"fixed", static_cast<int>(Growth::kFixed)}};
    const int growth = read_choice("LIBTHREAD_GROWTH", kGrowths);
    if (growth >= 0) {
        settings.growth = static_cast<Growth>(growth);
    }
}

std::uint32_t usable_cpus()
{
    cpu_set_t set;
    if (::sched_getaffinity(0, sizeof(set), &set) != 0) {
        return 1;
    }
    const int count = CPU_COUNT(&set);
    return count > 0 ? static_cast<std::uint32_t>(count) : 1;
}

}  // namespace

void read_environment() noexcept
{
    settings.cpus = usable_cpus();
    read_model();
    read_growth();
    constexpr Choice kMigrations[] = {{"normal", 0}, {"always", 1}};
    settings.migrate_always = read_choice("LIBTHREAD_MIGRATE", kMigrations) == 1;
    constexpr Choice kCalls[] = {{"park", 1}, {"block", 0}};
    settings.park_in_calls = read_choice("LIBTHREAD_IO", kCalls) != 0;
    constexpr long kMostLwps = PoolMembers::kMax;
    process.max_lwps =
        static_cast<std::uint32_t>(read_number("LIBTHREAD_MAX_LWPS", 1, kMostLwps, 1024));
    settings.concurrency =
        static_cast<std::uint32_t>(read_number("LIBTHREAD_CONCURRENCY", 1, kMostLwps, 1));
    settings.timeslice_ns = 1'000'000 * read_number("LIBTHREAD_TIMESLICE", 0, 10'000, 0);
    settings.retire_after_ns = 1'000'000 * read_number("LIBTHREAD_RETIRE_MS", 1, 86'400'000, 5000);
    const long guard = read_number("LIBTHREAD_STACK_GUARD", 4096, 1L << 24, 0);
    if (guard != 0) {
        os::stack_guard_size(round_up(static_cast<std::size_t>(guard), kPageSize));
    }
}

}  // namespace lt
