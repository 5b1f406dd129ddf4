#include "tui/field.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "support/escape.h"
#include "tui/lists.h"

namespace lwpi::tui {

namespace {

constexpr std::size_t kLongest = 200;
constexpr char32_t kControlA = 1;
constexpr char32_t kControlE = 5;
constexpr char32_t kControlU = 21;
constexpr char32_t kControlW = 23;

void close_field(UiState& state)
{
    state.field = FieldState{};
}

// Filters from where the cursor was, so that letters on the way to the whole word do not move it.
void filter_from_origin(UiState& state, const std::string& text, Filter filter)
{
    ListState& list = list_in_front(state);
    list.position = state.field.origin;
    list.cursor = state.field.origin_id;
    set_filter(state, text, std::move(filter));
}

void say_not_found(UiState& state, const std::string& text)
{
    state.message = fmt::format("not found: {}", printable(text));
}

// Follows the text as it is typed.
void follow(UiState& state)
{
    const std::string text = field_text(state.field);
    state.message.clear();
    if (state.field.field == Field::kFilter) {
        ParsedFilter parsed = parse_filter(text);
        if (parsed.error.empty()) {
            filter_from_origin(state, text, std::move(parsed.filter));
        } else {
            state.message = parsed.error;
        }
        return;
    }
    const auto row = find_row(state, text, state.field.origin, Direction::kDown);
    move_to(state, row.value_or(state.field.origin));
    if (!row && !text.empty()) {
        say_not_found(state, text);
    }
}

void accept(UiState& state)
{
    const std::string text = field_text(state.field);
    if (state.field.field == Field::kFilter) {
        const ParsedFilter parsed = parse_filter(text);
        if (!parsed.error.empty()) {
            state.message = parsed.error;
            return;
        }
    } else if (!text.empty()) {
        state.search = text;
        if (!find_row(state, text, state.field.origin, Direction::kDown)) {
            say_not_found(state, text);
        }
    }
    close_field(state);
}

void cancel(UiState& state)
{
    state.message.clear();
    if (state.field.field == Field::kFilter) {
        const std::string before = state.field.before;
        filter_from_origin(state, before, parse_filter(before).filter);
    } else {
        move_to(state, state.field.origin);
    }
    close_field(state);
}

void erase_word(FieldState& field)
{
    std::size_t from = field.at;
    while (from > 0 && field.text[from - 1] == U' ') {
        --from;
    }
    while (from > 0 && field.text[from - 1] != U' ') {
        --from;
    }
    field.text.erase(from, field.at - from);
    field.at = from;
}

// Returns whether the text changed.
bool type(FieldState& field, char32_t letter)
{
    switch (letter) {
        case kControlA:
            field.at = 0;
            return false;
        case kControlE:
            field.at = field.text.size();
            return false;
        case kControlU:
            field.text.clear();
            field.at = 0;
            return true;
        case kControlW:
            erase_word(field);
            return true;
        default:
            break;
    }
    if (letter < U' ' || (letter >= 0x7f && letter < 0xa0) || field.text.size() >= kLongest) {
        return false;
    }
    field.text.insert(field.at, 1, letter);
    ++field.at;
    return true;
}

bool erase_at(FieldState& field, std::size_t at)
{
    if (at >= field.text.size()) {
        return false;
    }
    field.text.erase(at, 1);
    field.at = at;
    return true;
}

bool go_to(FieldState& field, std::size_t at)
{
    field.at = std::min(at, field.text.size());
    return false;
}

struct EditKey {
    Key key;
    bool (*edit)(FieldState& field);  // returns whether the text changed
};

constexpr std::array<EditKey, 6> kEditKeys{
    {{Key::kBackspace,
      [](FieldState& field) { return field.at > 0 && erase_at(field, field.at - 1); }},
     {Key::kDelete, [](FieldState& field) { return erase_at(field, field.at); }},
     {Key::kLeft,
      [](FieldState& field) {
          return go_to(field, field.at - std::min<std::size_t>(field.at, 1));
      }},
     {Key::kRight, [](FieldState& field) { return go_to(field, field.at + 1); }},
     {Key::kHome, [](FieldState& field) { return go_to(field, 0); }},
     {Key::kEnd, [](FieldState& field) { return go_to(field, field.text.size()); }}}};

}  // namespace

std::string field_text(const FieldState& field)
{
    std::string text;
    for (const char32_t letter : field.text) {
        append_utf8(text, letter);
    }
    return text;
}

void set_filter(UiState& state, std::string text, Filter filter)
{
    state.filter_text = std::move(text);
    state.filter = std::move(filter);
    rebuild(state);
}

void open_field(UiState& state, Field field)
{
    state.field = FieldState{};
    state.field.field = field;
    state.field.origin = list_in_front(state).position;
    state.field.origin_id = list_in_front(state).cursor;
    if (field == Field::kSearch) {
        return;
    }
    state.field.before = state.filter_text;
    for (std::string_view rest = state.filter_text; !rest.empty();) {
        state.field.text.push_back(take_letter(rest));
    }
    state.field.at = state.field.text.size();
}

void edit_field(UiState& state, KeyPress press)
{
    if (press.key == Key::kEnter) {
        accept(state);
        return;
    }
    const bool leaves = press.key == Key::kBackspace && state.field.text.empty();
    if (press.key == Key::kEscape || leaves) {
        cancel(state);
        return;
    }
    if (press.key == Key::kLetter) {
        if (type(state.field, press.letter)) {
            follow(state);
        }
        return;
    }
    for (const EditKey& edit : kEditKeys) {
        if (edit.key == press.key && edit.edit(state.field)) {
            follow(state);
        }
    }
}

void repeat_search(UiState& state, Direction direction)
{
    const std::size_t count = list_in_front(state).rows.size();
    if (state.search.empty()) {
        state.message = "nothing searched for yet: / begins a search";
        return;
    }
    if (count == 0) {
        return;
    }
    const std::size_t position = list_in_front(state).position;
    const std::size_t step = direction == Direction::kUp ? count - 1 : 1;
    const auto row = find_row(state, state.search, (position + step) % count, direction);
    if (row) {
        move_to(state, *row);
    } else {
        say_not_found(state, state.search);
    }
}

}  // namespace lwpi::tui
