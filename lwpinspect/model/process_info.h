// What was seen of the process as a whole and of the library in it: plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace lwpi {

enum class LibraryState : std::uint8_t {
    kNone,         // no LWPT note in any module
    kUnreadable,   // no permission to look
    kNotStarted,   // there, but no thread system yet
    kForkedChild,  // the descriptor is a parent's
    kOtherMajor,
    kDamaged,
    kPresent,
};

struct LibraryInfo {
    LibraryState state = LibraryState::kNone;
    std::uint32_t modules_searched = 0;
    std::uint64_t descriptor = 0;  // address
    std::uint32_t abi_major = 0;
    std::uint32_t abi_minor = 0;
    std::uint32_t fields_missing = 0;  // that this tool knows and the library does not provide
    std::string version;
    std::string build;
    std::string model;   // "hand", "husk", "bound"
    std::string module;  // path of the module that holds the note
    int pid_at_init = 0;
    std::string damage;  // kDamaged: which check failed
    std::optional<std::uint64_t> concurrency;
    std::optional<std::uint64_t> pool_lwps;
    std::optional<std::uint64_t> max_lwps;
    std::optional<std::uint64_t> growths;
    std::optional<std::uint64_t> cap_hits;
    std::optional<std::uint64_t> threads;  // alive, as the library counts
    std::optional<std::uint64_t> last_id;
    bool probes = false;  // it was compiled with them
};

struct ProcessInfo {
    int pid = 0;
    int parent = 0;
    std::string name;     // comm
    std::string command;  // command line, blanks between arguments
    std::string executable;
    std::uint32_t uid = 0;
    char state = '?';
    std::optional<std::int64_t> uptime_ns;  // nullopt: of a core
    LibraryInfo library;
};

}  // namespace lwpi
