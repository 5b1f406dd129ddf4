// All five screens of lwpinspect top on real terminals of three sizes, compared as they stand with
// those in screens/. What differs from run to run has been replaced there: process and task ids,
// times, addresses, and what the C library calls its own functions.
//
// LWPINSPECT_UPDATE_SCREENS=1 writes them anew, to be looked at before they are committed.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <optional>
#include <regex>
#include <sstream>
#include <string>

#include "e2e/tui_support.h"
#include "support/tmux.h"

namespace {

using support::TmuxSession;
using tui_test::Target;

// Replaces each match of `pattern`; what replaces it is made as wide as it was, so that columns
// stay where they are.
enum class Side : unsigned char { kLeft, kRight };
void replace(std::string& text, const char* pattern, const std::string& word, Side side)
{
    const std::regex expression(pattern);
    std::string out;
    std::string::const_iterator from = text.begin();
    for (std::sregex_iterator match(text.begin(), text.end(), expression), end; match != end;
         ++match) {
        const auto width = static_cast<std::size_t>(match->length());
        const std::string blanks(width > word.size() ? width - word.size() : 0, ' ');
        out.append(from, (*match)[0].first);
        out += side == Side::kLeft ? word + blanks : blanks + word;
        from = (*match)[0].second;
    }
    text = out.append(from, text.cend());
}

std::string normal_title(const std::string& line)
{
    std::string out = std::regex_replace(line, std::regex("[0-9]+ tui_target"), "PID tui_target");
    out = std::regex_replace(out, std::regex("up [0-9dhms]+"), "up TIME");
    out = std::regex_replace(out, std::regex("gentle [0-9.]+m?s"), "gentle TIME");
    out = std::regex_replace(out, std::regex(" +pause [0-9.mus]+"), "");
    return std::regex_replace(out, std::regex("  +"), "   ");
}

std::string normal_row(std::string line)
{
    replace(line, " +[0-9]+\\.[0-9]{3}(?= |$)", "TIME", Side::kRight);
    replace(line, " +[0-9]+:[0-9]{2}(:[0-9]{2})?(?= |$)", "TIME", Side::kRight);
    replace(line, "read\\(0<pipe:[^~)]*[~)] *", "read(0<pipe>)", Side::kLeft);
    replace(line, "futex\\(0x[^~)]*[~)] *", "futex(..)", Side::kLeft);
    replace(line, "0x[0-9a-f]{6,}", "0xADDRESS", Side::kLeft);
    replace(line, " < (__libc_st|start_thr|_start).*", " < ...", Side::kLeft);
    // The thread that computes has a stack if the machine let it come to its stop.
    line = std::regex_replace(line, std::regex("^( +1 (running +)?- +(- )?)(-|print_labels <.*)$"),
                              "$1print_labels");
    line = std::regex_replace(line, std::regex("^( +2 print_lab.* )\\(?print_lab.*$"),
                              "$1print_labels");
    replace(line, " +[0-9]+\\.[0-9](?= )", "N.N", Side::kRight);
    std::smatch lwp;  // its number in the library and its TID
    if (std::regex_search(line, lwp, std::regex("^( +[0-9]+)( +[0-9]+)(?= [A-Za-z])"))) {
        std::string tid = lwp[2];
        replace(tid, " +[0-9]+", "TID", Side::kRight);
        line.replace(static_cast<std::size_t>(lwp.position(2)), tid.size(), tid);
    }
    return line;
}

// Below the list there are no columns, but for tables as wide as what is in them.
std::string normal_detail(const std::string& line)
{
    std::string out = std::regex_replace(line, std::regex("\\+0x[0-9a-f]+"), "+N");
    out = std::regex_replace(out, std::regex("0x[0-9a-f]{6,}"), "0xADDRESS");
    out = std::regex_replace(out, std::regex("[0-9.]+(ms|s|m[0-9]{2}s)(?= |$)"), "TIME");
    out = std::regex_replace(out, std::regex("(LWP|TID) [0-9]{2,}"), "$1 TID");
    out = std::regex_replace(out, std::regex("seq [0-9]+"), "seq N");
    out =
        std::regex_replace(out, std::regex("( [0-9]+ (0xADDRESS +)?)\\S+( +libc.so.6)"), "$1...$3");
    return std::regex_replace(out, std::regex("  +"), "  ");
}

std::string normal(const std::string& screen)
{
    std::istringstream lines(screen);
    std::string out;
    bool detail = false;
    std::size_t row = 0;
    for (std::string line; std::getline(lines, line); ++row) {
        detail = detail || line.starts_with("\u2500");
        line = row == 0 ? normal_title(line) : detail ? normal_detail(line) : normal_row(line);
        line.erase(line.find_last_not_of(' ') + 1);
        out += line + '\n';
    }
    return out;
}

struct Size {
    int columns;
    int rows;
};

void keep_what_is_shown_most(const TmuxSession& session, const std::string& path)
{
    std::map<std::string, int> shown;
    std::string most;
    EXPECT_TRUE(session.wait_until([&](const std::string& screen) {
        const int count = ++shown[normal(screen)];
        most = count >= shown[most] ? normal(screen) : most;
        return count == 30;
    }));
    std::ofstream(path) << most;
}

std::string path_of(const std::string& name, Size size)
{
    return std::string(SCREENS) + '/' + name + '_' + std::to_string(size.columns) + 'x' +
           std::to_string(size.rows) + ".txt";
}

bool is_updating()
{
    return std::getenv("LWPINSPECT_UPDATE_SCREENS") != nullptr;
}

std::string text_at(const std::string& path)
{
    const std::ifstream file(path);
    EXPECT_TRUE(file.good()) << path;
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

void expect_screen(const TmuxSession& session, const std::string& name, Size size)
{
    const std::string path = path_of(name, size);
    if (is_updating()) {
        keep_what_is_shown_most(session, path);
        return;
    }
    const std::string expected = text_at(path);
    std::string last;
    EXPECT_TRUE(session.wait_until([&](const std::string& screen) {
        last = normal(screen);
        return last == expected;
    })) << "expected "
        << path << ":\n"
        << expected << "shown:\n"
        << last;
}

// The rows, wherever the cursor is.
std::string rows_of(const std::string& normal_screen)
{
    static const std::regex position(" +[0-9]+/[0-9]+");
    return std::regex_replace(normal_screen.substr(0, normal_screen.find("\u2500")), position, "");
}

// The first picture of a list may have few of the stacks that the next one has, and in another
// order: a cursor that is moved on it goes where its row goes.
void await_rows(const TmuxSession& session, const std::string& name, Size size)
{
    if (is_updating()) {
        return;
    }
    const std::string expected = rows_of(text_at(path_of(name, size)));
    EXPECT_TRUE(session.wait_until([&](const std::string& screen) {
        return rows_of(normal(screen)) == expected;
    })) << session.screen();
}

// Its pool does not grow, so it has the same LWPs however busy the machine is.
class Shop {
  public:
    Shop()
    {
        setenv("LIBTHREAD_GROWTH", "fixed", 1);
        setenv("LIBTHREAD_CONCURRENCY", "1", 1);
        target_.emplace();
    }
    void show(TmuxSession& session, const std::string& terminal)
    {
        session.run("clear; " + terminal + LWPINSPECT " top -d 0.2 " + target_->pid() +
                    "; echo left=$?");
    }

  private:
    std::optional<Target> target_;
};

class TuiCaptures : public testing::TestWithParam<Size> {};

TEST_P(TuiCaptures, AreAsExpected)
{
    Shop shop;
    TmuxSession session(GetParam().columns, GetParam().rows);
    shop.show(session, "");
    ASSERT_TRUE(session.wait_for(" 1/46")) << session.screen();
    struct Screen {
        const char* name;
        const char* key;
        std::vector<std::string> motions;
    };
    for (const Screen& screen :
         {Screen{"threads", "1", {"j", "j"}}, Screen{"lwps", "2", {"j", "j"}},
          Screen{"stacks", "3", {"j"}}, Screen{"locks", "4", {"j"}}, Screen{"findings", "5", {}}}) {
        SCOPED_TRACE(screen.name);
        session.press({screen.key});
        if (screen.name == std::string("stacks")) {
            await_rows(session, screen.name, GetParam());
        }
        session.press(screen.motions);
        expect_screen(session, screen.name, GetParam());
    }
    session.press({"q"});
    EXPECT_TRUE(session.wait_for("left=0")) << session.screen();
}

INSTANTIATE_TEST_SUITE_P(Sizes, TuiCaptures,
                         testing::Values(Size{80, 24}, Size{40, 10}, Size{200, 50}),
                         [](const auto& one) {
                             return std::to_string(one.param.columns) + "x" +
                                    std::to_string(one.param.rows);
                         });

// The words are the same, with colours or without.
TEST(TuiTerminals, OldOnesShowTheSame)
{
    Shop shop;
    TmuxSession session(80, 24);
    for (const char* const terminal : {"TERM=xterm ", "TERM=vt100 "}) {
        SCOPED_TRACE(terminal);
        shop.show(session, terminal);
        ASSERT_TRUE(session.wait_for(" 1/46")) << session.screen();
        session.press({"j", "j"});
        expect_screen(session, "threads", {80, 24});
        session.press({"q"});
        EXPECT_TRUE(session.wait_for("left=0")) << session.screen();
    }
}

TEST(TuiTerminals, OneWithoutPlacesIsRefused)
{
    Shop shop;
    TmuxSession session(80, 24);
    shop.show(session, "TERM=dumb ");
    EXPECT_TRUE(session.wait_for("left=2")) << session.screen();
    EXPECT_NE(session.screen().find("the terminal type dumb cannot place text"), std::string::npos)
        << session.screen();
}

}  // namespace
