#include <algorithm>

#include "support/escape.h"
#include "tui/field.h"
#include "tui/format.h"
#include "tui/views/views.h"

namespace lwpi::tui {

namespace {

std::string_view prompt(Field field)
{
    return field == Field::kSearch ? "Search: " : "Filter: ";
}

FooterKind kind_of(const UiState& state)
{
    if (state.overlay == Overlay::kHelp) {
        return FooterKind::kHelp;
    }
    if (state.overlay == Overlay::kText) {
        return FooterKind::kText;
    }
    if (state.overlay == Overlay::kStack) {
        return FooterKind::kStack;
    }
    switch (list_kind(state)) {
        case ListKind::kThreads:
            return FooterKind::kThreads;
        case ListKind::kLwps:
            return FooterKind::kLwps;
        case ListKind::kStacks:
        case ListKind::kLocks:
        case ListKind::kFindings:
            return FooterKind::kSheet;
        case ListKind::kPlainLwps:
            break;
    }
    return FooterKind::kPlainLwps;
}

// "F1Help" reads well; any other key and its word would read as one.
bool is_function_key(const FooterItem& item)
{
    return item.key.front() == 'F';
}

int width_of(const FooterItem& item)
{
    return static_cast<int>(item.key.size() + item.label.size()) + (is_function_key(item) ? 1 : 2);
}

void draw_keys(Canvas& canvas, FooterKind kind, int row)
{
    const auto items = footer_items(kind);
    const auto put = [&](int column, const FooterItem& item) {
        column = canvas.put(row, column, item.key, Style{Role::kKey});
        column = canvas.put(row, column, is_function_key(item) ? "" : " ", Style{Role::kKey});
        return canvas.put(row, column, item.label, Style{Role::kKeyLabel}) + 1;
    };
    const int last = width_of(items.back());
    int column = 0;
    for (const FooterItem& item : items.first(items.size() - 1)) {
        if (column + width_of(item) + last - 1 > canvas.size().columns) {
            break;
        }
        column = put(column, item);
    }
    put(column, items.back());
}

// The part of the field's text before its cursor that fits.
std::string text_before_cursor(const UiState& state)
{
    std::string text;
    for (std::size_t i = 0; i < state.field.at; ++i) {
        append_utf8(text, state.field.text[i]);
    }
    return text;
}

// How much of the text is left out at its front so that the cursor is in sight.
std::size_t field_skip(const UiState& state)
{
    const std::size_t room = static_cast<std::size_t>(std::max(state.size.columns - 10, 4));
    std::size_t skip = 0;
    std::string_view rest;
    const std::string before = text_before_cursor(state);
    for (rest = before; display_width(rest) > room; ++skip) {
        take_letter(rest);
    }
    return skip;
}

std::string field_part(const UiState& state, std::size_t from, std::size_t to)
{
    std::string text;
    for (std::size_t i = from; i < std::min(to, state.field.text.size()); ++i) {
        append_utf8(text, state.field.text[i]);
    }
    return text;
}

}  // namespace

std::optional<Spot> field_spot(const UiState& state)
{
    if (state.field.field == Field::kNone) {
        return std::nullopt;
    }
    const std::string before = field_part(state, field_skip(state), state.field.at);
    const std::size_t column = prompt(state.field.field).size() + display_width(before);
    return Spot{state.size.rows - 1, static_cast<int>(column)};
}

void draw_footer(Canvas& canvas, const UiState& state, int row)
{
    if (state.field.field == Field::kNone && state.message.empty()) {
        draw_keys(canvas, kind_of(state), row);
        return;
    }
    int end = 0;
    if (state.field.field != Field::kNone) {
        end = canvas.put(row, 0, prompt(state.field.field), Style{Role::kKey});
        const std::string text = field_part(state, field_skip(state), state.field.text.size());
        end = canvas.put(row, end, text, Style{Role::kField}) + 2;
    }
    const int room = canvas.size().columns - end;
    if (!state.message.empty() && room > 4) {
        canvas.put_right(row, canvas.size().columns,
                         cut(state.message, static_cast<std::size_t>(room)), Style{Role::kWarning});
    }
}

}  // namespace lwpi::tui
