#include "reader/waits.h"

#include <linux/futex.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <limits>
#include <string_view>

#include "support/text.h"

namespace lwpi {
namespace {

constexpr std::int64_t kFutexCall = 202;

// glibc's pthread_mutex_t: the lock word, a count, the owner's TID.
constexpr std::uint32_t kLockedWithWaiters = 2;
constexpr std::size_t kOwnerWord = 2;

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
    static constexpr std::array kNames{"read", "write", "accept", "poll", "epoll", "connect"};
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
    if (record.deadline) {
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
    if (is_wait_for_descriptor(wait.name)) {
        // The object is a place on the thread's stack; the target is the descriptor's number.
        wait.object_name = kDescriptor + std::to_string(record.wait_target.value_or(0));
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

namespace {

using FutexWords = std::array<std::uint32_t, 4>;

// The kernel task that holds the pthread mutex at `words`, by the rules of glibc; 0: it may be any
// other futex. The owner's number is in the lock word for robust and priority-inheriting mutexes
// and beside it for all kinds.
std::uint32_t pthread_owner(int operation, std::uint64_t expected, const FutexWords& words)
{
    const auto value = static_cast<std::uint32_t>(expected);
    const bool inherits = operation == FUTEX_LOCK_PI || operation == FUTEX_LOCK_PI2;
    if (inherits) {
        return words[0] & FUTEX_TID_MASK;
    }
    if (words[0] != value) {
        return 0;
    }
    if (value == kLockedWithWaiters) {
        return words[kOwnerWord];
    }
    const bool robust = (value & FUTEX_WAITERS) != 0 && (value & FUTEX_TID_MASK) != 0 &&
                        words[kOwnerWord] == (value & FUTEX_TID_MASK);
    return robust ? words[kOwnerWord] : 0;
}

// The time limit of a futex call. FUTEX_WAIT counts from its beginning, which nobody recorded: its
// whole length is then the best that is known.
std::optional<std::int64_t> futex_time_left(const Syscall& call, Memory& memory, const Now& now)
{
    const auto limit = call.arguments[3] == 0
                           ? std::nullopt
                           : memory.read_value<std::array<std::int64_t, 2>>(call.arguments[3]);
    if (!limit || (*limit)[0] < 0 || (*limit)[0] > std::numeric_limits<std::int32_t>::max() * 4LL) {
        return std::nullopt;
    }
    const std::int64_t ns = (*limit)[0] * 1'000'000'000 + (*limit)[1];
    const int operation = static_cast<int>(call.arguments[1]);
    if ((operation & FUTEX_CMD_MASK) == FUTEX_WAIT) {
        return ns;
    }
    const bool wall =
        (operation & FUTEX_CLOCK_REALTIME) != 0 || (operation & FUTEX_CMD_MASK) == FUTEX_LOCK_PI;
    return ns - (wall ? now.wall_ns : now.monotonic_ns);
}

}  // namespace

Wait futex_wait_of(const Syscall& call, Memory& memory, const OwnerLookup& owner_of, const Now& now)
{
    Wait wait;
    wait.name = "-";
    const auto operation = static_cast<int>(call.arguments[1]) & FUTEX_CMD_MASK;
    const bool waits = operation == FUTEX_WAIT || operation == FUTEX_WAIT_BITSET ||
                       operation == FUTEX_LOCK_PI || operation == FUTEX_LOCK_PI2;
    if (call.number != kFutexCall || !waits) {
        return wait;
    }
    wait.kind = WaitKind::kOther;
    wait.name = "futex";
    wait.object = call.arguments[0];
    wait.left_ns = futex_time_left(call, memory, now);
    const auto words = memory.read_value<FutexWords>(call.arguments[0]);
    const auto tid = words ? pthread_owner(operation, call.arguments[2], *words) : 0;
    const auto owner = tid != 0 ? owner_of(tid) : std::nullopt;
    if (owner) {
        wait.kind = WaitKind::kMutex;
        wait.name = "mutex";
        wait.owner = owner;
    }
    return wait;
}

}  // namespace lwpi
