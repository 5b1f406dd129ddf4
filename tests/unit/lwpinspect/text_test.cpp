#include "support/text.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "support/pattern.h"

using namespace lwpi;

TEST(Pattern, IsAnExtendedRegularExpression)
{
    EXPECT_TRUE(Pattern("^lt::(arm|park)_").is_in("lt::park_self"));
    EXPECT_FALSE(Pattern("^lt::(arm|park)_").is_in("user::lt::park_self"));
    EXPECT_TRUE(Pattern("a{3}$").is_in("aaaa"));
    EXPECT_FALSE(Pattern("Main").is_in("main"));
    for (const char* bad : {"(", "[a", "a{2,1}"}) {
        EXPECT_THROW(static_cast<void>(Pattern(bad)), std::invalid_argument) << bad;
    }
}

// std::regex's matcher ran out of stack on these.
TEST(Pattern, SurvivesNamesOfAnyLength)
{
    const std::string name(1'000'000, 'a');
    EXPECT_TRUE(Pattern("(a|b)*$").is_in(name));
    EXPECT_FALSE(Pattern("(a|b)*c$").is_in(name));
}

TEST(Text, ParsesWholeNumbersOnly)
{
    EXPECT_EQ(parse_unsigned("4711"), 4711U);
    EXPECT_EQ(parse_unsigned("ff", 16), 255U);
    EXPECT_EQ(parse_unsigned("18446744073709551615"), UINT64_MAX);
    for (const char* bad : {"", "-1", "+1", " 1", "1 ", "12x", "18446744073709551616"}) {
        EXPECT_FALSE(parse_unsigned(bad)) << bad;
    }
}

TEST(Text, FormatsDurations)
{
    EXPECT_EQ(format_duration(350'999), "350us");
    EXPECT_EQ(format_duration(12'000'000), "12ms");
    EXPECT_EQ(format_duration(14'290'000'000), "14.2s");
    EXPECT_EQ(format_duration(131'000'000'000), "2m11s");
    EXPECT_EQ(format_duration(10'920'000'000'000), "3h02m");
    EXPECT_EQ(format_duration(-1'000'000), "-1ms");
    EXPECT_EQ(format_duration(INT64_MIN).front(), '-');
}

TEST(Text, ShowsIdsAsRanges)
{
    EXPECT_EQ(format_ids({1, 2, 3, 5, 9, 10}, 9, "#"), "#1-#3 #5 #9-#10");
    EXPECT_EQ(format_ids({1, 2, 3, 5, 9, 10}, 2, ""), "1-3 5 +2 more");
    EXPECT_EQ(format_ids({}, 3, "#"), "");
}

TEST(Text, CutsParametersOff)
{
    EXPECT_EQ(without_parameters("lt::f(lt::Thread&, int)"), "lt::f");
    EXPECT_EQ(without_parameters("a::g<int (*)(char)>(long) const [clone .cold]"),
              "a::g<int (*)(char)>");
    EXPECT_EQ(without_parameters("lt::(anonymous namespace)::await(int)"),
              "lt::(anonymous namespace)::await");
    EXPECT_EQ(without_parameters("std::less<int>::operator()(int, int) const"),
              "std::less<int>::operator()");
    EXPECT_EQ(without_parameters("main"), "main");
}
