#include "report/table.h"

#include <algorithm>

#include "support/escape.h"

namespace lwpi {
namespace {

const char* sequence(Colour colour)
{
    switch (colour) {
        case Colour::kPlain:
            return "";
        case Colour::kGreen:
            return "\x1b[32m";
        case Colour::kYellow:
            return "\x1b[33m";
        case Colour::kRed:
            return "\x1b[31m";
        case Colour::kMagenta:
            return "\x1b[35m";
        case Colour::kDim:
            return "\x1b[2m";
    }
    return "";
}

}  // namespace

std::string painted(const std::string& text, Colour colour, UseColour use)
{
    return use == UseColour::kNo || colour == Colour::kPlain
               ? text
               : std::string(sequence(colour)) + text + "\x1b[0m";
}

void Table::add_column(std::string title, Align align)
{
    const std::size_t width = display_width(title);
    columns_.push_back({std::move(title), align, width});
}

void Table::add_row(std::vector<Cell> cells)
{
    cells.resize(columns_.size());
    for (std::size_t i = 0; i < cells.size(); ++i) {
        columns_[i].width = std::max(columns_[i].width, display_width(cells[i].text));
    }
    rows_.push_back(std::move(cells));
}

void Table::append_row(std::string& out, const std::vector<Cell>& cells, UseColour colour) const
{
    for (std::size_t i = 0; i < cells.size(); ++i) {
        const Column& column = columns_[i];
        const std::string padding(column.width - display_width(cells[i].text), ' ');
        const std::string text = painted(cells[i].text, cells[i].colour, colour);
        const bool last = i + 1 == cells.size();
        out += i == 0 ? "" : "  ";
        out += column.align == Align::kRight ? padding + text : last ? text : text + padding;
    }
    out.erase(out.find_last_not_of(' ') + 1);
    out += '\n';
}

std::string Table::render(UseColour colour) const
{
    std::string out;
    std::vector<Cell> titles;
    for (const Column& column : columns_) {
        titles.push_back({column.title, Colour::kPlain});
    }
    append_row(out, titles, colour);
    for (const auto& row : rows_) {
        append_row(out, row, colour);
    }
    return out;
}

}  // namespace lwpi
