// Columns of text, as wide as they need be.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace lwpi {

enum class Colour : std::uint8_t { kPlain, kGreen, kYellow, kRed, kMagenta, kDim };
enum class UseColour : std::uint8_t { kYes, kNo };
enum class Align : std::uint8_t { kLeft, kRight };

struct Cell {
    std::string text;  // printable
    Colour colour = Colour::kPlain;
};

class Table {
  public:
    void add_column(std::string title, Align align);
    // One cell a column; missing ones are empty.
    void add_row(std::vector<Cell> cells);
    // Lines that each end with a newline; the titles come first. A left-aligned last column is not
    // padded.
    [[nodiscard]] std::string render(UseColour colour) const;

  private:
    struct Column {
        std::string title;
        Align align;
        std::size_t width;
    };
    void append_row(std::string& out, const std::vector<Cell>& cells, UseColour colour) const;

    std::vector<Column> columns_;
    std::vector<std::vector<Cell>> rows_;
};

// `text` between the escape sequences for `colour`, if any.
[[nodiscard]] std::string painted(const std::string& text, Colour colour, UseColour use);

}  // namespace lwpi
