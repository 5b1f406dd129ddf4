// What the command line asks for.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace lwpi {

enum class Verb : std::uint8_t {
    kPs,
    kLwps,
    kStack,
    kStacks,
    kLocks,
    kWhy,
    kDeadlocks,
    kCheck,
    kDiff,
    kSave,
    kTrace,
    kProbes,
    kInfo,
    kCompletion,
    kTop
};
enum class ColourWish : std::uint8_t { kAuto, kAlways, kNever };

struct Options {
    Verb verb = Verb::kPs;
    std::string target;   // PID, PID/TID, a name or a file; empty with --from
    std::string from;     // a saved snapshot
    std::string core;     // a core file
    std::string program;  // its executable
    std::string sysroot;

    bool nostop = false;
    bool instant = false;  // -S
    bool may_interrupt = false;
    bool json = false;
    bool no_demangle = false;
    bool quiet = false;
    bool verbose = false;
    ColourWish colour = ColourWish::kAuto;
    std::chrono::milliseconds timeout{10'000};
    std::uint64_t max_threads = 65'536;

    // ps
    bool both = false;        // -L
    bool only_lwps = false;   // --lwps
    bool only_users = false;  // --users
    std::string columns;      // -o
    std::string sort = "id";  // -s
    bool reverse = false;     // -r

    // locks
    std::string address;
    bool all = false;

    // deadlocks, check
    std::chrono::milliseconds confirm{50};
    std::chrono::milliseconds sample{1100};
    std::string rules;

    // diff
    std::string other;
    double every = 5.0;

    // trace
    double trace_seconds = 5.0;
    std::chrono::milliseconds trace_period{10};
    std::string perf;

    // probes
    bool bpftrace = false;
    bool perf_lines = false;

    // save, trace
    std::string output;
    bool no_stacks = false;

    // stack, stacks, why
    std::vector<std::string> ids;
    bool addresses = false;
    bool modules = false;
    bool lines = false;  // -l
    std::uint32_t depth = 64;
    std::string function;      // --fn
    std::string not_function;  // --not-fn
    std::string state;
    std::string wait;
    std::string name;            // --name
    std::optional<int> lwp;      // --lwp
    double min_age_seconds = 0;  // --min-age
    std::string by = "stack";
    bool collapsed = false;

    // top
    double interval_seconds = 2.0;
};

// The options, or the exit code of a program that has said all there is to say (help, version,
// wrong usage). `interactive`: no verb means top.
[[nodiscard]] std::variant<Options, int> parse_options(int argc, const char* const* argv,
                                                       bool interactive);

// All verbs and options, for completion and for tests of the manual page.
struct OptionRow {
    std::vector<std::string> names;  // "-n", "--nostop"
    std::string argument;            // "FILE", empty: none
    std::string help;
};
struct VerbRow {
    std::string name;
    std::string help;
    std::vector<OptionRow> options;
};
struct CommandTable {
    std::vector<OptionRow> global;
    std::vector<VerbRow> verbs;
};
[[nodiscard]] CommandTable command_table();

}  // namespace lwpi
