// How roles look, and the few signs that are not letters.
#pragma once

#include <cstdint>
#include <string_view>

#include "tui/cells.h"

namespace lwpi::tui {

// The eight colours of every terminal; kPlain is the terminal's own.
enum class Ink : std::int8_t { kPlain, kRed, kGreen, kYellow, kBlue, kMagenta, kCyan };

struct Look {
    Ink ink = Ink::kPlain;
    bool bold = false;
    bool faint = false;
    bool reversed = false;
    bool underlined = false;
};

[[nodiscard]] Look look_of(Style style) noexcept;

struct Glyphs {
    std::string_view rule;
    char32_t rule_letter;
    std::string_view ascending;
    std::string_view descending;
    std::string_view more_above;
    std::string_view more_below;
};

[[nodiscard]] const Glyphs& glyphs(bool utf8) noexcept;

}  // namespace lwpi::tui
