#include "tui/theme.h"

namespace lwpi::tui {

namespace {

constexpr Glyphs kUtf8{"─", U'─', "▲", "▼", "↑", "↓"};
constexpr Glyphs kAscii{"-", U'-', "^", "v", "^", "v"};

Look off_cursor(Role role) noexcept
{
    switch (role) {
        case Role::kText:
        case Role::kField:
            return {};
        case Role::kFaint:
        case Role::kRule:
            return {.faint = true};
        case Role::kTitle:
            return {.bold = true};
        case Role::kLabel:
            return {.ink = Ink::kCyan};
        case Role::kColumns:
            return {.ink = Ink::kGreen, .reversed = true};
        case Role::kSorted:
            return {.ink = Ink::kGreen, .bold = true, .reversed = true};
        case Role::kTab:
            return {};
        case Role::kTabChosen:
            return {.bold = true, .underlined = true};
        case Role::kRunning:
            return {.ink = Ink::kGreen, .bold = true};
        case Role::kReady:
            return {.ink = Ink::kYellow};
        case Role::kBlocked:
            return {.ink = Ink::kCyan};
        case Role::kStopped:
        case Role::kKernel:
            return {.ink = Ink::kMagenta};
        case Role::kZombie:
            return {.ink = Ink::kRed, .faint = true};
        case Role::kSwitching:
            return {.ink = Ink::kBlue, .bold = true};
        case Role::kFunction:
            return {.bold = true};
        case Role::kWarning:
            return {.ink = Ink::kRed, .bold = true};
        case Role::kKey:
            return {.bold = true};
        case Role::kKeyLabel:
            return {.ink = Ink::kCyan, .reversed = true};
    }
    return {};
}

}  // namespace

Look look_of(Style style) noexcept
{
    if (style.cursor) {
        return {.ink = Ink::kCyan, .reversed = true};
    }
    return off_cursor(style.role);
}

const Glyphs& glyphs(bool utf8) noexcept
{
    return utf8 ? kUtf8 : kAscii;
}

}  // namespace lwpi::tui
