// lwpinspect top on a terminal, looking at a real program of the library.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <regex>
#include <string>

#include "e2e/tui_support.h"
#include "support/tmux.h"

namespace {

using support::TmuxSession;

using tui_test::kThreads;
using tui_test::Target;

bool contains(const std::string& text, const std::string& piece)
{
    return text.find(piece) != std::string::npos;
}

std::string place(int row)
{
    return std::to_string(row) + "/" + std::to_string(kThreads);
}

class TuiThreads : public testing::TestWithParam<std::pair<int, int>> {
  protected:
    TuiThreads() : session_(GetParam().first, GetParam().second) {}

    void start_top(const std::string& options = "")
    {
        session_.run("clear; stty -g >" + modes_ + "; " LWPINSPECT " top -d 0.2 " + options +
                     target_.pid() + "; echo left=$?");
        ASSERT_TRUE(session_.wait_for(" 1 Threads")) << session_.screen();
    }

    // The shell has its terminal back, with the modes and the screen of before.
    void expect_left(int exit_code)
    {
        ASSERT_TRUE(session_.wait_for("left=" + std::to_string(exit_code))) << session_.screen();
        EXPECT_FALSE(session_.is_alternate());
        EXPECT_TRUE(session_.is_cursor_visible());
        session_.run("test \"$(stty -g)\" = \"$(cat " + modes_ + ")\" && echo modes as before");
        EXPECT_TRUE(session_.wait_for("\nmodes as before")) << session_.screen();
    }

    ~TuiThreads() override { unlink(modes_.c_str()); }

