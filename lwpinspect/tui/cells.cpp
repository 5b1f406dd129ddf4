#include "tui/cells.h"

#include <algorithm>
#include <cstddef>

#include "support/escape.h"

namespace lwpi::tui {

namespace {

constexpr char32_t kReplacement = 0xfffd;

std::size_t sequence_length(unsigned char lead) noexcept
{
    if (lead < 0x80) {
        return 1;
    }
    if (lead >= 0xf0) {
        return 4;
    }
    return lead >= 0xe0 ? 3 : 2;
}

}  // namespace

char32_t take_letter(std::string_view& text) noexcept
{
    const auto lead = static_cast<unsigned char>(text.front());
    const std::size_t length = sequence_length(lead);
    if (length == 1 || length > text.size()) {
        text.remove_prefix(1);
        return length == 1 ? lead : kReplacement;
    }
    char32_t letter = lead & (0xffU >> (length + 1));
    for (std::size_t i = 1; i < length; ++i) {
        letter = letter << 6 | (static_cast<unsigned char>(text[i]) & 0x3fU);
    }
    text.remove_prefix(length);
    return letter;
}

void append_utf8(std::string& text, char32_t letter)
{
    const auto byte = [&text](char32_t value) { text.push_back(static_cast<char>(value)); };
    if (letter < 0x80) {
        byte(letter);
        return;
    }
    if (letter < 0x800) {
        byte(0xc0 | letter >> 6);
    } else if (letter < 0x10000) {
        byte(0xe0 | letter >> 12);
        byte(0x80 | (letter >> 6 & 0x3f));
    } else {
        byte(0xf0 | letter >> 18);
        byte(0x80 | (letter >> 12 & 0x3f));
        byte(0x80 | (letter >> 6 & 0x3f));
    }
    byte(0x80 | (letter & 0x3f));
}

Canvas::Canvas(Size size) : size_{std::max(size.rows, 1), std::max(size.columns, 1)}
{
    cells_.resize(static_cast<std::size_t>(size_.rows) * static_cast<std::size_t>(size_.columns));
}

Cell* Canvas::cell(int row, int column) noexcept
{
    if (row < 0 || row >= size_.rows || column < 0 || column >= size_.columns) {
        return nullptr;
    }
    return &cells_[static_cast<std::size_t>(row) * static_cast<std::size_t>(size_.columns) +
                   static_cast<std::size_t>(column)];
}

const Cell& Canvas::at(int row, int column) const
{
    return cells_.at(static_cast<std::size_t>(row) * static_cast<std::size_t>(size_.columns) +
                     static_cast<std::size_t>(column));
}

int Canvas::put(int row, int column, std::string_view text, Style style, int columns)
{
    const int end = std::min(size_.columns, column + std::min(columns, size_.columns));
    while (!text.empty()) {
        const std::string_view before = text;
        const char32_t letter = take_letter(text);
        const std::string_view bytes = before.substr(0, before.size() - text.size());
        const int width = static_cast<int>(display_width(bytes));
        if (width == 0) {
            if (Cell* const under = cell(row, column - 1); under != nullptr && under->mark == 0) {
                under->mark = letter;
            }
            continue;
        }
        if (column + width > end) {
            break;
        }
        if (Cell* const target = cell(row, column); target != nullptr) {
            *target = Cell{letter, 0, static_cast<std::uint8_t>(width), style};
        }
        if (Cell* const right = width == 2 ? cell(row, column + 1) : nullptr; right != nullptr) {
            *right = Cell{U' ', 0, 0, style};
        }
        column += width;
    }
    return column;
}

void Canvas::put_right(int row, int right, std::string_view text, Style style)
{
    const int width = static_cast<int>(display_width(text));
    put(row, std::max(0, right - width), text, style, right);
}

void Canvas::fill(int row, char32_t letter, Style style)
{
    for (int column = 0; column < size_.columns; ++column) {
        if (Cell* const target = cell(row, column); target != nullptr) {
            *target = Cell{letter, 0, 1, style};
        }
    }
}

std::string Canvas::text() const
{
    std::string all;
    for (int row = 0; row < size_.rows; ++row) {
        std::string line;
        for (int column = 0; column < size_.columns; ++column) {
            const Cell& cell = at(row, column);
            if (cell.columns != 0) {
                append_utf8(line, cell.letter);
            }
            if (cell.mark != 0) {
                append_utf8(line, cell.mark);
            }
        }
        line.erase(line.find_last_not_of(' ') + 1);
        all += line + '\n';
    }
    return all;
}

}  // namespace lwpi::tui
