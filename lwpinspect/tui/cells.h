// A picture of the terminal: what the views draw and the screen shows.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lwpi::tui {

struct Size {
    int rows = 24;
    int columns = 80;
    bool operator==(const Size&) const = default;
};

// What a piece of text is; theme.h says how it looks.
enum class Role : std::uint8_t {
    kText,
    kFaint,    // a dash for "nothing", secondary words
    kTitle,    // the program and the process
    kLabel,    // words before numbers
    kColumns,  // the line of column titles
    kSorted,   // the title of the sorted column
    kTab,
    kTabChosen,
    kRule,
    kRunning,
    kReady,
    kBlocked,
    kStopped,
    kZombie,
    kSwitching,
    kKernel,
    kFunction,
    kWarning,
    kKey,       // a key in the footer
    kKeyLabel,  // what it does
    kField,     // a text field being edited
};

struct Style {
    Role role = Role::kText;
    bool cursor = false;  // on the line of the cursor
    bool operator==(const Style&) const = default;
};

struct Cell {
    char32_t letter = U' ';
    char32_t mark = 0;         // a combining mark upon it; 0: none
    std::uint8_t columns = 1;  // 2: a wide letter; 0: the right half of one
    Style style;
};

class Canvas {
  public:
    explicit Canvas(Size size);

    [[nodiscard]] Size size() const noexcept { return size_; }
    [[nodiscard]] const Cell& at(int row, int column) const;

    // Writes printable UTF-8 from `column` on, within `columns` columns and the picture. Returns
    // the column after the last one written.
    int put(int row, int column, std::string_view text, Style style, int columns = kToTheEnd);
    // The same, ending before `right`.
    void put_right(int row, int right, std::string_view text, Style style);
    // Gives the whole line one letter and style.
    void fill(int row, char32_t letter, Style style);

    // The letters, a line each, without blanks at the ends of lines.
    [[nodiscard]] std::string text() const;

    static constexpr int kToTheEnd = 1 << 20;

  private:
    [[nodiscard]] Cell* cell(int row, int column) noexcept;

    Size size_;
    std::vector<Cell> cells_;
};

// The code point at the front of valid UTF-8, which is cut off; U+FFFD for a byte that begins none.
char32_t take_letter(std::string_view& text) noexcept;
void append_utf8(std::string& text, char32_t letter);

}  // namespace lwpi::tui
