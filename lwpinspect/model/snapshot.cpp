#include "model/snapshot.h"

#include <fmt/format.h>

#include <algorithm>

#include "support/escape.h"
#include "support/syscalls.h"

namespace lwpi {
namespace {

std::string describe_argument(char form, std::uint64_t value)
{
    // System call arguments are registers: descriptors and ints use the low half only.
    switch (form) {
        case 'd':
        case 'i':
            return fmt::format("{}", static_cast<std::int32_t>(value));
        case 'u':
            return fmt::format("{}", value);
        case 'p':
            return value == 0 ? "NULL" : fmt::format("{:#x}", value);
        default:
            return fmt::format("{:#x}", value);
    }
}

}  // namespace

const char* name_of(Mode mode) noexcept
{
    switch (mode) {
        case Mode::kGentle:
            return "gentle";
        case Mode::kNostop:
            return "nostop";
        case Mode::kInstant:
            return "snapshot";
    }
    return "?";
}

const char* name_of(StackEnd end) noexcept
{
    switch (end) {
        case StackEnd::kNotTaken:
            return "not-taken";
        case StackEnd::kBottom:
            return "bottom";
        case StackEnd::kEntry:
            return "entry";
        case StackEnd::kNoUnwindInfo:
            return "no-unwind-info";
        case StackEnd::kMemory:
            return "memory";
        case StackEnd::kLimit:
            return "limit";
        case StackEnd::kLoop:
            return "loop";
        case StackEnd::kMoving:
            return "moving";
        case StackEnd::kRunning:
            return "running";
        case StackEnd::kDenied:
            return "denied";
        case StackEnd::kGone:
            return "gone";
    }
    return "?";
}

const char* name_of(LibraryState state) noexcept
{
    switch (state) {
        case LibraryState::kNone:
            return "none";
        case LibraryState::kUnreadable:
            return "unreadable";
        case LibraryState::kNotStarted:
            return "not-started";
        case LibraryState::kForkedChild:
            return "forked-child";
        case LibraryState::kOtherMajor:
            return "other-version";
        case LibraryState::kDamaged:
            return "damaged";
        case LibraryState::kPresent:
            return "present";
    }
    return "?";
}

const ThreadInfo* find_thread(const Snapshot& snapshot, std::uint64_t id) noexcept
{
    const auto found = std::lower_bound(
        snapshot.threads.begin(), snapshot.threads.end(), id,
        [](const ThreadInfo& thread, std::uint64_t wanted) { return thread.id < wanted; });
    return found != snapshot.threads.end() && found->id == id ? &*found : nullptr;
}

const LwpInfo* find_lwp(const Snapshot& snapshot, int tid) noexcept
{
    const auto found = std::find_if(snapshot.lwps.begin(), snapshot.lwps.end(),
                                    [&](const LwpInfo& lwp) { return lwp.tid == tid; });
    return found == snapshot.lwps.end() ? nullptr : &*found;
}

std::string describe(const Wait& wait)
{
    if (wait.kind == WaitKind::kNone) {
        return "-";
    }
    const std::string name = printable(wait.name);
    if (wait.target) {
        return *wait.target == 0 ? name + " any" : fmt::format("{} #{}", name, *wait.target);
    }
    if (!wait.object_name.empty()) {
        return name + ' ' + printable(wait.object_name);
    }
    return wait.object ? fmt::format("{} {:#x}", name, *wait.object) : name;
}

std::string describe_owner(const Wait& wait)
{
    if (wait.owner && wait.owner->kind == Owner::Kind::kProcess) {
        return fmt::format("#{} of process {}", wait.owner->thread, wait.owner->id);
    }
    if (wait.owner) {
        return wait.owner->kind == Owner::Kind::kThread ? fmt::format("#{}", wait.owner->id)
                                                        : fmt::format("LWP {}", wait.owner->id);
    }
    if (wait.readers && *wait.readers > 0) {
        return fmt::format("{} reader{}", *wait.readers, *wait.readers == 1 ? "" : "s");
    }
    return "-";
}

std::string describe(const Syscall& call)
{
    const std::string_view signature = syscall_form(call.number).signature;
    if (signature.empty() || signature == "?") {
        return call.name;
    }
    std::string out = call.name + '(';
    for (std::size_t i = 0; i < signature.size() && i < call.arguments.size(); ++i) {
        out += i == 0 ? "" : ", ";
        out += describe_argument(signature[i], call.arguments[i]);
        if (i == 0 && !call.file.empty()) {
            out += '<' + printable(call.file) + '>';
        }
    }
    return out + ')';
}

}  // namespace lwpi
