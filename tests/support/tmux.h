// A terminal for tests of programs that draw on one: a tmux server of its own for each session,
// which is gone with it.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace support {

// Generous: a machine under load must not fail a test that is right.
inline constexpr std::chrono::seconds kScreenPatience{60};

class TmuxSession {
  public:
    // A terminal of that size with a shell whose prompt is "$ ", in a UTF-8 locale unless another
    // one is given. Throws std::runtime_error when tmux does not start.
    TmuxSession(int columns, int rows, const std::string& locale = "C.UTF-8");
    TmuxSession(const TmuxSession&) = delete;
    TmuxSession& operator=(const TmuxSession&) = delete;
    ~TmuxSession();

    // Types `text` as it is.
    void type(const std::string& text);
    // Presses keys by tmux' names: "Enter", "Escape", "F10", "C-z", "PageDown", "j".
    void press(const std::vector<std::string>& keys);
    // Types a command line and Enter.
    void run(const std::string& command);
    void resize(int columns, int rows);

    // What is on the terminal, a line each, without blanks at the ends of lines.
    [[nodiscard]] std::string screen() const;
    // Waits until the screen contains `text`, or until `predicate` holds for it; false: not in
    // time.
    [[nodiscard]] bool wait_for(const std::string& text) const;
    [[nodiscard]] bool wait_until(const std::function<bool(const std::string&)>& predicate) const;
    // Whether a program has the terminal's other screen.
    [[nodiscard]] bool is_alternate() const;
    [[nodiscard]] bool is_cursor_visible() const;

    [[nodiscard]] static bool is_available();

  private:
    std::string tmux(const std::vector<std::string>& arguments) const;

    std::string directory_;
};

}  // namespace support
