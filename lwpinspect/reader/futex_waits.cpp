// Waits that only the kernel knows: of LWPs that sleep in a futex call.
#include <synch.h>

#include <linux/futex.h>

#include <array>
#include <limits>

#include "reader/waits.h"

namespace lwpi {
namespace {

constexpr std::int64_t kFutexCall = 202;

// glibc's pthread_mutex_t: the lock word, a count, the owner's TID.
constexpr std::uint32_t kLockedWithWaiters = 2;
constexpr std::size_t kOwnerWord = 2;

// In seconds of either clock: who waits until then waits for ever.
constexpr std::int64_t kNever = std::numeric_limits<std::int32_t>::max() * 2LL;

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
    if (!limit || (*limit)[0] < 0 || (*limit)[0] >= kNever) {
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

namespace {

// The first words of each object, where Solaris has them.
struct Head {
    std::uint32_t word;
    std::uint8_t type;
    std::uint8_t more;
    std::uint16_t magic;
};

struct SharedKind {
    WaitKind kind;
    const char* name;
    std::uint16_t magic;
    Slot slot;       // on whose word waiters sleep
    Address behind;  // or on one that lies so far behind it
};

constexpr std::array<SharedKind, 4> kSharedKinds{
    {{WaitKind::kMutex, "mutex", MUTEX_MAGIC, LWPT_SLOT_mutex_word, 0},
     {WaitKind::kWriteLock, "rwlock", RWL_MAGIC, LWPT_SLOT_rwlock_state, 0},
     {WaitKind::kSema, "sema", SEMA_MAGIC, LWPT_SLOT_sema_count, 0},
     {WaitKind::kCond, "cond", COND_MAGIC, LWPT_SLOT_cond_waiters, 4}}};

bool sleeps_on_shared_futex(const Syscall& call)
{
    const auto operation = static_cast<int>(call.arguments[1]);
    const int command = operation & FUTEX_CMD_MASK;
    return call.number == kFutexCall && (operation & FUTEX_PRIVATE_FLAG) == 0 &&
           (command == FUTEX_WAIT || command == FUTEX_WAIT_BITSET);
}

// Reads the words of one object shared by processes.
class SharedObject {
  public:
    SharedObject(const Layout& layout, Memory& memory, Address address, const Processes& processes)
        : layout_(layout), memory_(memory), address_(address), processes_(processes)
    {
    }

    [[nodiscard]] std::optional<Owner> mutex_owner(bool robust) const
    {
        const std::uint64_t word = number(LWPT_SLOT_mutex_word);
        if ((word & constant("mutex_owner_mask")) == 0) {
            return std::nullopt;
        }
        if (!robust) {
            return owner(number(LWPT_SLOT_mutex_process), word & constant("mutex_owner_mask"));
        }
        // The word has the process's keeper, which the kernel knows.
        const std::uint64_t mask = constant("mutex_process_mask");
        return (word & constant("mutex_owner_died")) != 0 || mask == 0
                   ? std::nullopt
                   : owner((number(LWPT_SLOT_mutex_flags) & mask) / (mask & -mask),
                           number(LWPT_SLOT_mutex_process));
    }

    void put_rwlock_holders(Wait& wait) const
    {
        const std::uint64_t state = number(LWPT_SLOT_rwlock_state);
        if ((state & constant("rwlock_write_held")) == 0) {
            wait.readers = state & constant("rwlock_reader_mask");
        } else {
            wait.owner =
                owner(number(LWPT_SLOT_rwlock_writer_process), number(LWPT_SLOT_rwlock_writer));
        }
    }

  private:
    // 0: it has none, or it is being taken.
    [[nodiscard]] std::uint64_t number(Slot slot) const
    {
        return layout_.read_number(memory_, address_, slot).value_or(0);
    }
    [[nodiscard]] std::uint64_t constant(const char* name) const
    {
        return layout_.constant(name).value_or(0);
    }
    [[nodiscard]] std::optional<Owner> owner(std::uint64_t process, std::uint64_t thread) const
    {
        if (process == 0 || thread == 0) {
            return std::nullopt;
        }
        if (process == processes_.own) {
            return Owner{Owner::Kind::kThread, thread};
        }
        return Owner{Owner::Kind::kProcess, process, thread, processes_.has_ended(process)};
    }

    const Layout& layout_;
    Memory& memory_;
    const Address address_;
    const Processes& processes_;
};

}  // namespace

std::optional<Wait> shared_wait_of(const Syscall& call, const Layout& layout, Memory& memory,
                                   const Processes& processes, const Now& now)
{
    if (!sleeps_on_shared_futex(call)) {
        return std::nullopt;
    }
    for (const SharedKind& kind : kSharedKinds) {
        if (!layout.has(kind.slot)) {
            continue;
        }
        const Address object = call.arguments[0] - layout.field(kind.slot).offset - kind.behind;
        const auto head = memory.read_value<Head>(object);
        if (!head || head->magic != kind.magic || (head->type & USYNC_PROCESS) == 0) {
            continue;
        }
        Wait wait;
        wait.kind = kind.kind;
        wait.name = kind.name;
        wait.object = object;
        const SharedObject shared(layout, memory, object, processes);
        if (kind.kind == WaitKind::kMutex) {
            wait.owner = shared.mutex_owner((head->type & LOCK_ROBUST) != 0);
        } else if (kind.kind == WaitKind::kWriteLock) {
            shared.put_rwlock_holders(wait);
        } else {
            // A lock's waiters look again from time to time, which is no limit of the program's.
            wait.left_ns = futex_time_left(call, memory, now);
        }
        return wait;
    }
    return std::nullopt;
}

}  // namespace lwpi