    std::string modes_ = testing::TempDir() + "tui-modes-" + std::to_string(getpid());
    Target target_;
    TmuxSession session_;
};

TEST_P(TuiThreads, ListsThreadsWithTheirStatesWaitsAndOwners)
{
    start_top();
    // What it shows settles when every thread has gone to sleep.
    for (const char* const row :
         {"1 main +running +[0-9]+ read\\(0", "2 print_l.* running +[0-9]+ ",
          "3 take_order *blocked +- mutex stock.* #2 ", "6 ship_par.* blocked +- sema parcels",
          "7 serve_cu.* blocked +- cond customers"}) {
        EXPECT_TRUE(session_.wait_until([row](const std::string& screen) {
            return std::regex_search(screen, std::regex(row));
        })) << row
            << '\n'
            << session_.screen();
    }
    EXPECT_TRUE(session_.wait_for("User " + std::to_string(kThreads) + ":")) << session_.screen();
    session_.press({"q"});
    expect_left(0);
}

TEST_P(TuiThreads, TheCursorMovesAndEnterShowsTheWholeStack)
{
    start_top();
    ASSERT_TRUE(session_.wait_for(place(1)));
    session_.press({"j", "j", "j", "Down", "k"});
    EXPECT_TRUE(session_.wait_for(" " + place(4))) << session_.screen();
    // Below the list stands the stack of the thread under the cursor.
    EXPECT_TRUE(session_.wait_until([](const std::string& screen) {
        return contains(screen, " #4 take_order  saved registers") &&
               std::regex_search(screen, std::regex("[0-9a-f]  ?mutex_lock\\+0x")) &&
               std::regex_search(screen, std::regex("[0-9a-f]  ?reserve_item\\+0x"));
    })) << session_.screen();
    session_.press({"Enter"});
    EXPECT_TRUE(session_.wait_until([](const std::string& screen) {
        return contains(screen, "waits for mutex stock_lock  held by #2") &&
               contains(screen, "-- entry") && !contains(screen, " 1 Threads");
    })) << session_.screen();
    session_.press({"Enter"});
    EXPECT_TRUE(session_.wait_for(place(4))) << session_.screen();
    session_.press({"G"});
    EXPECT_TRUE(session_.wait_for(place(kThreads))) << session_.screen();
    session_.press({"F10"});
    expect_left(0);
}

TEST_P(TuiThreads, SearchesFiltersSortsAndShowsLwps)
{
    start_top();
    session_.press({"/"});
    session_.type("ship_parcels");
    EXPECT_TRUE(session_.wait_for(" #6 ship_parcels")) << session_.screen();
    session_.press({"Enter", "F4"});
    session_.type("wait:mutex");
    EXPECT_TRUE(session_.wait_for("wait:mutex  2/2")) << session_.screen();
    session_.press({"Enter"});
    EXPECT_TRUE(session_.wait_for("F10Quit"));
    session_.press({"Escape"});
    EXPECT_TRUE(session_.wait_for("/" + std::to_string(kThreads))) << session_.screen();
    session_.type(">>");
    EXPECT_TRUE(session_.wait_for("STATE▲")) << session_.screen();
    session_.type("r");
    EXPECT_TRUE(session_.wait_for("STATE▼")) << session_.screen();
    session_.press({"Tab"});
    EXPECT_TRUE(session_.wait_until([](const std::string& screen) {
        return std::regex_search(screen, std::regex("S sleep +read\\(0.* #1 main"));
    })) << session_.screen();
    session_.press({"F1"});
    EXPECT_TRUE(session_.wait_for("Help: keys")) << session_.screen();
    session_.press({"Escape", "q"});
    expect_left(0);
}

TEST_P(TuiThreads, FreezesAndResizes)
{
    start_top();
    session_.press({"p"});
    EXPECT_TRUE(session_.wait_for("[p] display frozen")) << session_.screen();
    session_.press({"p"});
    EXPECT_TRUE(session_.wait_for("[p]aused no")) << session_.screen();
    session_.resize(40, 10);
    EXPECT_TRUE(session_.wait_until([](const std::string& screen) {
        return std::regex_search(screen, std::regex("3 take_ord.* blocked mutex"));
    })) << session_.screen();
    session_.resize(100, 50);
    EXPECT_TRUE(session_.wait_for("25 serve_customer")) << session_.screen();
    session_.press({"q"});
    expect_left(0);
}

TEST_P(TuiThreads, GivesTheTerminalBackOnSignals)
{
    for (const auto& [name, code] : {std::pair{"TERM", 143}, {"INT", 130}, {"HUP", 129}}) {
        start_top();
        const std::string kill = "pkill -" + std::string(name) + " -f '" LWPINSPECT " top -d 0.2 " +
                                 target_.pid() + "$'";
        ASSERT_EQ(std::system(kill.c_str()), 0) << kill;
        expect_left(code);
    }
}

TEST_P(TuiThreads, StopsAndContinuesAsAnyJob)
{
    start_top();
    session_.press({"C-z"});
    ASSERT_TRUE(session_.wait_until([this](const std::string& screen) {
        return (contains(screen, "Stopped") || contains(screen, "left=")) &&
               !session_.is_alternate();
    })) << session_.screen();
    session_.run("fg");
    ASSERT_TRUE(session_.wait_for(" 1 Threads")) << session_.screen();
    session_.press({"j"});
    EXPECT_TRUE(session_.wait_for(place(2))) << session_.screen();
    session_.press({"q"});
    EXPECT_TRUE(
        session_.wait_until([this](const std::string&) { return !session_.is_alternate(); }));
}

TEST_P(TuiThreads, KeepsTheLastPictureOfAProcessThatEnded)
{
    start_top();
    ASSERT_TRUE(session_.wait_for("take_order")) << session_.screen();
    target_.kill();
    EXPECT_TRUE(session_.wait_until([](const std::string& screen) {
        return contains(screen, "This is the last picture; q leaves.") &&
               contains(screen, "take_order");
    })) << session_.screen();
    session_.press({"q"});
    expect_left(0);
}

TEST_P(TuiThreads, WithoutATerminalSaysSo)
{
    session_.run(LWPINSPECT " top " + target_.pid() + " </dev/null; echo left=$?");
    EXPECT_TRUE(session_.wait_for("left=2")) << session_.screen();
    EXPECT_TRUE(contains(session_.screen(), "top needs a terminal")) << session_.screen();
}

INSTANTIATE_TEST_SUITE_P(Sizes, TuiThreads, testing::Values(std::pair{80, 24}, std::pair{120, 40}),
                         [](const auto& one) {
                             return std::to_string(one.param.first) + "x" +
                                    std::to_string(one.param.second);
                         });

// An ordinary program has LWPs, and their stacks, and no user threads.
TEST(TuiPlain, AProgramWithoutTheLibraryShowsItsLwps)
{
    TmuxSession session(80, 24);
    session.run(LWPINSPECT " top -d 0.2 --no-color $$");
    ASSERT_TRUE(session.wait_for("LWPs only: no libthread in this process")) << session.screen();
    EXPECT_TRUE(session.wait_until([](const std::string& screen) {
        return std::regex_search(screen, std::regex("[0-9]+ sh +S sleep"));
    })) << session.screen();
    session.press({"q"});
    EXPECT_TRUE(session.wait_until([&](const std::string&) { return !session.is_alternate(); }));
}

TEST(TuiPlain, OutsideUtf8LinesAreDrawnInAscii)
{
    TmuxSession session(80, 24, "C");
    session.run(LWPINSPECT " top -d 0.2 $$");
    ASSERT_TRUE(session.wait_for("----------------------------")) << session.screen();
    EXPECT_TRUE(session.wait_for("TID^")) << session.screen();
    session.press({"q"});
    EXPECT_TRUE(session.wait_until([&](const std::string&) { return !session.is_alternate(); }));
}

}  // namespace
