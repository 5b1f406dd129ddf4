// libthread_db's interface over liblwpdb's reader: what one call of it has to work with.
#pragma once

#include <thread_db.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "reader/layout.h"
#include "reader/records.h"
#include "target/memory.h"

namespace lwpi::td {

// What td_ta_get_stats() has seen since td_ta_reset_stats(), if it is to count.
struct Looks {
    int count = 0;
    int ready = 0;
    int running_lwps = 0;
    int lwps = 0;
    int idle_lwps = 0;
};

}  // namespace lwpi::td

// The process as the client knows it, and what was done to it. Used by one thread at a time.
struct td_thragent {
    ps_prochandle* process = nullptr;
    lwpi::Address descriptor = 0;
    // Running threads that td_thr_dbsuspend() holds with their LWPs.
    struct Held {
        lwpi::Address record;
        lwpid_t lwp;
    };
    std::vector<Held> held;
    std::optional<lwpi::td::Looks> looks;
    // What the last message names.
    td_thrhandle_t reporter{};
    td_thrhandle_t subject{};
};

namespace lwpi::td {

// Ends the call with this code. Nothing of it leaves the library.
struct Failure {
    td_err_e code;
};

inline constexpr std::uint64_t kMostThreads = 1'000'000;

// Memory as the client reads and writes it.
class ClientMemory : public Memory {
  public:
    explicit ClientMemory(ps_prochandle* process) : process_(process) {}
    void read_blocks(std::span<RemoteBlock> blocks) override;
    // Throws Failure.
    void write(Address address, std::span<const std::byte> bytes);

  private:
    ps_prochandle* process_;
};

// The process stands still while it lives; the descriptor is read anew, for tables grow.
class Call {
  public:
    explicit Call(td_thragent& agent);
    ~Call();
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;

    [[nodiscard]] td_thragent& agent() { return agent_; }
    [[nodiscard]] ClientMemory& memory() { return memory_; }
    [[nodiscard]] const Layout& layout() const { return *layout_; }
    // Its number as it knows it itself.
    [[nodiscard]] pid_t process_id() const { return process_id_; }
    [[nodiscard]] RecordReader records() { return {*layout_, memory_, kMostThreads}; }

    // The live or ended thread of that record. Throws Failure: TD_NOTHR.
    [[nodiscard]] ThreadRecord thread(Address record);
    [[nodiscard]] std::vector<ThreadRecord> threads();
    // The kernel id of the LWP that runs it; 0: none.
    [[nodiscard]] lwpid_t lwp_of(const ThreadRecord& thread);

    // A number field of the record or object at `address`. Throws Failure: TD_NOCAPAB where the
    // library has no such field, TD_DBERR where it cannot be reached.
    [[nodiscard]] std::uint64_t get(Address address, Slot slot);
    void put(Address address, Slot slot, std::uint64_t value);
    [[nodiscard]] std::uint64_t constant(const char* name) const;
    // Makes the library look at what was written.
    void send_orders();

  private:
    td_thragent& agent_;
    ClientMemory memory_;
    std::optional<Layout> layout_;
    pid_t process_id_ = 0;
};

[[nodiscard]] td_thr_state_e state_of(Call& call, const ThreadRecord& thread);
[[nodiscard]] unsigned user_flags_of(const Call& call, const ThreadRecord& thread);

// What `work` returns, or the code it fails with. `agent` nullptr: `none`.
td_err_e with_call(const td_thragent* agent, td_err_e none,
                   const std::function<td_err_e(Call&)>& work) noexcept;
// The same for a thread that there is.
td_err_e with_thread(const td_thrhandle_t* handle,
                     const std::function<td_err_e(Call&, const ThreadRecord&)>& work) noexcept;

// Kinds of objects that threads wait for, by the word of the library; TD_SYNC_UNKNOWN: another.
[[nodiscard]] td_sync_type_e kind_of_wait(const Call& call, const ThreadRecord& thread);

}  // namespace lwpi::td
