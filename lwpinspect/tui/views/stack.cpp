#include <fmt/format.h>

#include <algorithm>

#include "support/escape.h"
#include "tui/format.h"
#include "tui/theme.h"
#include "tui/views/views.h"

namespace lwpi::tui {

namespace {

constexpr int kColumnsForAddresses = 100;

std::string subject(const UiState& state)
{
    if (const ThreadInfo* const thread = chosen_thread(state)) {
        return fmt::format("#{} {}", thread->id, printable(name_or_start(*thread)));
    }
    if (const LwpInfo* const lwp = chosen_lwp(state)) {
        const std::string carries = lwp->thread ? fmt::format(" carrying #{}", *lwp->thread) : "";
        return fmt::format("LWP {} {}{}", lwp->tid, printable(lwp->name), carries);
    }
    return "no row";
}

// Where the registers that the stack was walked from came from.
std::string source_of_registers(const UiState& state)
{
    const ThreadInfo* const thread = chosen_thread(state);
    if (thread == nullptr) {
        return "";
    }
    if (thread->lwp) {
        return fmt::format("  on LWP {}{}", *thread->lwp,
                           thread->tid ? fmt::format(" (TID {})", *thread->tid) : "");
    }
    return fmt::format("  saved registers, seq {}", thread->seq);
}

std::string ending(const Stack& stack)
{
    if (stack.end == StackEnd::kNotTaken) {
        return "not read yet";
    }
    const std::string detail = stack.detail.empty() ? "" : " " + printable(stack.detail);
    return fmt::format("{}{}", name_of(stack.end), detail);
}

std::string heading(const UiState& state, const ChosenStack& chosen)
{
    std::string text = " " + subject(state) + source_of_registers(state);
    if (chosen.stack != nullptr) {
        text += ", end: " + ending(*chosen.stack);
    }
    if (chosen.later) {
        text += "  (read after the freeze)";
    }
    return text;
}

// Without directories.
std::string short_path(const std::string& path)
{
    return path.substr(path.rfind('/') + 1);
}

void draw_frame(Canvas& canvas, int row, std::size_t number, const Snapshot& snapshot,
                const Frame& frame)
{
    const Place& place = snapshot.place(frame);
    const int width = canvas.size().columns;
    int column = canvas.put(row, 0, fmt::format("{:2} ", number), Style{Role::kFaint});
    if (width >= kColumnsForAddresses) {
        column = canvas.put(row, column, fmt::format("{:#018x}  ", frame.pc), Style{Role::kFaint});
    }
    // The line says more than the file that the code is in.
    const std::string module =
        place.file.empty() ? printable(place.module)
                           : fmt::format("{}:{}", printable(short_path(place.file)), place.line);
    if (place.function.empty()) {
        const std::string address =
            width >= kColumnsForAddresses ? "" : fmt::format("{:#x}  ", frame.pc);
        canvas.put(row, column, fmt::format("{}{}+{:#x}", address, module, place.offset), Style{});
        return;
    }
    const int module_room = std::min(static_cast<int>(display_width(module)), 24);
    const int room = std::max(width - column - module_room - 2, 12);
    const std::string offset = fmt::format("+{:#x}", place.offset);
    const auto most = static_cast<std::size_t>(std::max(room - static_cast<int>(offset.size()), 8));
    const int after = canvas.put(row, column, cut(printable(short_name(place.function)), most),
                                 Style{Role::kFunction});
    const int end = canvas.put(row, after, offset, Style{Role::kFaint});
    // Modules stand in a column as long as the names are short enough.
    const int aligned = column + std::clamp(width * 45 / 100, 20, 60);
    canvas.put(row, std::max(end + 2, std::min(aligned, width - module_room)), module, Style{});
}

std::string or_dash(const std::string& text)
{
    return text.empty() ? "-" : printable(text);
}

std::string stack_fact(const ThreadInfo& thread)
{
    if (thread.stack_hi <= thread.stack_lo) {
        return "stack unknown";
    }
    std::string text = fmt::format("stack {:#x}-{:#x}, {}", thread.stack_lo, thread.stack_hi,
                                   format_bytes(thread.stack_hi - thread.stack_lo));
    if (thread.sp && *thread.sp >= thread.stack_lo && *thread.sp <= thread.stack_hi) {
        text += fmt::format(", {} used", format_bytes(thread.stack_hi - *thread.sp));
    }
    return text;
}

std::vector<std::string> thread_facts(const ThreadInfo& thread, const Sample& sample)
{
    std::string flags;
    for (const std::string& flag : thread.flags) {
        flags += " " + printable(flag);
    }
    const auto number = [](const auto& value) {
        return value ? fmt::format("{}", *value) : std::string("-");
    };
    std::string wait = "waits for " + describe(thread.wait);
    if (thread.wait.owner || thread.wait.readers) {
        wait += "  held by " + describe_owner(thread.wait);
    }
    if (thread.wait.left_ns) {
        wait += *thread.wait.left_ns >= 0 ? "  time left " + format_age(thread.wait.left_ns)
                                          : std::string("  time is over");
    }
    if (thread.wait.kind == WaitKind::kNone && thread.syscall) {
        wait = "in the kernel: " + describe(*thread.syscall);
    }
    const auto row = static_cast<std::size_t>(&thread - sample.snapshot.threads.data());
    return {fmt::format("{}  since {}  switches {} ({}/s)", format_state(thread),
                        format_age(thread.since_ns), number(thread.switches),
                        format_rate(sample.switches_per_second[row])),
            wait,
            fmt::format(
                "start {}  made by {}  priority {}  flags{}", or_dash(thread.start_function),
                thread.creator && *thread.creator != 0 ? fmt::format("#{}", *thread.creator) : "-",
                number(thread.priority), flags.empty() ? " -" : flags),
            stack_fact(thread)};
}

std::vector<std::string> lwp_facts(const LwpInfo& lwp)
{
    const std::string state = lwp.state_name.empty() ? "" : "  " + printable(lwp.state_name);
    return {fmt::format("{}{}  cpu {}", format_kernel_state(lwp.kernel_state), state,
                        lwp.cpu ? fmt::format("{}", *lwp.cpu) : "-"),
            lwp.syscall ? "in the kernel: " + describe(*lwp.syscall) : "not in a system call",
            "waits for " + describe(lwp.wait) +
                (lwp.wait.owner ? "  held by " + describe_owner(lwp.wait) : ""),
            fmt::format("switches {} by itself, {} forced", lwp.voluntary_switches.value_or(0),
                        lwp.involuntary_switches.value_or(0))};
}

void draw_facts(Canvas& canvas, const UiState& state, const OverlayLayout& layout)
{
    std::vector<std::string> facts;
    if (const ThreadInfo* const thread = chosen_thread(state)) {
        facts = thread_facts(*thread, *state.shown);
    } else if (const LwpInfo* const lwp = chosen_lwp(state)) {
        facts = lwp_facts(*lwp);
    }
    const auto lines = static_cast<std::size_t>(std::max(layout.fact_rows - 1, 0));
    for (std::size_t i = 0; i < std::min(facts.size(), lines); ++i) {
        canvas.put(layout.facts + static_cast<int>(i), 1,
                   cut(facts[i], static_cast<std::size_t>(canvas.size().columns - 1)), Style{});
    }
}

void draw_frames(Canvas& canvas, int first, int lines, std::size_t skip, const ChosenStack& chosen)
{
    const std::vector<Frame>& frames = chosen.stack->frames;
    for (int line = 0; line < lines; ++line) {
        const std::size_t number = skip + static_cast<std::size_t>(line);
        if (number < frames.size()) {
            draw_frame(canvas, first + line, number, *chosen.snapshot, frames[number]);
        }
    }
}

}  // namespace

void draw_stack_pane(Canvas& canvas, const UiState& state, const Layout& layout)
{
    if (layout.stack_rows < 3) {
        return;
    }
    canvas.fill(layout.stack, glyphs(state.utf8).rule_letter, Style{Role::kRule});
    const ChosenStack chosen = chosen_stack(state);
    canvas.put(layout.stack + 1, 0,
               cut(heading(state, chosen), static_cast<std::size_t>(canvas.size().columns)),
               Style{Role::kTitle});
    if (chosen.stack == nullptr) {
        return;
    }
    const int lines = layout.stack_rows - 2;
    const LwpInfo* const lwp = chosen_lwp(state);
    const bool is_of_program = lwp == nullptr || lwp->thread;
    const std::size_t skip =
        is_of_program ? inner_frames(*chosen.snapshot, *chosen.stack) : std::size_t{0};
    const auto frames = static_cast<int>(chosen.stack->frames.size() - skip);
    const bool more = frames > lines;
    draw_frames(canvas, layout.stack + 2, more ? lines - 1 : lines, skip, chosen);
    if (more) {
        canvas.put(layout.footer - 1, 0, fmt::format(" . {} more: Enter", frames - lines + 1),
                   Style{Role::kFaint});
    }
}

void draw_whole_stack(Canvas& canvas, const UiState& state)
{
    const OverlayLayout layout = lay_out_overlay(state);
    const ChosenStack chosen = chosen_stack(state);
    canvas.fill(layout.title, U' ', Style{Role::kColumns});
    canvas.put(layout.title, 0,
               cut(heading(state, chosen), static_cast<std::size_t>(canvas.size().columns)),
               Style{Role::kSorted});
    if (layout.fact_rows > 0) {
        draw_facts(canvas, state, layout);
        canvas.fill(layout.body - 1, glyphs(state.utf8).rule_letter, Style{Role::kRule});
    }
    if (chosen.stack != nullptr) {
        draw_frames(canvas, layout.body, layout.body_rows, state.scroll, chosen);
        const std::size_t end =
            chosen.stack->frames.size() - std::min(state.scroll, chosen.stack->frames.size());
        if (end < static_cast<std::size_t>(layout.body_rows)) {
            canvas.put(layout.body + static_cast<int>(end), 1, "-- " + ending(*chosen.stack),
                       Style{Role::kFaint});
        }
    }
    draw_footer(canvas, state, layout.footer);
}

}  // namespace lwpi::tui
