// What was seen of one process at one time: plain values, printable without the process.
//
// Strings that came from the target (names, paths, symbols) are raw here; whoever shows them passes
// them through printable() of support/escape.h. std::nullopt means unknown, never zero.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/process_info.h"
#include "support/error.h"

namespace lwpi {

enum class Mode : std::uint8_t {
    kGentle,   // sleeping LWPs are never interrupted, running ones are stopped for some 20 us each
    kNostop,   // nothing is ever stopped: running LWPs have no stack
    kInstant,  // of one moment, for which all LWPs that run are stopped together
};
inline constexpr Mode kLastMode = Mode::kInstant;

// Why a stack has no further frame; shown to the user by its name.
enum class StackEnd : std::uint8_t {
    kNotTaken,      // nobody asked for this stack
    kBottom,        // the outermost frame, as the unwind tables say
    kEntry,         // the entry of a thread: return address undefined
    kNoUnwindInfo,  // Stack::detail names the module without tables
    kMemory,        // memory that could not be read
    kLimit,         // the depth asked for
    kLoop,          // the stack pointer did not rise
    kMoving,        // the thread ran again during each attempt to read it
    kRunning,       // runs, and the mode does not allow a stop
    kDenied,        // no permission, or another tracer; Stack::detail says which
    kGone,          // ended meanwhile
};

// Code at some address: shared by all frames at that address.
struct Place {
    std::string function;      // empty: no symbol
    std::uint64_t offset = 0;  // from the function's start, or from the module's
    std::string module;        // file name without its directory; "[vdso]", "[anon]"
    std::string module_path;
    std::string build_id;  // hexadecimal, empty: none
    std::string file{};    // where its source is, if asked for; empty: unknown
    std::uint32_t line = 0;
};

struct Frame {
    std::uint64_t pc = 0;
    std::uint32_t place = 0;  // index into Snapshot::places
};

struct Stack {
    std::vector<Frame> frames;  // innermost first
    StackEnd end = StackEnd::kNotTaken;
    std::string detail;
};

enum class ThreadState : std::uint8_t {
    kUnknown,  // a state this tool has no word for: see ThreadInfo::state_name
    kStopped,
    kReady,
    kRunning,
    kBlocked,
    kZombie,
    kSwitching,  // record and stack pointer disagree, or the record changed while it was read
};

enum class WaitKind : std::uint8_t {
    kNone,
    kMutex,
    kCond,
    kSema,
    kReadLock,
    kWriteLock,
    kJoin,
    kExit,
    kOther,  // Wait::name has the library's word
};

struct Owner {  // who holds the object waited for
    enum class Kind : std::uint8_t { kThread, kLwp, kProcess } kind = Kind::kThread;
    std::uint64_t id = 0;      // thread id, kernel TID, or the number of another process
    std::uint64_t thread = 0;  // of a process: which thread there
    bool ended = false;        // of a process: there is no such process any more
    bool operator==(const Owner&) const = default;
};

struct Wait {
    WaitKind kind = WaitKind::kNone;
    std::string name;                      // "mutex", "cond", ...; "-" when it waits for nothing
    std::optional<std::uint64_t> object;   // address
    std::string object_name;               // symbol of a static object, empty: none
    std::optional<std::uint64_t> target;   // join: thread id; 0: any thread
    std::optional<Owner> owner;            // mutex, write-held rwlock, join
    std::optional<std::uint64_t> readers;  // rwlock held for reading: by how many
    std::optional<std::int64_t> left_ns;   // until its deadline (negative: overdue)
};

struct Syscall {
    std::int64_t number = -1;
    std::string name;  // "futex"; "syscall_999" when unknown
    std::array<std::uint64_t, 6> arguments{};
    std::uint64_t sp = 0;
    std::uint64_t pc = 0;
    std::string file{};  // what its first argument, a descriptor, names; raw, empty: unknown
};

// One user thread of libthread.
struct ThreadInfo {
    std::uint64_t id = 0;
    ThreadState state = ThreadState::kUnknown;
    std::string state_name;            // "ready", ... or the library's own word, or "state_9"
    std::vector<std::string> flags;    // "bound", "detached", "daemon", "foreign", ...
    std::optional<std::uint32_t> lwp;  // index of the LWP it runs on
    std::optional<int> tid;            // kernel id of that LWP
    Wait wait;
    std::optional<Syscall> syscall;        // running, and its LWP is blocked in the kernel
    std::optional<std::int64_t> since_ns;  // how long it has been blocked or ready
    std::optional<std::uint64_t> switches;
    std::optional<std::uint64_t> creator;
    std::optional<std::int64_t> priority;
    std::optional<std::uint64_t> start;  // address of its start function
    std::string start_function;          // symbol, empty: none
    std::string name;
    std::uint64_t stack_lo = 0;
    std::uint64_t stack_hi = 0;
    std::optional<std::uint64_t> sp;
    std::uint64_t seq = 0;
    std::uint64_t record = 0;  // address of its control block
    Stack stack;
};

// One kernel task of the process.
struct LwpInfo {
    int tid = 0;
    std::optional<std::uint32_t> index;  // in the library; unknown: not the library's
    std::string state_name;              // the library's word ("running", "parked"), empty: none
    char kernel_state = '?';             // R S D T t Z ..., as in /proc
    std::string name;                    // comm
    std::optional<Syscall> syscall;      // blocked in the kernel in this call
    bool restarting = false;             // blocked in the kernel, not by a system call (page fault)
    std::optional<std::uint64_t> thread;  // the user thread it carries
    bool switching = false;               // record and stack pointer disagree about the thread
    std::optional<std::int64_t> idle_ns;
    std::optional<std::uint64_t> dispatches;
    std::optional<int> cpu;                    // last seen on
    std::optional<std::int64_t> cpu_ns;        // CPU time used so far
    std::optional<std::int64_t> run_delay_ns;  // time spent runnable without a CPU, so far
    std::optional<std::uint64_t> voluntary_switches;
    std::optional<std::uint64_t> involuntary_switches;
    Wait wait;  // not carrying a thread: futex, and the glibc mutex owner when known
    Stack stack;
};

// A remark about the whole snapshot, for the user; `code` is what the program should end with.
struct Note {
    ExitCode code = ExitCode::kDone;
    std::string text;  // one sentence, already escaped
};

struct Snapshot {
    ProcessInfo process;
    Mode mode = Mode::kGentle;
    std::int64_t taken_ns = 0;   // CLOCK_MONOTONIC at the first read
    std::int64_t wall_ns = 0;    // CLOCK_REALTIME at the first read
    std::int64_t spread_ns = 0;  // first read to last read
    std::int64_t pause_ns = 0;   // all stops added up
    std::int64_t longest_pause_ns = 0;
    std::uint32_t paused_lwps = 0;
    std::uint64_t unread_threads = 0;  // beyond --max-threads, unstable or unreadable records
    std::uint64_t moving_stacks = 0;
    bool complete = true;
    bool ended = false;               // the process did so while it was read; of a live one only
    std::vector<LwpInfo> lwps;        // by TID, the library's first by index
    std::vector<ThreadInfo> threads;  // by id
    std::vector<Place> places;
    std::vector<Note> notes;
    [[nodiscard]] const Place& place(const Frame& frame) const { return places.at(frame.place); }
};

[[nodiscard]] const char* name_of(Mode mode) noexcept;
[[nodiscard]] const char* name_of(StackEnd end) noexcept;
[[nodiscard]] const char* name_of(LibraryState state) noexcept;

// The thread with this id, or nullptr. Binary search: threads are ordered by id.
[[nodiscard]] const ThreadInfo* find_thread(const Snapshot& snapshot, std::uint64_t id) noexcept;
[[nodiscard]] const LwpInfo* find_lwp(const Snapshot& snapshot, int tid) noexcept;

// "mutex stats_lock", "mutex 0x5581c0de00c0", "join #17", "cond 0x..", "-": escaped.
[[nodiscard]] std::string describe(const Wait& wait);
// "#9544" or "LWP 4714", "#3 of process 4711", "2 readers", "-".
[[nodiscard]] std::string describe_owner(const Wait& wait);
// "read(3, 0x7ffe.., 128)": name and arguments as far as the call's signature is known.
[[nodiscard]] std::string describe(const Syscall& call);

}  // namespace lwpi
