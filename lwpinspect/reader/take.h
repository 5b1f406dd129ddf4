// One snapshot, step by step: what live processes and cores have in common.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "model/snapshot_source.h"
#include "reader/assemble.h"

namespace lwpi {

// What reads the target; lives as long as the target is open.
struct Tools {
    Memory& memory;
    Unwinder& unwinder;
    Symbolizer& symbols;
    Demangle demangle;
};

class Take {
  public:
    Take(const Tools& tools, const SnapshotRequest& request);
    virtual ~Take() = default;
    Take(const Take&) = delete;
    Take& operator=(const Take&) = delete;

  protected:
    // `pid`: as the target itself sees it. Notes what was found.
    void find_the_library(int pid);
    // To be called when maps_ and modules_ are there, then find_the_library(); records_ and places_
    // are there afterwards.
    void prepare();
    void read_threads();
    // Which thread each LWP carries.
    void claim_threads();
    void recheck_unclaimed();
    void read_parked();
    // Nothing but words of objects and files is read from here on.
    void add_lwps();
    void add_threads();
    void add_lines();
    // The last step: C++ names as people write them.
    void show_names();

    void note(ExitCode code, std::string text);
    [[nodiscard]] bool is_late() const;
    [[nodiscard]] bool wants_stack(const LwpObservation& lwp) const;
    [[nodiscard]] bool wants_stack(std::uint64_t id) const;
    [[nodiscard]] ThreadState state_of(const ThreadRecord& record) const;
    // Whom glibc means by a number in a pthread mutex.
    [[nodiscard]] std::optional<Owner> pthread_owner(std::uint32_t number);
    // What the first argument of a call names.
    virtual void name_file(std::optional<Syscall>& call) const = 0;
    // Whether the target's number of a process is no longer one; false: or nobody knows.
    [[nodiscard]] virtual bool process_has_ended(std::uint64_t) const { return false; }

    const Tools tools_;
    const SnapshotRequest& request_;
    const std::chrono::steady_clock::time_point start_;
    const std::chrono::steady_clock::time_point deadline_;
    Snapshot snapshot_;

    std::vector<Mapping> maps_;
    ModuleTable modules_;
    FoundLibrary library_;
    std::optional<RecordReader> records_;
    std::optional<PlaceTable> places_;

    std::vector<LwpObservation> lwps_;
    std::vector<ThreadRecord> threads_;
    std::unordered_map<std::uint64_t, std::size_t> carriers_;  // thread id -> index in lwps_
    std::unordered_map<std::uint64_t, ParkedStack> parked_;    // by thread id
    std::size_t asked_stacks_ = 0;
    bool readable_ = false;

  private:
    void note_library();
    void read_thread_numbers();
    [[nodiscard]] Wait kernel_wait(const Syscall& call, const Now& now);

    std::map<int, int> inner_tids_;  // the target's own numbers of its tasks, and ours
    // A thread that moves between LWPs has a number of its own in its TCB, which no task has.
    std::optional<std::unordered_map<std::uint32_t, std::uint64_t>> thread_numbers_;

    std::unordered_set<std::uint64_t> chosen_threads_;
    std::unordered_set<int> chosen_lwps_;
};

}  // namespace lwpi
