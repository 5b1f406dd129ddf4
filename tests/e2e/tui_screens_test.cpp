// All screens of lwpinspect top on real terminals of three sizes, their help, and what keys and the
// mouse do there.
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <regex>
#include <string>

#include "e2e/tui_support.h"
#include "support/tmux.h"

namespace {

using support::TmuxSession;
using tui_test::Target;
namespace fs = std::filesystem;

bool has(const std::string& screen, const std::string& pattern)
{
    return std::regex_search(screen, std::regex(pattern));
}

class TuiScreens : public testing::TestWithParam<std::pair<int, int>> {
  protected:
    TuiScreens() : session_(GetParam().first, GetParam().second)
    {
        fs::create_directory(folder_);
        session_.run("cd " + folder_ + "; clear; " LWPINSPECT " top -d 0.2 " + target_.pid() +
                     "; echo left=$?");
    }
    ~TuiScreens() override { fs::remove_all(folder_); }

    void expect(const std::string& pattern)
    {
        EXPECT_TRUE(session_.wait_until([&](const std::string& screen) {
            return has(screen, pattern);
        })) << pattern
            << '\n'
            << session_.screen();
    }
    // No line is wider than the terminal and none is missing.
    void expect_whole() const
    {
        const std::string screen = session_.screen();
        EXPECT_LE(std::count(screen.begin(), screen.end(), '\n'), GetParam().second) << screen;
    }

    std::string folder_ = testing::TempDir() + "tui-screens-" + std::to_string(getpid());
    Target target_;
    TmuxSession session_;
};

TEST_P(TuiScreens, EachShowsItsRowsAndItsHelp)
{
    struct Screen {
        const char* key;
        const char* row;
    };
    const bool narrow = GetParam().first < 80;
    for (const Screen& screen :
         {Screen{"1", narrow ? "3 take_ord.* blocked mutex" : "3 take_order +blocked"},
          Screen{"2", "S sleep"}, Screen{"3", " 40 .*cust"}, Screen{"4", "stock_l"},
          Screen{"5", "nothing|no finding|None|none|running"}}) {
        SCOPED_TRACE(screen.key);
        session_.press({screen.key});
        expect(screen.row);
        expect_whole();
        session_.press({"?"});
        expect("Help: keys");
        session_.press({"Escape"});
        expect(screen.row);
    }
    session_.press({"q"});
    expect("left=0");
}

TEST_P(TuiScreens, KeysMarkCompareExplainAndSave)
{
    session_.press({"1"});
    expect("4 take_ord.* blocked");
    session_.press({"j", "j", "Space"});
    session_.press({"w"});
    expect("Why #[34]");
    expect("held by .*#2");
    session_.press({"Escape", "i"});
    expect("Process and library");
    session_.press({"Escape", "D", "d"});
    expect("not run|nothing|same|still");
    session_.press({"Escape", "s"});
    ASSERT_TRUE(session_.wait_until([&](const std::string&) {
        for (const auto& entry : fs::directory_iterator(folder_)) {
            if (entry.path().extension() == ".lwps") {
                return true;
            }
        }
        return false;
    })) << session_.screen();
    session_.press({"S"});
    expect("again");
    session_.press({"S"});
    expect("one moment");
    session_.press({"q"});
    expect("left=0");
}

INSTANTIATE_TEST_SUITE_P(Sizes, TuiScreens,
                         testing::Values(std::pair{80, 24}, std::pair{40, 10}, std::pair{200, 50}),
                         [](const auto& one) {
                             return std::to_string(one.param.first) + "x" +
                                    std::to_string(one.param.second);
                         });

// The time from a key to its picture, terminal and all; the screens alone are measured in
// TuiViews.TenThousandRowsTakeLessThanFiftyMilliseconds.
TEST(TuiManyRows, KeysAreAnsweredAtOnce)
{
    const Target target(10'000);
    TmuxSession session(80, 24);
    session.run(LWPINSPECT " top -d 0.5 " + target.pid());
    ASSERT_TRUE(session.wait_for(" 1/10006")) << session.screen();
    double longest = 0;
    for (int row = 2; row < 12; ++row) {
        const auto start = std::chrono::steady_clock::now();
        session.press({"j"});
        ASSERT_TRUE(session.wait_for(" " + std::to_string(row) + "/10006")) << session.screen();
        longest = std::max(
            longest,
            std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    }
    std::printf("slowest key %.0f ms\n", longest * 1000);
    EXPECT_LT(longest, 20.0);
    session.press({"G"});
    EXPECT_TRUE(session.wait_for(" 10006/10006")) << session.screen();
    session.press({"q"});
    EXPECT_TRUE(session.wait_until([&](const std::string&) { return !session.is_alternate(); }));
}

// A click as the terminal sends it: on the fifth row of the list.
TEST(TuiMouse, AClickChoosesARow)
{
    const Target target;
    TmuxSession session(80, 24);
    session.run(LWPINSPECT " top -d 0.2 " + target.pid());
    ASSERT_TRUE(session.wait_for(" 1/46")) << session.screen();
    const std::string at = {static_cast<char>(32 + 10), static_cast<char>(32 + 10)};
    session.type("\x1b[M " + at + "\x1b[M#" + at);
    EXPECT_TRUE(session.wait_for(" 5/46")) << session.screen();
    session.press({"q"});
    EXPECT_TRUE(session.wait_until([&](const std::string&) { return !session.is_alternate(); }));
}

}  // namespace
