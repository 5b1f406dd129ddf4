#include "support/escape.h"

#include <gtest/gtest.h>

#include <random>

using lwpi::display_width;
using lwpi::fit;
using lwpi::printable;

TEST(Escape, LeavesPlainAndUtf8TextAlone)
{
    EXPECT_EQ(printable("worker-1 [x] \"q\""), "worker-1 [x] \"q\"");
    EXPECT_EQ(printable("gr\xc3\xbc\xc3\x9f \xe4\xb8\xad \xf0\x9f\x98\x80"),
              "gr\xc3\xbc\xc3\x9f \xe4\xb8\xad \xf0\x9f\x98\x80");
}

TEST(Escape, ShowsControlBytes)
{
    EXPECT_EQ(printable("\x1b]52;c;AAAA\x07"), "\\x1b]52;c;AAAA\\x07");
    EXPECT_EQ(printable(std::string_view("a\0b\n\x7f", 5)), "a\\x00b\\x0a\\x7f");
    EXPECT_EQ(printable("\xc2\x9b"), "\\xc2\\x9b");  // C1: CSI in eight bits
    EXPECT_EQ(printable("\x9b"), "\\x9b");
    EXPECT_EQ(printable("\\x1b"), "\\\\x1b");  // not to be taken for one of ours
}

TEST(Escape, ShowsInvalidUtf8)
{
    EXPECT_EQ(printable("\xff\xfe"), "\\xff\\xfe");
    EXPECT_EQ(printable("\xc0\x80"), "\\xc0\\x80");           // overlong
    EXPECT_EQ(printable("\xed\xa0\x80"), "\\xed\\xa0\\x80");  // surrogate
    EXPECT_EQ(printable("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");
    EXPECT_EQ(printable("\xe4\xb8"), "\\xe4\\xb8");  // cut off
}

TEST(Escape, ShowsMarksThatReorderOrHide)
{
    EXPECT_EQ(printable("\xe2\x80\xae"), "\\xe2\\x80\\xae");  // right-to-left override
    EXPECT_EQ(printable("\xe2\x81\xa6"), "\\xe2\\x81\\xa6");  // isolate
    EXPECT_EQ(printable("\xe2\x80\x8b"), "\\xe2\\x80\\x8b");  // zero width
    EXPECT_EQ(printable("\xef\xbb\xbf"), "\\xef\\xbb\\xbf");
}

TEST(Escape, NeverLetsAControlByteThrough)
{
    std::mt19937 random(7);
    std::uniform_int_distribution<int> byte(0, 255);
    for (int round = 0; round < 20'000; ++round) {
        std::string text;
        for (int i = 0; i < 12; ++i) {
            text += static_cast<char>(byte(random));
        }
        const std::string shown = printable(text);
        for (std::size_t i = 0; i < shown.size(); ++i) {
            const auto value = static_cast<unsigned char>(shown[i]);
            ASSERT_TRUE(value >= 0x20 && value != 0x7f);
            // C1 as UTF-8 is C2 80..9F.
            ASSERT_FALSE(value == 0xc2 && static_cast<unsigned char>(shown[i + 1]) < 0xa0);
        }
    }
}

TEST(Escape, FitsByColumns)
{
    EXPECT_EQ(fit("abcdef", 6), "abcdef");
    EXPECT_EQ(fit("abcdefg", 6), "abcde~");
    EXPECT_EQ(fit("\xe4\xb8\xad\xe4\xb8\xad", 3), "\xe4\xb8\xad~");
    EXPECT_EQ(display_width("\xe4\xb8\xad"
                            "a"),
              3U);
    EXPECT_EQ(display_width("e\xcc\x81"), 1U);
}
