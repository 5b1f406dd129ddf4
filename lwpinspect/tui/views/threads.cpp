#include <fmt/format.h>

#include "support/escape.h"
#include "tui/format.h"
#include "tui/views/views.h"

namespace lwpi::tui {

Role role_of(ThreadState state) noexcept
{
    switch (state) {
        case ThreadState::kRunning:
            return Role::kRunning;
        case ThreadState::kReady:
            return Role::kReady;
        case ThreadState::kBlocked:
            return Role::kBlocked;
        case ThreadState::kStopped:
            return Role::kStopped;
        case ThreadState::kZombie:
            return Role::kZombie;
        case ThreadState::kSwitching:
            return Role::kSwitching;
        case ThreadState::kUnknown:
            break;
    }
    return Role::kText;
}

namespace {

Piece plain(std::string text)
{
    const Role role = text == "-" || text == "0" ? Role::kFaint : Role::kText;
    return Piece{std::move(text), role};
}

Piece name_piece(const ThreadInfo& thread)
{
    const std::string text = name_or_start(thread);
    if (text.empty()) {
        return Piece{"-", Role::kFaint};
    }
    return Piece{printable(text), thread.name.empty() ? Role::kFaint : Role::kText};
}

// What it waits for; of a thread whose LWP is in the kernel, the call.
Piece wait_piece(const ThreadInfo& thread, int width)
{
    if (thread.wait.kind == WaitKind::kNone && thread.syscall) {
        return Piece{describe(*thread.syscall), Role::kKernel};
    }
    return plain(format_wait(thread.wait, static_cast<std::size_t>(width)));
}

}  // namespace

Piece thread_piece(const UiState& state, std::uint32_t index, const PlacedColumn& column)
{
    const Sample& sample = *state.shown;
    const ThreadInfo& thread = sample.snapshot.threads[index];
    switch (column.spec->column) {
        case Column::kId:
            return Piece{fmt::format("{}", thread.id), Role::kText};
        case Column::kName:
            return name_piece(thread);
        case Column::kState:
            return Piece{format_state(thread), role_of(thread.state)};
        case Column::kLwp:
            return plain(thread.lwp ? fmt::format("{}", *thread.lwp) : "-");
        case Column::kWait:
            return wait_piece(thread, column.width);
        case Column::kOwner:
            return plain(describe_owner(thread.wait));
        case Column::kSince:
            return plain(format_age(thread.since_ns));
        case Column::kSwitches:
            return plain(format_rate(sample.switches_per_second[index]));
        case Column::kAt: {
            const ChosenStack stack = stack_of(state, thread);
            return plain(format_at(*stack.snapshot, *stack.stack, thread.start_function));
        }
        case Column::kTid:
        case Column::kKernel:
        case Column::kSyscall:
        case Column::kCpu:
        case Column::kDelay:
        case Column::kThread:
            break;
    }
    return {};
}

}  // namespace lwpi::tui
