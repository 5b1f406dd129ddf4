// What a thread or LWP waits for, and who holds it.
#pragma once

#include <functional>
#include <map>
#include <vector>

#include "model/snapshot.h"
#include "reader/records.h"

namespace lwpi {

// Thread states and wait kinds by the library's own words.
[[nodiscard]] ThreadState thread_state(const std::string& name);
[[nodiscard]] WaitKind wait_kind(const std::string& name);

// The two clocks a deadline may be read from, at one moment.
struct Now {
    std::int64_t monotonic_ns = 0;
    std::int64_t wall_ns = 0;
};
[[nodiscard]] Now now();

// The time left until `deadline_ns` as the library publishes it; nullopt: none, or never.
[[nodiscard]] std::optional<std::int64_t> time_left(std::int64_t deadline_ns, const Now& now);

class WaitReader {
  public:
    WaitReader(const Layout& layout, Memory& memory) : layout_(layout), memory_(memory) {}

    // The wait of a blocked thread; the object's words are read now.
    [[nodiscard]] Wait wait_of(const ThreadRecord& record, const Now& now);

  private:
    struct Holder {
        std::optional<Owner> owner;
        std::optional<std::uint64_t> readers;
    };
    [[nodiscard]] Holder mutex_holder(Address object);
    [[nodiscard]] Holder rwlock_holder(Address object);

    const Layout& layout_;
    Memory& memory_;
    std::map<std::pair<Address, WaitKind>, Holder> holders_;  // many threads wait for few objects
};

// The descriptor that it waits for, if it does: Wait::object_name is "fd 5" until it has a name.
[[nodiscard]] std::optional<std::uint64_t> descriptor_of(const Wait& wait);

// Processes as the target numbers them.
struct Processes {
    std::uint64_t own = 0;
    std::function<bool(std::uint64_t)> has_ended;
};

// The wait of an LWP that sleeps in the kernel for an object of libthread that processes share;
// nullopt: it does not.
[[nodiscard]] std::optional<Wait> shared_wait_of(const Syscall& call, const Layout& layout,
                                                 Memory& memory, const Processes& processes,
                                                 const Now& now);

using OwnerLookup = std::function<std::optional<Owner>(std::uint32_t)>;

// The wait of an LWP that sleeps in a futex call: for a pthread mutex with its owner, else for the
// futex. `owner_of` says whom glibc means by a number in a mutex.
[[nodiscard]] Wait futex_wait_of(const Syscall& call, Memory& memory, const OwnerLookup& owner_of,
                                 const Now& now);

}  // namespace lwpi
