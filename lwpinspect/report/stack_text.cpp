// Stacks, groups of stacks and the facts about a process, as text.
#include <fmt/format.h>

#include "report/text.h"
#include "support/escape.h"
#include "support/text.h"

namespace lwpi {
namespace {

constexpr std::size_t kIdRangesOfGroup = 6;

std::string end_text(StackEnd end, const std::string& detail)
{
    switch (end) {
        case StackEnd::kBottom:
        case StackEnd::kEntry:
        case StackEnd::kNotTaken:
            return {};
        case StackEnd::kNoUnwindInfo:
            return fmt::format("stops here: {} has no unwind table for it, or needs more registers",
                               detail.empty() ? "this code" : printable(detail));
        case StackEnd::kMemory:
            return "stops here: memory of the stack could not be read";
        case StackEnd::kLimit:
            return "there are more frames (--depth)";
        case StackEnd::kLoop:
            return "stops here: the next frame would not be higher up the stack";
        case StackEnd::kMoving:
            return "moving: it ran during each attempt to read its stack";
        case StackEnd::kRunning:
            return "running: its stack cannot be read without a stop";
        case StackEnd::kDenied:
            return "no permission to read its stack";
        case StackEnd::kGone:
            return "ended: it has no stack any more";
    }
    return {};
}

void append_stack(std::string& out, const Snapshot& snapshot, const Stack& stack, StackStyle style,
                  UseColour colour)
{
    for (std::size_t i = 0; i < stack.frames.size(); ++i) {
        const Frame& frame = stack.frames[i];
        const Place& place = snapshot.place(frame);
        out += fmt::format("{:>3} ", i);
        if (style.addresses) {
            out += fmt::format("{:#018x} ", frame.pc);
        }
        out += place.function.empty()
                   ? fmt::format("{}+{:#x}", printable(place.module), place.offset)
                   : fmt::format("{}+{:#x}", printable(place.function), place.offset);
        if (style.modules) {
            out += fmt::format(
                " ({})", printable(place.module_path.empty() ? place.module : place.module_path));
        }
        if (!place.file.empty()) {
            out += fmt::format(" at {}:{}", printable(place.file), place.line);
        }
        out += '\n';
    }
    if (const std::string text = end_text(stack.end, stack.detail); !text.empty()) {
        out += painted("    -- " + text, Colour::kYellow, colour) + '\n';
    }
}

std::string wait_and_owner(const Wait& wait)
{
    const std::string owner = describe_owner(wait);
    return owner == "-" ? describe(wait) : fmt::format("{}  owner {}", describe(wait), owner);
}

}  // namespace

std::string functions_text(const Group& group)
{
    std::string chain;
    for (std::size_t i = 0; i < group.functions.size(); ++i) {
        if (!group.internal[i]) {
            chain +=
                (chain.empty() ? "" : " < ") + printable(without_parameters(group.functions[i]));
        }
    }
    return chain;
}

namespace {

std::string optional_text(const std::optional<std::uint64_t>& value)
{
    return value ? fmt::format("{}", *value) : "-";
}

}  // namespace

std::string stack_text(const Snapshot& snapshot, const ThreadInfo& thread, StackStyle style,
                       UseColour colour)
{
    std::string out = fmt::format("#{}", thread.id);
    if (!thread.name.empty()) {
        out += ' ' + printable(thread.name);
    }
    out += "  " + printable(thread.state_name);
    if (thread.tid) {
        out += fmt::format(" on LWP {}", *thread.tid);
    }
    if (thread.syscall && thread.wait.kind == WaitKind::kNone) {
        out += "  in " + describe(*thread.syscall);
    } else if (thread.wait.kind != WaitKind::kNone) {
        out += "  " + wait_and_owner(thread.wait);
    }
    if (thread.since_ns) {
        out += "  for " + format_duration(*thread.since_ns);
    }
    out += '\n';
    append_stack(out, snapshot, thread.stack, style, colour);
    return out;
}

std::string stack_text(const Snapshot& snapshot, const LwpInfo& lwp, StackStyle style,
                       UseColour colour)
{
    std::string out = fmt::format("LWP {} {}  {}", lwp.tid, printable(lwp.name),
                                  printable(std::string_view(&lwp.kernel_state, 1)));
    if (!lwp.state_name.empty()) {
        out += ' ' + printable(lwp.state_name);
    }
    if (lwp.syscall) {
        out += "  in " + describe(*lwp.syscall);
    }
    if (lwp.wait.kind != WaitKind::kNone) {
        out += "  " + wait_and_owner(lwp.wait);
    }
    out += '\n';
    append_stack(out, snapshot, lwp.stack, style, colour);
    return out;
}

std::string groups_text(const std::vector<Group>& groups, UseColour colour)
{
    std::string out;
    for (const Group& group : groups) {
        std::string line = fmt::format("{:>6}  {}", group.ids.size(), printable(group.state_name));
        if (group.wait.kind != WaitKind::kNone) {
            line += "  " + wait_and_owner(group.wait);
        }
        if (group.longest_ns > 0) {
            line += "  up to " + format_duration(group.longest_ns);
        }
        out += line + "   " + (group.lwps ? "LWPs " : "") +
               format_ids(group.ids, kIdRangesOfGroup, group.lwps ? "" : "#") + '\n';
        std::string chain = functions_text(group);
        const bool whole = group.end == StackEnd::kEntry || group.end == StackEnd::kBottom;
        if (whole) {
            chain += chain.empty() ? "[entry]" : " < [entry]";
        } else if (const std::string text = end_text(group.end, group.detail); !text.empty()) {
            chain += painted((chain.empty() ? "-- " : " -- ") + text, Colour::kYellow, colour);
        }
        out += chain.empty() ? "" : "        " + chain + '\n';
    }
    return out;
}

std::string collapsed_text(const std::vector<Group>& groups)
{
    std::string out;
    for (const Group& group : groups) {
        std::string line;
        for (auto function = group.functions.rbegin(); function != group.functions.rend();
             ++function) {
            std::string name = printable(*function);
            for (char& letter : name) {
                // The format's own separators.
                letter = letter == ';' ? ':' : letter == ' ' ? '_' : letter;
            }
            line += (line.empty() ? "" : ";") + name;
        }
        out += line.empty() ? "" : fmt::format("{} {}\n", line, group.ids.size());
    }
    return out;
}

std::string info_text(const Snapshot& snapshot)
{
    const ProcessInfo& process = snapshot.process;
    const LibraryInfo& library = process.library;
    std::string out;
    const auto line = [&](const char* name, const std::string& value) {
        out += fmt::format("{:<14}{}\n", name, value.empty() ? "-" : value);
    };
    line("process", fmt::format("{} {}", process.pid, printable(process.name)));
    line("command", printable(process.command));
    line("executable", printable(process.executable));
    line("parent", fmt::format("{}", process.parent));
    line("user", fmt::format("{}", process.uid));
    line("up", format_duration(process.uptime_ns));
    line("LWPs", fmt::format("{}", snapshot.lwps.size()));
    line("libthread", name_of(library.state));
    if (library.descriptor != 0) {
        line("found in", printable(library.module));
        line("descriptor",
             fmt::format("{:#x}, version {}.{}, {} fields not provided", library.descriptor,
                         library.abi_major, library.abi_minor, library.fields_missing));
        line("version", printable(library.version));
        line("build", printable(library.build));
        line("TCB model", printable(library.model));
    }
    if (library.state == LibraryState::kDamaged) {
        line("damage", printable(library.damage));
    }
    if (library.state == LibraryState::kPresent) {
        line("threads", fmt::format("{} alive, last id {}", optional_text(library.threads),
                                    optional_text(library.last_id)));
        line("concurrency", optional_text(library.concurrency));
        line("pool", fmt::format("{} LWPs of at most {}, grown {} times, at the limit {} times",
                                 optional_text(library.pool_lwps), optional_text(library.max_lwps),
                                 optional_text(library.growths), optional_text(library.cap_hits)));
    }
    line("modules", fmt::format("{}", library.modules_searched));
    line("readable", library.state == LibraryState::kUnreadable ? "no" : "yes");
    return out;
}

}  // namespace lwpi
