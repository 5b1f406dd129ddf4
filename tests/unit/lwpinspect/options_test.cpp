#include "options.h"

#include <gtest/gtest.h>

using namespace lwpi;

namespace {

std::variant<Options, int> parse(std::vector<const char*> words, bool interactive = false)
{
    words.insert(words.begin(), "lwpinspect");
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    auto result = parse_options(static_cast<int>(words.size()), words.data(), interactive);
    testing::internal::GetCapturedStdout();
    testing::internal::GetCapturedStderr();
    return result;
}

}  // namespace

TEST(Options, NoVerbIsTopOnATerminalElsePs)
{
    EXPECT_EQ(std::get<Options>(parse({"4711"}, true)).verb, Verb::kTop);
    const auto options = std::get<Options>(parse({"4711"}));
    EXPECT_EQ(options.verb, Verb::kPs);
    EXPECT_EQ(options.target, "4711");
}

TEST(Options, GlobalOptionsStandAnywhere)
{
    for (const auto& words :
         {std::vector<const char*>{"-n", "--json", "stack", "7", "3-9", "-a"},
          std::vector<const char*>{"stack", "-a", "7", "3-9", "--json", "-n"}}) {
        const auto options = std::get<Options>(parse(words));
        EXPECT_EQ(options.verb, Verb::kStack);
        EXPECT_TRUE(options.nostop && options.json && options.addresses);
        EXPECT_EQ(options.target, "7");
        EXPECT_EQ(options.ids, std::vector<std::string>{"3-9"});
    }
}

TEST(Options, WrongUsageIsTwoAndHelpIsZero)
{
    EXPECT_EQ(std::get<int>(parse({})), 2);
    EXPECT_EQ(std::get<int>(parse({"ps"})), 2);
    EXPECT_EQ(std::get<int>(parse({"ps", "1", "--nonsense"})), 2);
    EXPECT_EQ(std::get<int>(parse({"ps", "1", "-s", "colour"})), 2);
    EXPECT_EQ(std::get<int>(parse({"ps", "1", "-L", "--lwps"})), 2);
    EXPECT_EQ(std::get<int>(parse({"stack", "1", "--depth", "0"})), 2);
    EXPECT_EQ(std::get<int>(parse({"--help"})), 0);
    EXPECT_EQ(std::get<int>(parse({"--version"})), 0);
}

TEST(Options, WordsThatNobodyUsesAreRefused)
{
    EXPECT_EQ(std::get<int>(parse({"ps", "1", "2"})), 2);
    EXPECT_EQ(std::get<int>(parse({"1", "stack", "2"})), 2);
    EXPECT_EQ(std::get<int>(parse({"locks", "1", "0x2", "3"})), 2);
    EXPECT_EQ(std::get<int>(parse({"completion", "bash", "zsh"})), 2);
    EXPECT_EQ(std::get<int>(parse({"--from", "f", "ps", "1"})), 2);
    EXPECT_EQ(std::get<int>(parse({"locks", "--from", "f", "0x1", "0x2"})), 2);
    EXPECT_EQ(std::get<int>(parse({"stacks", "1", "--collapsed", "--by", "state"})), 2);
    EXPECT_EQ(std::get<Options>(parse({"1", "ps"})).target, "1");
    const auto one = std::get<Options>(parse({"locks", "--from", "f", "0x1"}));
    EXPECT_EQ(one.address, "0x1");
}

TEST(Options, NumbersHaveBounds)
{
    for (const char* bad : {"nan", "inf", "-1", "1e300", "x", "1x", ""}) {
        EXPECT_EQ(std::get<int>(parse({"stacks", "1", "--min-age", bad})), 2) << bad;
        EXPECT_EQ(std::get<int>(parse({"ps", "1", "--max-threads", bad})), 2) << bad;
        EXPECT_EQ(std::get<int>(parse({"ps", "1", "--timeout", bad})), 2) << bad;
        EXPECT_EQ(std::get<int>(parse({"top", "1", "-d", bad})), 2) << bad;
        EXPECT_EQ(std::get<int>(parse({"diff", "1", "--every", bad})), 2) << bad;
    }
    EXPECT_EQ(std::get<int>(parse({"ps", "1", "--max-threads", "0"})), 2);
    EXPECT_EQ(std::get<int>(parse({"ps", "1", "--timeout", "1.5"})), 2);
    const auto options = std::get<Options>(parse({"stacks", "1", "--min-age", "0.5"}));
    EXPECT_EQ(options.min_age_seconds, 0.5);
}

TEST(Options, Colours)
{
    EXPECT_EQ(std::get<Options>(parse({"ps", "1", "--no-color"})).colour, ColourWish::kNever);
    EXPECT_EQ(std::get<Options>(parse({"ps", "1", "--color", "always"})).colour,
              ColourWish::kAlways);
}
