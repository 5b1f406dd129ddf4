#include <algorithm>

#include "tui/keymap.h"
#include "tui/views/views.h"

namespace lwpi::tui {

void draw_help(Canvas& canvas, const UiState& state)
{
    const OverlayLayout layout = lay_out_overlay(state);
    canvas.fill(layout.title, U' ', Style{Role::kColumns});
    canvas.put(layout.title, 1, "Help: keys, filter words, columns", Style{Role::kSorted});
    const auto lines = help_lines();
    const bool narrow = is_help_narrow(state);
    for (int line = 0; line < layout.body_rows; ++line) {
        const std::size_t number = state.scroll + static_cast<std::size_t>(line);
        if (number >= overlay_lines(state)) {
            break;
        }
        const HelpLine& help = lines[narrow ? number / 2 : number];
        const bool heading = help.what.empty();
        if (!narrow || number % 2 == 0) {
            canvas.put(layout.body + line, heading ? 0 : 2, help.keys,
                       Style{heading ? Role::kTitle : Role::kKey});
        }
        if (!narrow || number % 2 == 1) {
            canvas.put(layout.body + line, narrow ? 4 : 24, help.what, Style{});
        }
    }
    draw_footer(canvas, state, layout.footer);
}

}  // namespace lwpi::tui
