#include <fmt/format.h>

#include "support/escape.h"
#include "tui/format.h"
#include "tui/views/views.h"

namespace lwpi::tui {

Role role_of_kernel_state(char letter) noexcept
{
    switch (letter) {
        case 'R':
            return Role::kRunning;
        case 'S':
        case 'I':
            return Role::kBlocked;
        case 'D':
            return Role::kWarning;
        default:
            return Role::kStopped;
    }
}

namespace {

Piece lwp_text(std::string text)
{
    const Role role = text == "-" || text == "0.0" ? Role::kFaint : Role::kText;
    return Piece{std::move(text), role};
}

Role role_of_use(const LwpInfo& lwp)
{
    if (lwp.switching) {
        return Role::kSwitching;
    }
    return lwp.thread ? Role::kRunning : Role::kFaint;
}

// The user thread it carries and where that stands; else what the LWP does without one.
Piece carried(const UiState& state, const LwpInfo& lwp)
{
    const Snapshot& snapshot = state.shown->snapshot;
    if (const ThreadInfo* const thread =
            lwp.thread ? find_thread(snapshot, *lwp.thread) : nullptr) {
        const ChosenStack stack = stack_of(state, lwp);
        const std::string at = format_at(*stack.snapshot, *stack.stack, thread->start_function);
        const std::string name = printable(name_or_start(*thread));
        const bool tells_more = at != "-" && at != name && at != "(" + name + ")";
        return Piece{fmt::format("#{} {}{}", thread->id, name, tells_more ? "  " + at : ""),
                     Role::kText};
    }
    if (lwp.switching) {
        return Piece{"switching", Role::kSwitching};
    }
    if (!lwp.index) {
        return Piece{"not the library's: " + printable(lwp.name), Role::kFaint};
    }
    const std::string idle = lwp.idle_ns ? " for " + format_uptime(*lwp.idle_ns) : "";
    const bool helper = lwp.state_name == "helper";
    return Piece{helper ? "the library's own" : "idle" + idle, Role::kFaint};
}

// What it waits for in the kernel: a lock as far as that is known, else the call.
std::string lwp_wait(const LwpInfo& lwp, int width)
{
    if (lwp.wait.kind != WaitKind::kNone) {
        return format_wait(lwp.wait, static_cast<std::size_t>(width));
    }
    if (lwp.syscall) {
        return describe(*lwp.syscall);
    }
    return lwp.restarting ? "in the kernel" : "-";
}

}  // namespace

Piece lwp_piece(const UiState& state, std::uint32_t index, const PlacedColumn& column)
{
    const Sample& sample = *state.shown;
    const LwpInfo& lwp = sample.snapshot.lwps[index];
    switch (column.spec->column) {
        case Column::kLwp:
            return lwp_text(lwp.index ? fmt::format("{}", *lwp.index) : "-");
        case Column::kTid:
            return Piece{fmt::format("{}", lwp.tid), Role::kText};
        case Column::kName:
            return lwp_text(printable(lwp.name));
        case Column::kState:
            return Piece{lwp.state_name.empty() ? "-" : printable(lwp.state_name),
                         role_of_use(lwp)};
        case Column::kKernel:
            return Piece{format_kernel_state(lwp.kernel_state),
                         role_of_kernel_state(lwp.kernel_state)};
        case Column::kSyscall:
            return lwp_text(lwp.syscall ? describe(*lwp.syscall) : "-");
        case Column::kWait:
            return lwp_text(lwp_wait(lwp, column.width));
        case Column::kOwner:
            return lwp_text(describe_owner(lwp.wait));
        case Column::kCpu:
            return lwp_text(format_fixed(sample.cpu_percent[index]));
        case Column::kDelay:
            return lwp_text(format_fixed(sample.delay_ms_per_second[index]));
        case Column::kThread:
            return carried(state, lwp);
        case Column::kAt: {
            const ChosenStack stack = stack_of(state, lwp);
            return lwp_text(format_at(*stack.snapshot, *stack.stack, {}));
        }
        case Column::kId:
        case Column::kSince:
        case Column::kSwitches:
            break;
    }
    return {};
}

}  // namespace lwpi::tui
