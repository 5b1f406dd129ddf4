// Keys and what they do. One table serves the keys, the footer and the help.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace lwpi::tui {

enum class Key : std::uint8_t {
    kLetter,  // KeyPress::letter, control characters included
    kUp,
    kDown,
    kLeft,
    kRight,
    kPageUp,
    kPageDown,
    kHome,
    kEnd,
    kEnter,
    kEscape,
    kBackspace,
    kDelete,
    kTab,
    kBackTab,
    kF1,
    kF3,
    kF4,
    kF5,
    kF6,
    kF7,
    kF8,
    kF9,
    kF10,
};

struct KeyPress {
    Key key = Key::kLetter;
    char32_t letter = 0;
    bool operator==(const KeyPress&) const = default;
};

enum class Action : std::uint8_t {
    kNone,
    kQuit,
    kBack,
    kDown,
    kUp,
    kPageDown,
    kPageUp,
    kHalfDown,
    kHalfUp,
    kFirst,
    kLast,
    kOpenStack,
    kNextSort,
    kReverse,
    kSearch,
    kNextMatch,
    kPreviousMatch,
    kFilter,
    kFreeze,
    kHelp,
    kThreads,
    kLwps,
    kStacks,
    kLocks,
    kFindings,
    kOtherScreen,
    kScreenBefore,
    kWhy,
    kLines,
    kInfo,
    kDiff,
    kNewBase,
    kInstant,
    kSave,
    kMark,
    kUnmark,
    kRedraw,
};

[[nodiscard]] Action action_of(KeyPress press) noexcept;

// A line of the help screen.
struct HelpLine {
    std::string_view keys;
    std::string_view what;
};
[[nodiscard]] std::span<const HelpLine> help_lines() noexcept;

// An item of the footer; the later ones go first when there is no room, the last one stays.
struct FooterItem {
    std::string_view key;
    std::string_view label;
};
enum class FooterKind : std::uint8_t { kThreads, kLwps, kPlainLwps, kSheet, kStack, kHelp, kText };
[[nodiscard]] std::span<const FooterItem> footer_items(FooterKind kind) noexcept;

}  // namespace lwpi::tui
