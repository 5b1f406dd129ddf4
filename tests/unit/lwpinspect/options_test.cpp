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

TEST(Options, Colours)
{
    EXPECT_EQ(std::get<Options>(parse({"ps", "1", "--no-color"})).colour, ColourWish::kNever);
    EXPECT_EQ(std::get<Options>(parse({"ps", "1", "--color", "always"})).colour,
              ColourWish::kAlways);
}
