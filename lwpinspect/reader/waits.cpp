#include "reader/waits.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <limits>
#include <string_view>

#include "support/text.h"

namespace lwpi {
namespace {

// The wall clock has been beyond this since 2001; a machine reaches it after 31 years of running.
constexpr std::int64_t kLeastWallTime = 1'000'000'000'000'000'000;

template <typename Value>
struct Word {
    std::string_view name;
    Value value;
};

}  // namespace

ThreadState thread_state(const std::string& name)
{
    static constexpr std::array<Word<ThreadState>, 5> kWords{{{"stopped", ThreadState::kStopped},
                                                              {"ready", ThreadState::kReady},
                                                              {"running", ThreadState::kRunning},
                                                              {"blocked", ThreadState::kBlocked},
                                                              {"zombie", ThreadState::kZombie}}};
    for (const auto& word : kWords) {
        if (word.name == name) {
            return word.value;
        }
    }
    return ThreadState::kUnknown;
}

WaitKind wait_kind(const std::string& name)
{
    static constexpr std::array<Word<WaitKind>, 8> kWords{{{"-", WaitKind::kNone},
                                                           {"mutex", WaitKind::kMutex},
                                                           {"cond", WaitKind::kCond},
                                                           {"sema", WaitKind::kSema},
                                                           {"rdlock", WaitKind::kReadLock},
                                                           {"wrlock", WaitKind::kWriteLock},
                                                           {"join", WaitKind::kJoin},
                                                           {"exit", WaitKind::kExit}}};
    for (const auto& word : kWords) {
        if (word.name == name) {
            return word.value;
        }
    }
    return WaitKind::kOther;
}

WaitReader::Holder WaitReader::mutex_holder(Address object)
{
    const auto mask = layout_.constant("mutex_owner_mask");
    const auto word = layout_.read_number(memory_, object, LWPT_SLOT_mutex_word);
    if (!mask || !word || (*word & *mask) == 0) {
        return {};
    }
    return {Owner{Owner::Kind::kThread, *word & *mask}, {}};
}

WaitReader::Holder WaitReader::rwlock_holder(Address object)
{
    const auto held = layout_.constant("rwlock_write_held");
    const auto mask = layout_.constant("rwlock_reader_mask");
    const auto state = layout_.read_number(memory_, object, LWPT_SLOT_rwlock_state);
    if (!held || !mask || !state) {
        return {};
    }
    if ((*state & *held) == 0) {
        return {{}, *state & *mask};
    }
    const auto writer = layout_.read_number(memory_, object, LWPT_SLOT_rwlock_writer);
    if (!writer || *writer == 0) {
        return {};
    }
    return {Owner{Owner::Kind::kThread, *writer}, {}};
}

Now now()
{
    // Both clocks of this library count nanoseconds.
    return {std::chrono::steady_clock::now().time_since_epoch().count(),
            std::chrono::system_clock::now().time_since_epoch().count()};
}

std::optional<std::int64_t> time_left(std::int64_t deadline_ns, const Now& now)
{
    if (deadline_ns <= 0 || deadline_ns == std::numeric_limits<std::int64_t>::max()) {
        return std::nullopt;
    }
    return deadline_ns - (deadline_ns >= kLeastWallTime ? now.wall_ns : now.monotonic_ns);
}

namespace {

const std::string kDescriptor = "fd ";

bool is_wait_for_descriptor(const std::string& name)
{
    static constexpr std::array kNames{"read",  "write",   "accept", "poll",
                                       "epoll", "connect", "waitid"};
    return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

}  // namespace

std::optional<std::uint64_t> descriptor_of(const Wait& wait)
{
    if (!is_wait_for_descriptor(wait.name) || !wait.object_name.starts_with(kDescriptor)) {
        return std::nullopt;
    }
    return parse_unsigned(std::string_view(wait.object_name).substr(kDescriptor.size()), 10);
}

Wait WaitReader::wait_of(const ThreadRecord& record, const Now& now)
{
    Wait wait;
    wait.name = layout_.name(LWPT_WAIT_KIND, record.wait_kind);
    wait.kind = wait_kind(wait.name);
    if (wait.kind == WaitKind::kNone) {
        return wait;
    }
    // Who waits for a process looks again from time to time, which is no limit of the program's.
    const bool for_process = wait.name == "waitpid";
    if (record.deadline && !for_process && wait.name != "waitid") {
        wait.left_ns = time_left(*record.deadline, now);
    }
    if (wait.kind == WaitKind::kJoin) {
        wait.target = record.wait_target;
        if (wait.target && *wait.target != 0) {
            wait.owner = Owner{Owner::Kind::kThread, *wait.target};
        }
        return wait;
    }
    if (wait.kind == WaitKind::kExit || wait.name == "sleep" || !record.wait_object ||
        *record.wait_object == 0) {
        return wait;
    }
    if (for_process || is_wait_for_descriptor(wait.name)) {
        // The object is a place on the thread's stack; the target is a number.
        wait.object_name =
            (for_process ? "pid " : kDescriptor) + std::to_string(record.wait_target.value_or(0));
        return wait;
    }
    wait.object = record.wait_object;
    const bool mutex = wait.kind == WaitKind::kMutex;
    if (mutex || wait.kind == WaitKind::kReadLock || wait.kind == WaitKind::kWriteLock) {
        const auto [entry, fresh] = holders_.try_emplace({*wait.object, wait.kind});
        if (fresh) {
            entry->second = mutex ? mutex_holder(*wait.object) : rwlock_holder(*wait.object);
        }
        wait.owner = entry->second.owner;
        wait.readers = entry->second.readers;
    }
    return wait;
}

}  // namespace lwpi
