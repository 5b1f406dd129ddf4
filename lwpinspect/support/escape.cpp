#include "support/escape.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace lwpi {
namespace {

struct Decoded {
    char32_t code = 0;
    std::size_t length = 0;  // 0: not valid UTF-8 here
};

bool is_continuation(char byte) noexcept
{
    return (static_cast<unsigned char>(byte) & 0xc0U) == 0x80U;
}

// One code point at the start of `text` (not empty); overlong forms, surrogates and values beyond
// U+10FFFF are invalid.
Decoded decode(std::string_view text) noexcept
{
    const auto lead = static_cast<unsigned char>(text[0]);
    if (lead < 0x80U) {
        return {lead, 1};
    }
    struct Form {
        unsigned mask, lead;
        std::size_t length;
        char32_t least;
    };
    static constexpr std::array<Form, 3> kForms{
        {{0xe0U, 0xc0U, 2, 0x80}, {0xf0U, 0xe0U, 3, 0x800}, {0xf8U, 0xf0U, 4, 0x10000}}};
    for (const Form& form : kForms) {
        if ((lead & form.mask) != form.lead) {
            continue;
        }
        if (text.size() < form.length) {
            return {};
        }
        char32_t code = lead & ~form.mask & 0xffU;
        for (std::size_t i = 1; i < form.length; ++i) {
            if (!is_continuation(text[i])) {
                return {};
            }
            code = (code << 6U) | (static_cast<unsigned char>(text[i]) & 0x3fU);
        }
        const bool surrogate = code >= 0xd800 && code <= 0xdfff;
        return code < form.least || code > 0x10ffff || surrogate ? Decoded{}
                                                                 : Decoded{code, form.length};
    }
    return {};
}

struct Range {
    char32_t first, last;
};

template <std::size_t kSize>
bool in(const std::array<Range, kSize>& ranges, char32_t code) noexcept
{
    return std::any_of(ranges.begin(), ranges.end(),
                       [&](const Range& r) { return code >= r.first && code <= r.last; });
}

// C0, DEL and C1; soft hyphen, marks without width, line and paragraph separators, bidirectional
// controls, byte order mark, interlinear and tag characters: they hide or reorder what follows.
bool is_harmful(char32_t code) noexcept
{
    static constexpr std::array<Range, 12> kHarmful{{{0x00, 0x1f},
                                                     {0x7f, 0x9f},
                                                     {0xad, 0xad},
                                                     {0x61c, 0x61c},
                                                     {0x180e, 0x180e},
                                                     {0x200b, 0x200f},
                                                     {0x2028, 0x202e},
                                                     {0x2060, 0x206f},
                                                     {0xfeff, 0xfeff},
                                                     {0xfff0, 0xfffb},
                                                     {0xe0000, 0xe0fff},
                                                     {0xfffe, 0xffff}}};
    return in(kHarmful, code);
}

std::size_t columns_of(char32_t code) noexcept
{
    static constexpr std::array<Range, 6> kCombining{{{0x300, 0x36f},
                                                      {0x483, 0x489},
                                                      {0x591, 0x5bd},
                                                      {0x1ab0, 0x1aff},
                                                      {0x20d0, 0x20ff},
                                                      {0xfe00, 0xfe0f}}};
    static constexpr std::array<Range, 9> kWide{{{0x1100, 0x115f},
                                                 {0x2e80, 0x303e},
                                                 {0x3041, 0xa4cf},
                                                 {0xac00, 0xd7a3},
                                                 {0xf900, 0xfaff},
                                                 {0xfe30, 0xfe6f},
                                                 {0xff00, 0xff60},
                                                 {0x1f300, 0x1faff},
                                                 {0x20000, 0x3fffd}}};
    if (in(kCombining, code)) {
        return 0;
    }
    return in(kWide, code) ? 2 : 1;
}

void append_hex(std::string& out, char byte)
{
    static constexpr std::string_view kDigits = "0123456789abcdef";
    const auto value = static_cast<unsigned char>(byte);
    out += "\\x";
    out += kDigits[value >> 4U];
    out += kDigits[value & 0xfU];
}

}  // namespace

std::string printable(std::string_view text)
{
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const Decoded next = decode(text);
        const std::size_t length = std::max<std::size_t>(next.length, 1);
        if (next.length == 0 || is_harmful(next.code)) {
            for (const char byte : text.substr(0, length)) {
                append_hex(out, byte);
            }
        } else if (next.code == U'\\') {
            out += "\\\\";
        } else {
            out += text.substr(0, length);
        }
        text.remove_prefix(length);
    }
    return out;
}

std::size_t display_width(std::string_view text) noexcept
{
    std::size_t width = 0;
    while (!text.empty()) {
        const Decoded next = decode(text);
        width += next.length == 0 ? 1 : columns_of(next.code);
        text.remove_prefix(std::max<std::size_t>(next.length, 1));
    }
    return width;
}

std::string fit(std::string_view text, std::size_t columns)
{
    const std::string shown = printable(text);
    if (display_width(shown) <= columns) {
        return shown;
    }
    std::string out;
    std::size_t used = 0;
    for (std::string_view rest = shown; !rest.empty();) {
        const Decoded next = decode(rest);  // printable text is valid UTF-8
        const std::size_t width = columns_of(next.code);
        if (used + width + 1 > columns) {
            break;
        }
        used += width;
        out += rest.substr(0, next.length);
        rest.remove_prefix(next.length);
    }
    return columns == 0 ? out : out + '~';
}

}  // namespace lwpi
