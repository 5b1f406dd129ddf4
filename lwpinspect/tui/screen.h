// The terminal. The only part that knows curses.
#pragma once

#include <memory>
#include <optional>

#include "tui/app.h"
#include "tui/cells.h"
#include "tui/keymap.h"
#include "tui/views/views.h"

namespace lwpi::tui {

class Screen {
  public:
    // Takes over the terminal. Throws TargetError (kUsage) when there is none that can show
    // screens.
    explicit Screen(Colour colour);
    Screen(const Screen&) = delete;
    Screen& operator=(const Screen&) = delete;
    // Gives the terminal back as it was.
    ~Screen();

    [[nodiscard]] bool is_utf8() const noexcept;
    [[nodiscard]] Size size() const noexcept;
    // A key that has been pressed; nullopt: none.
    [[nodiscard]] std::optional<Event> read_input();
    // Shows the picture; the terminal's cursor is visible at `spot` only.
    void show(const Canvas& canvas, std::optional<Spot> spot);
    // Learns the terminal's size anew.
    void resize();
    // Lets the next show() draw every cell.
    void forget();
    // Gives the terminal back for a while, and takes it over again.
    void suspend();
    void resume();

  private:
    class Implementation;
    std::unique_ptr<Implementation> implementation_;
};

}  // namespace lwpi::tui
