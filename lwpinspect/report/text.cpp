#include "report/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "support/escape.h"
#include "support/text.h"

namespace lwpi {
namespace {

struct ColumnForm {
    ThreadColumn column;
    std::string_view name;
    const char* title;
    Align align;
};
constexpr std::array<ColumnForm, 15> kColumns{{
    {ThreadColumn::kId, "id", "ID", Align::kRight},
    {ThreadColumn::kName, "name", "NAME", Align::kLeft},
    {ThreadColumn::kState, "state", "STATE", Align::kLeft},
    {ThreadColumn::kLwp, "lwp", "LWP", Align::kRight},
    {ThreadColumn::kTid, "tid", "TID", Align::kRight},
    {ThreadColumn::kWait, "wait", "WAIT", Align::kLeft},
    {ThreadColumn::kOwner, "owner", "OWNER", Align::kLeft},
    {ThreadColumn::kSince, "since", "SINCE", Align::kRight},
    {ThreadColumn::kSwitches, "sw", "SW", Align::kRight},
    {ThreadColumn::kCpu, "cpu", "CPU", Align::kRight},
    {ThreadColumn::kPriority, "prio", "PRIO", Align::kRight},
    {ThreadColumn::kFlags, "flags", "FLAGS", Align::kLeft},
    {ThreadColumn::kCreator, "creator", "CREATOR", Align::kRight},
    {ThreadColumn::kFunction, "fn", "FN", Align::kLeft},
    {ThreadColumn::kAt, "at", "AT", Align::kLeft},
}};

const ColumnForm& form_of(ThreadColumn column)
{
    return *std::find_if(kColumns.begin(), kColumns.end(),
                         [&](const ColumnForm& form) { return form.column == column; });
}

template <typename Number>
std::string number_text(const std::optional<Number>& value)
{
    return value ? fmt::format("{}", *value) : "-";
}

std::string text_or_dash(const std::string& text)
{
    return text.empty() ? "-" : printable(text);
}

Colour state_colour(ThreadState state)
{
    switch (state) {
        case ThreadState::kRunning:
            return Colour::kGreen;
        case ThreadState::kReady:
            return Colour::kYellow;
        case ThreadState::kSwitching:
            return Colour::kMagenta;
        case ThreadState::kZombie:
        case ThreadState::kStopped:
            return Colour::kDim;
        case ThreadState::kBlocked:
        case ThreadState::kUnknown:
            return Colour::kPlain;
    }
    return Colour::kPlain;
}

std::string join(const std::vector<std::string>& words)
{
    std::string out;
    for (const std::string& word : words) {
        out += (out.empty() ? "" : ",") + printable(word);
    }
    return out;
}

Cell thread_cell(const Snapshot& snapshot, const ThreadInfo& thread, ThreadColumn column)
{
    switch (column) {
        case ThreadColumn::kId:
            return {fmt::format("{}", thread.id)};
        case ThreadColumn::kName:
            return {text_or_dash(thread.name)};
        case ThreadColumn::kState:
            return {printable(thread.state_name), state_colour(thread.state)};
        case ThreadColumn::kLwp:
            return {number_text(thread.lwp)};
        case ThreadColumn::kTid:
            return {number_text(thread.tid)};
        case ThreadColumn::kWait:
            return {wait_text(thread)};
        case ThreadColumn::kOwner:
            return {describe_owner(thread.wait)};
        case ThreadColumn::kSince:
            return {format_duration(thread.since_ns)};
        case ThreadColumn::kSwitches:
            return {number_text(thread.switches)};
        case ThreadColumn::kCpu: {
            const LwpInfo* lwp = thread.tid ? find_lwp(snapshot, *thread.tid) : nullptr;
            return {lwp == nullptr ? "-" : number_text(lwp->cpu)};
        }
        case ThreadColumn::kPriority:
            return {number_text(thread.priority)};
        case ThreadColumn::kFlags:
            return {text_or_dash(join(thread.flags))};
        case ThreadColumn::kCreator:
            return {thread.creator == 0U ? "-" : number_text(thread.creator)};
        case ThreadColumn::kFunction:
            return {text_or_dash(thread.start_function)};
        case ThreadColumn::kAt:
            return {text_or_dash(where(snapshot, thread))};
    }
    return {};
}

std::string carried_text(const Snapshot& snapshot, const LwpInfo& lwp)
{
    if (lwp.switching) {
        return "switching";
    }
    if (lwp.thread) {
        const ThreadInfo* thread = find_thread(snapshot, *lwp.thread);
        return thread == nullptr || thread->name.empty()
                   ? fmt::format("#{}", *lwp.thread)
                   : fmt::format("#{} {}", *lwp.thread, printable(thread->name));
    }
    if (lwp.idle_ns) {
        return fmt::format("idle {}", format_duration(*lwp.idle_ns));
    }
    return "-";
}

std::string counts_text(const Snapshot& snapshot)
{
    std::size_t running = 0;
    std::size_t ready = 0;
    std::size_t blocked = 0;
    for (const ThreadInfo& thread : snapshot.threads) {
        running += thread.state == ThreadState::kRunning ? 1U : 0U;
        ready += thread.state == ThreadState::kReady ? 1U : 0U;
        blocked += thread.state == ThreadState::kBlocked ? 1U : 0U;
    }
    const std::size_t other = snapshot.threads.size() - running - ready - blocked;
    return fmt::format("user threads {} ({} running, {} ready, {} blocked{})  ",
                       snapshot.threads.size(), running, ready, blocked,
                       other == 0 ? "" : fmt::format(", {} other", other));
}

}  // namespace

std::string header_text(const Snapshot& snapshot)
{
    const bool library = snapshot.process.library.state == LibraryState::kPresent;
    std::string pause = "nothing paused";
    if (snapshot.paused_lwps != 0) {
        pause = fmt::format("paused {:.2f} ms in {} LWP{}",
                            static_cast<double>(snapshot.pause_ns) / 1e6, snapshot.paused_lwps,
                            snapshot.paused_lwps == 1 ? "" : "s");
    }
    return fmt::format("{} {}  {}LWPs {}  mode {}, {}, spread {:.1f} ms\n", snapshot.process.pid,
                       printable(snapshot.process.name), library ? counts_text(snapshot) : "",
                       snapshot.lwps.size(), name_of(snapshot.mode), pause,
                       static_cast<double>(snapshot.spread_ns) / 1e6);
}

std::vector<ThreadColumn> default_thread_columns()
{
    return {ThreadColumn::kId,    ThreadColumn::kName,     ThreadColumn::kState,
            ThreadColumn::kLwp,   ThreadColumn::kWait,     ThreadColumn::kOwner,
            ThreadColumn::kSince, ThreadColumn::kSwitches, ThreadColumn::kFunction};
}

std::vector<ThreadColumn> parse_thread_columns(std::string_view names)
{
    std::vector<ThreadColumn> columns;
    for (const std::string_view name : split(names, ',')) {
        const auto found = std::find_if(kColumns.begin(), kColumns.end(),
                                        [&](const ColumnForm& form) { return form.name == name; });
        if (found == kColumns.end()) {
            std::vector<std::string> known;
            for (const ColumnForm& form : kColumns) {
                known.emplace_back(form.name);
            }
            throw TargetError(ExitCode::kUsage, fmt::format("no column \"{}\"; there are {}.",
                                                            printable(name), join(known)));
        }
        columns.push_back(found->column);
    }
    return columns;
}

std::string threads_text(const Snapshot& snapshot, const std::vector<const ThreadInfo*>& threads,
                         const std::vector<ThreadColumn>& columns, UseColour colour)
{
    Table table;
    for (const ThreadColumn column : columns) {
        table.add_column(form_of(column).title, form_of(column).align);
    }
    for (const ThreadInfo* thread : threads) {
        std::vector<Cell> cells;
        for (const ThreadColumn column : columns) {
            cells.push_back(thread_cell(snapshot, *thread, column));
        }
        table.add_row(std::move(cells));
    }
    return table.render(colour);
}

std::string lwps_text(const Snapshot& snapshot, UseColour colour)
{
    Table table;
    table.add_column("LWP", Align::kRight);
    table.add_column("TID", Align::kRight);
    table.add_column("K", Align::kLeft);
    table.add_column("STATE", Align::kLeft);
    table.add_column("CPU", Align::kRight);
    table.add_column("TIME", Align::kRight);
    table.add_column("RUNQ", Align::kRight);
    table.add_column("NAME", Align::kLeft);
    table.add_column("THREAD", Align::kLeft);
    table.add_column("OWNER", Align::kLeft);
    table.add_column("SYSCALL", Align::kLeft);
    for (const LwpInfo& lwp : snapshot.lwps) {
        const bool running = lwp.kernel_state == 'R';
        table.add_row({{number_text(lwp.index)},
                       {fmt::format("{}", lwp.tid)},
                       {printable(std::string_view(&lwp.kernel_state, 1)),
                        running ? Colour::kGreen : Colour::kPlain},
                       {text_or_dash(lwp.state_name)},
                       {number_text(lwp.cpu)},
                       {format_duration(lwp.cpu_ns)},
                       {format_duration(lwp.run_delay_ns)},
                       {text_or_dash(lwp.name)},
                       {carried_text(snapshot, lwp)},
                       {describe_owner(lwp.wait)},
                       {lwp.syscall ? describe(*lwp.syscall) : "-"}});
    }
    return table.render(colour);
}

std::string wait_text(const ThreadInfo& thread)
{
    // A bound thread that waits for an object is in the library's futex call, which is no news.
    if (thread.syscall && thread.wait.kind == WaitKind::kNone) {
        return fmt::format("in {}", thread.syscall->name);
    }
    return describe(thread.wait);
}

}  // namespace lwpi
