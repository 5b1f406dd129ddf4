#include "tui/keymap.h"

#include <array>

namespace lwpi::tui {

namespace {

struct Binding {
    KeyPress press;
    Action action;
};

constexpr KeyPress letter(char32_t which)
{
    return KeyPress{Key::kLetter, which};
}

constexpr KeyPress control(char32_t which)
{
    return KeyPress{Key::kLetter, which & 0x1f};
}

constexpr KeyPress key(Key which)
{
    return KeyPress{which, 0};
}

constexpr std::array<Binding, 54> kBindings{{
    {letter(U'q'), Action::kQuit},
    {key(Key::kF10), Action::kQuit},
    {key(Key::kEscape), Action::kBack},
    {letter(U'j'), Action::kDown},
    {key(Key::kDown), Action::kDown},
    {letter(U'k'), Action::kUp},
    {key(Key::kUp), Action::kUp},
    {key(Key::kPageDown), Action::kPageDown},
    {control(U'f'), Action::kPageDown},
    {letter(U' '), Action::kMark},
    {key(Key::kPageUp), Action::kPageUp},
    {control(U'b'), Action::kPageUp},
    {control(U'd'), Action::kHalfDown},
    {control(U'u'), Action::kHalfUp},
    {letter(U'g'), Action::kFirst},
    {key(Key::kHome), Action::kFirst},
    {letter(U'G'), Action::kLast},
    {key(Key::kEnd), Action::kLast},
    {key(Key::kEnter), Action::kOpenStack},
    {letter(U'>'), Action::kNextSort},
    {key(Key::kF6), Action::kNextSort},
    {letter(U'r'), Action::kReverse},
    {letter(U'/'), Action::kSearch},
    {key(Key::kF3), Action::kSearch},
    {letter(U'n'), Action::kNextMatch},
    {letter(U'N'), Action::kPreviousMatch},
    {letter(U'\\'), Action::kFilter},
    {key(Key::kF4), Action::kFilter},
    {letter(U'p'), Action::kFreeze},
    {key(Key::kF8), Action::kFreeze},
    {letter(U'?'), Action::kHelp},
    {key(Key::kF1), Action::kHelp},
    {letter(U'1'), Action::kThreads},
    {letter(U'2'), Action::kLwps},
    {key(Key::kTab), Action::kOtherScreen},
    {key(Key::kBackTab), Action::kScreenBefore},
    {control(U'l'), Action::kRedraw},
    {letter(U'3'), Action::kStacks},
    {letter(U'4'), Action::kLocks},
    {letter(U'5'), Action::kFindings},
    {letter(U't'), Action::kStacks},
    {key(Key::kF5), Action::kStacks},
    {letter(U'w'), Action::kWhy},
    {key(Key::kF7), Action::kWhy},
    {letter(U'L'), Action::kLines},
    {letter(U'i'), Action::kInfo},
    {letter(U'd'), Action::kDiff},
    {letter(U'D'), Action::kNewBase},
    {letter(U'S'), Action::kInstant},
    {letter(U's'), Action::kSave},
    {key(Key::kF9), Action::kSave},
    {letter(U'U'), Action::kUnmark},
    {key(Key::kLeft), Action::kScreenBefore},
    {key(Key::kRight), Action::kOtherScreen},
}};

constexpr std::array<HelpLine, 49> kHelp{{
    {"j k, arrows", "one line down, up"},
    {"g G, Home End", "first, last line"},
    {"PgDn PgUp", "a page down, up (also ^F ^B)"},
    {"^D ^U", "half a page down, up"},
    {"Enter", "the whole stack, and back"},
    {"Esc", "back; in a list: no filter any more"},
    {"1 2 3 4 5, Tab", "Threads LWPs Stacks Locks Findings"},
    {"w or F7", "why it waits: who holds that, ..."},
    {"Space, U", "mark the row, no marks any more"},
    {"d, D", "what changed since the mark; mark"},
    {"S", "stop all LWPs once, then freeze"},
    {"s or F9", "save the picture to a file"},
    {"L", "source lines in stacks, or none"},
    {"i", "about the process and the library"},
    {"> or F6", "sort by the next column"},
    {"r", "turn the order round"},
    {"/ or F3", "search; then n next, N previous"},
    {"\\ or F4", "filter: words that must all match"},
    {"p or F8", "freeze the picture, not the process"},
    {"^L", "draw the screen anew"},
    {"? or F1", "this help"},
    {"q or F10", "leave"},
    {"", ""},
    {"Filter words", ""},
    {"req", "in name, #id, wait or function"},
    {"state:blocked", "begins so; of LWPs also R S D T"},
    {"wait:mutex", "kind or name of what it waits for"},
    {"fn:cache", "a function on its stack"},
    {"name:worker", "in its name"},
    {"lwp:3", "on LWP 3 (or kernel TID 3)"},
    {"age>10 age<10", "in its state for more, less seconds"},
    {"", ""},
    {"Columns", ""},
    {"NAME", "or the start function if it has none"},
    {"STATE", "running, ready (for an LWP), ..."},
    {"LWP", "the kernel thread that runs it"},
    {"WAIT, OWNER", "what it waits for, who holds that"},
    {"SINCE", "how long it is blocked or ready"},
    {"SW/s", "times a second it was put on an LWP"},
    {"AT", "innermost function of the program"},
    {"AT in ( )", "start function: no stack was read"},
    {"KERNEL", "R running S sleep D disk T stopped"},
    {"RQms/s", "ms a second it waited for a CPU"},
    {"! in front", "part of a deadlock"},
    {"+ in front", "marked"},
    {"gentle", "stops running LWPs only, for ~20 us"},
    {"nostop", "stops nothing: running have no stack"},
    {"snapshot", "all LWPs stopped for one moment"},
    {"mouse", "a press chooses, the wheel scrolls"},
}};

constexpr std::array<FooterItem, 9> kThreadsFooter{{{"F1", "Help"},
                                                    {"F3", "Search"},
                                                    {"F4", "Filter"},
                                                    {"F6", "Sort"},
                                                    {"F8", "Freeze"},
                                                    {"Enter", "Stack"},
                                                    {"F7", "Why"},
                                                    {"F9", "Save"},
                                                    {"F10", "Quit"}}};
constexpr std::array<FooterItem, 9> kLwpsFooter{{{"F1", "Help"},
                                                 {"F3", "Search"},
                                                 {"F4", "Filter"},
                                                 {"F6", "Sort"},
                                                 {"F8", "Freeze"},
                                                 {"Enter", "Stack"},
                                                 {"Tab", "Threads"},
                                                 {"r", "Reverse"},
                                                 {"F10", "Quit"}}};
constexpr std::array<FooterItem, 8> kPlainFooter{{{"F1", "Help"},
                                                  {"F3", "Search"},
                                                  {"F4", "Filter"},
                                                  {"F6", "Sort"},
                                                  {"F8", "Freeze"},
                                                  {"Enter", "Stack"},
                                                  {"r", "Reverse"},
                                                  {"F10", "Quit"}}};
constexpr std::array<FooterItem, 8> kSheetFooter{{{"F1", "Help"},
                                                  {"F3", "Search"},
                                                  {"F4", "Filter"},
                                                  {"F6", "Sort"},
                                                  {"F8", "Freeze"},
                                                  {"F9", "Save"},
                                                  {"Enter", "Details"},
                                                  {"F10", "Quit"}}};
constexpr std::array<FooterItem, 3> kTextFooter{
    {{"Esc", "Back"}, {"j k", "Scroll"}, {"F10", "Quit"}}};
constexpr std::array<FooterItem, 5> kStackFooter{
    {{"Enter", "Back"}, {"j k", "Scroll"}, {"F8", "Freeze"}, {"F1", "Help"}, {"F10", "Quit"}}};
constexpr std::array<FooterItem, 3> kHelpFooter{
    {{"Esc", "Back"}, {"j k", "Scroll"}, {"q", "Back"}}};

}  // namespace

Action action_of(KeyPress press) noexcept
{
    for (const Binding& binding : kBindings) {
        if (binding.press == press) {
            return binding.action;
        }
    }
    return Action::kNone;
}

std::span<const HelpLine> help_lines() noexcept
{
    return kHelp;
}

std::span<const FooterItem> footer_items(FooterKind kind) noexcept
{
    switch (kind) {
        case FooterKind::kThreads:
            return kThreadsFooter;
        case FooterKind::kLwps:
            return kLwpsFooter;
        case FooterKind::kPlainLwps:
            return kPlainFooter;
        case FooterKind::kSheet:
            return kSheetFooter;
        case FooterKind::kText:
            return kTextFooter;
        case FooterKind::kStack:
            return kStackFooter;
        case FooterKind::kHelp:
            break;
    }
    return kHelpFooter;
}

}  // namespace lwpi::tui
