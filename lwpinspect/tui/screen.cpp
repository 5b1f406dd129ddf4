#include "tui/screen.h"

#define NCURSES_NOMACROS 1
#define NCURSES_WIDECHAR 1
#include <curses.h>
#include <langinfo.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

#include <algorithm>
#include <array>
#include <clocale>
#include <cstdlib>
#include <cstring>
#include <string>

#include "support/error.h"
#include "tui/theme.h"

// term.h has macros of these names.
#undef columns
#undef lines

namespace lwpi::tui {

namespace {

constexpr int kEscapeDelayMs = 25;
constexpr int kInks = 7;

// What a handler of a deadly signal needs to give the terminal back; it may call write() and
// tcsetattr() and nothing of curses.
struct LastAid {
    termios modes{};
    std::array<char, 256> text{};
    std::size_t length = 0;
    volatile sig_atomic_t armed = 0;
};
LastAid last_aid;

constexpr std::array<int, 5> kDeadly{SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

void give_back_and_die(int signal)
{
    if (last_aid.armed != 0) {
        last_aid.armed = 0;
        static_cast<void>(!::write(STDOUT_FILENO, last_aid.text.data(), last_aid.length));
        tcsetattr(STDIN_FILENO, TCSANOW, &last_aid.modes);
    }
    // SA_RESETHAND has put the default back; the fault happens again, or this one ends us.
    raise(signal);
}

void add_capability(const char* name)
{
    // tigetstr takes char* and does not write to it.
    const char* const text = tigetstr(
        const_cast<char*>(name));  // NOLINT(cppcoreguidelines-pro-type-const-cast): old C interface
    if (text == nullptr || text == reinterpret_cast<const char*>(-1)) {
        return;
    }
    const std::size_t length = strlen(text);
    if (last_aid.length + length <= last_aid.text.size()) {
        memcpy(last_aid.text.data() + last_aid.length, text, length);
        last_aid.length += length;
    }
}

void add_text(std::string_view text)
{
    if (last_aid.length + text.size() <= last_aid.text.size() &&
        tigetstr(const_cast<char*>("kmous")) !=  // NOLINT(cppcoreguidelines-pro-type-const-cast)
            nullptr) {
        memcpy(last_aid.text.data() + last_aid.length, text.data(), text.size());
        last_aid.length += text.size();
    }
}

void arm_last_aid(const termios& modes)
{
    last_aid.modes = modes;
    last_aid.length = 0;
    add_capability("sgr0");
    add_capability("cnorm");
    add_capability("rmkx");
    add_capability("rmcup");
    add_text("\x1b[?1000l\x1b[?1006l");  // no mouse reports any more, where there were any
    last_aid.armed = 1;
    struct sigaction action = {};
    action.sa_handler = give_back_and_die;
    action.sa_flags = static_cast<int>(SA_RESETHAND);
    for (const int signal : kDeadly) {
        sigaction(signal, &action, nullptr);
    }
}

void disarm_last_aid()
{
    last_aid.armed = 0;
    struct sigaction action = {};
    action.sa_handler = SIG_DFL;
    for (const int signal : kDeadly) {
        sigaction(signal, &action, nullptr);
    }
}

short curses_colour(Ink ink)
{
    switch (ink) {
        case Ink::kRed:
            return COLOR_RED;
        case Ink::kGreen:
            return COLOR_GREEN;
        case Ink::kYellow:
            return COLOR_YELLOW;
        case Ink::kBlue:
            return COLOR_BLUE;
        case Ink::kMagenta:
            return COLOR_MAGENTA;
        case Ink::kCyan:
            return COLOR_CYAN;
        case Ink::kPlain:
            break;
    }
    return -1;
}

std::optional<KeyPress> named_key(wint_t code)
{
    struct Known {
        wint_t code;
        Key key;
    };
    static constexpr std::array<Known, 22> kKnown{
        {{KEY_UP, Key::kUp},        {KEY_DOWN, Key::kDown},
         {KEY_LEFT, Key::kLeft},    {KEY_RIGHT, Key::kRight},
         {KEY_PPAGE, Key::kPageUp}, {KEY_NPAGE, Key::kPageDown},
         {KEY_HOME, Key::kHome},    {KEY_END, Key::kEnd},
         {KEY_ENTER, Key::kEnter},  {KEY_BACKSPACE, Key::kBackspace},
         {KEY_DC, Key::kDelete},    {KEY_BTAB, Key::kBackTab},
         {KEY_F(1), Key::kF1},      {KEY_F(3), Key::kF3},
         {KEY_F(4), Key::kF4},      {KEY_F(5), Key::kF5},
         {KEY_F(6), Key::kF6},      {KEY_F(7), Key::kF7},
         {KEY_F(8), Key::kF8},      {KEY_F(9), Key::kF9},
         {KEY_F(10), Key::kF10},    {KEY_FIND, Key::kHome}}};
    for (const Known& known : kKnown) {
        if (known.code == code) {
            return KeyPress{known.key, 0};
        }
    }
    return std::nullopt;
}

KeyPress letter_key(wint_t letter)
{
    switch (letter) {
        case L'\r':
        case L'\n':
            return KeyPress{Key::kEnter, 0};
        case L'\t':
            return KeyPress{Key::kTab, 0};
        case 27:
            return KeyPress{Key::kEscape, 0};
        case 8:
        case 127:
            return KeyPress{Key::kBackspace, 0};
        default:
            return KeyPress{Key::kLetter, static_cast<char32_t>(letter)};
    }
}

std::optional<MouseEvent> mouse_event()
{
    MEVENT event{};
    if (getmouse(&event) != OK) {
        return std::nullopt;
    }
    if ((event.bstate & BUTTON4_PRESSED) != 0) {
        return MouseEvent{event.y, event.x, MouseDeed::kWheelUp};
    }
    if ((event.bstate & BUTTON5_PRESSED) != 0) {
        return MouseEvent{event.y, event.x, MouseDeed::kWheelDown};
    }
    return MouseEvent{event.y, event.x, MouseDeed::kPress};
}

[[noreturn]] void refuse(const std::string& why)
{
    throw TargetError(ExitCode::kUsage, why + "; lwpinspect ps and stack print the same as text.");
}

}  // namespace

class Screen::Implementation {
  public:
    explicit Implementation(Colour colour);
    Implementation(const Implementation&) = delete;
    Implementation& operator=(const Implementation&) = delete;
    ~Implementation();

    [[nodiscard]] attr_t attributes(const Look& look) const;
    void put_cell(int row, int column, const Cell& cell) const;

    SCREEN* terminal = nullptr;
    bool utf8 = false;
    bool colours = false;
};

Screen::Implementation::Implementation(Colour colour)
{
    if (isatty(STDIN_FILENO) == 0 || isatty(STDOUT_FILENO) == 0) {
        refuse("top needs a terminal");
    }
    std::setlocale(LC_CTYPE, "");
    utf8 = std::string_view(nl_langinfo(CODESET)) == "UTF-8";
    const char* const type = std::getenv("TERM");
    termios modes{};
    tcgetattr(STDIN_FILENO, &modes);
    int error = 0;
    const bool known = type != nullptr && setupterm(type, STDOUT_FILENO, &error) == OK;
    if (!known || tigetstr(const_cast<char*>("cup")) ==
                      nullptr) {  // NOLINT(cppcoreguidelines-pro-type-const-cast): old C interface
        refuse(std::string("the terminal type ") + (type == nullptr ? "(TERM is not set)" : type) +
               " cannot place text on the screen");
    }
    terminal = newterm(type, stdout, stdin);
    if (terminal == nullptr) {
        refuse(std::string("the terminal type ") + type + " is not usable");
    }
    arm_last_aid(modes);
    set_term(terminal);
    set_escdelay(kEscapeDelayMs);
    cbreak();
    noecho();
    nonl();
    intrflush(stdscr, FALSE);
    keypad(stdscr, TRUE);
    nodelay(stdscr, TRUE);
    // A press and the wheel; motion is not asked for.
    mousemask(BUTTON1_PRESSED | BUTTON4_PRESSED | BUTTON5_PRESSED, nullptr);
    mouseinterval(0);
    curs_set(0);
    colours = colour == Colour::kAllowed && has_colors() && start_color() == OK;
    if (colours) {
        use_default_colors();
        for (int ink = 1; ink < kInks; ++ink) {
            init_pair(static_cast<short>(ink), curses_colour(static_cast<Ink>(ink)), -1);
        }
    }
}

namespace {

// A terminal without a second screen keeps the picture; the prompt gets a line of its own.
void leave()
{
    wmove(stdscr, LINES - 1, 0);
    wclrtoeol(stdscr);
    wrefresh(stdscr);
    endwin();
}

}  // namespace

Screen::Implementation::~Implementation()
{
    if (!isendwin()) {
        leave();
    }
    delscreen(terminal);
    disarm_last_aid();
}

attr_t Screen::Implementation::attributes(const Look& look) const
{
    attr_t result = A_NORMAL;
    result |= look.bold ? A_BOLD : A_NORMAL;
    result |= look.faint ? A_DIM : A_NORMAL;
    result |= look.reversed ? A_REVERSE : A_NORMAL;
    result |= look.underlined ? A_UNDERLINE : A_NORMAL;
    return result;
}

void Screen::Implementation::put_cell(int row, int column, const Cell& cell) const
{
    std::array<wchar_t, 3> letters{static_cast<wchar_t>(cell.letter),
                                   static_cast<wchar_t>(cell.mark), 0};
    // A letter the terminal could take for wider or narrower would shift the rest of the line.
    const bool shown = cell.letter < 0x7f || (utf8 && wcwidth(letters[0]) == cell.columns);
    if (!shown) {
        letters = {L'?', 0, 0};
    }
    const Look look = look_of(cell.style);
    const short pair = colours ? static_cast<short>(look.ink) : static_cast<short>(0);
    cchar_t composed{};
    setcchar(&composed, letters.data(), attributes(look), pair, nullptr);
    mvwadd_wch(stdscr, row, column, &composed);
    if (!shown && cell.columns == 2) {
        mvwadd_wch(stdscr, row, column + 1, &composed);
    }
}

Screen::Screen(Colour colour) : implementation_(std::make_unique<Implementation>(colour))
{
}

Screen::~Screen() = default;

bool Screen::is_utf8() const noexcept
{
    return implementation_->utf8;
}

Size Screen::size() const noexcept
{
    return Size{getmaxy(stdscr), getmaxx(stdscr)};
}

std::optional<Event> Screen::read_input()
{
    for (;;) {
        wint_t code = 0;
        const int kind = wget_wch(stdscr, &code);
        if (kind == ERR) {
            return std::nullopt;
        }
        if (kind == KEY_CODE_YES && code == KEY_MOUSE) {
            if (const auto event = mouse_event()) {
                return *event;
            }
            continue;
        }
        const auto press = kind == KEY_CODE_YES ? named_key(code) : letter_key(code);
        if (press) {
            return *press;
        }
    }
}

void Screen::show(const Canvas& canvas, std::optional<Spot> spot)
{
    const Size size = canvas.size();
    for (int row = 0; row < size.rows; ++row) {
        for (int column = 0; column < size.columns; ++column) {
            if (const Cell& cell = canvas.at(row, column); cell.columns != 0) {
                implementation_->put_cell(row, column, cell);
            }
        }
    }
    curs_set(spot ? 1 : 0);
    if (spot) {
        wmove(stdscr, std::min(spot->row, size.rows - 1), std::min(spot->column, size.columns - 1));
    }
    wrefresh(stdscr);
}

void Screen::resize()
{
    winsize now{};
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &now) == 0 && now.ws_row > 0 && now.ws_col > 0) {
        resizeterm(now.ws_row, now.ws_col);
        wclear(stdscr);
    }
}

void Screen::forget()
{
    clearok(curscr, TRUE);
}

void Screen::suspend()
{
    leave();
    last_aid.armed = 0;
}

void Screen::resume()
{
    last_aid.armed = 1;
    reset_prog_mode();
    forget();
    wrefresh(stdscr);
}

}  // namespace lwpi::tui
