#include <gtest/gtest.h>

#include "target/descriptors.h"
#include "target/modules.h"
#include "target/process.h"

using namespace lwpi;

TEST(ProcText, StatWithAHostileName)
{
    std::string text = "7 (a) R 1 (b) S 3";
    for (int field = 5; field <= 52; ++field) {
        text += ' ' + std::to_string(field);
    }
    const auto stat = parse_stat(text);
    ASSERT_TRUE(stat);
    EXPECT_EQ(stat->name, "a) R 1 (b");
    EXPECT_EQ(stat->state, 'S');
    EXPECT_EQ(stat->parent, 3);
    EXPECT_EQ(stat->user_ticks, 14U);
    EXPECT_EQ(stat->start_ticks, 22U);
    EXPECT_EQ(stat->stack_start, 28U);
    EXPECT_EQ(stat->cpu, 39);
    EXPECT_FALSE(parse_stat("7 (a) R"));
    EXPECT_FALSE(parse_stat(""));
}

TEST(ProcText, SyscallLines)
{
    using Kind = SyscallLine::Kind;
    const auto call = parse_syscall("202 0x10 0x80 0x2 0x0 0x0 0x0 0x7ffd0 0x7f1\n");
    EXPECT_EQ(call.kind, Kind::kInCall);
    EXPECT_EQ(call.number, 202);
    EXPECT_EQ(call.arguments[1], 0x80U);
    EXPECT_EQ(call.sp, 0x7ffd0U);
    EXPECT_EQ(call.pc, 0x7f1U);
    EXPECT_EQ(parse_syscall("running\n").kind, Kind::kRunning);
    EXPECT_EQ(parse_syscall("-1 0x7ffd0 0x7f1\n").kind, Kind::kBlockedElsewhere);
    EXPECT_EQ(parse_syscall("").kind, Kind::kGone);
}

TEST(ProcText, Maps)
{
    const auto maps = parse_maps(
        "00400000-00401000 r-xp 00000000 fd:01 42    /a dir/prog (deleted)\n"
        "bad line\n"
        "00402000-00401000 r--p 00000000 00:00 0\n"
        "7f00-8000 rw-p 00000000 00:00 0 \n");
    ASSERT_EQ(maps.size(), 2U);
    EXPECT_EQ(maps[1].path, "/a dir/prog");
    EXPECT_EQ(maps[1].inode, 42U);
    EXPECT_TRUE(maps[1].executable && !maps[1].writable);
    EXPECT_EQ(find_mapping(maps, 0x400fff), &maps[1]);
    EXPECT_EQ(find_mapping(maps, 0x401000), nullptr);
    EXPECT_EQ(find_mapping(maps, 0), nullptr);
}

TEST(ProcText, StatusOfANamespacedTask)
{
    const TaskStatus status = parse_status(
        "Name:\tx\nTgid:\t12\nTracerPid:\t5\nUid:\t33\t0\t0\t0\nNSpid:\t12\t3\n"
        "voluntary_ctxt_switches:\t8\nnonvoluntary_ctxt_switches:\t9\n");
    EXPECT_EQ(status.group, 12);
    EXPECT_EQ(status.tracer, 5);
    EXPECT_EQ(status.uid, 33U);
    EXPECT_EQ(status.inner, 3);
    EXPECT_EQ(status.voluntary_switches, 8U);
    EXPECT_EQ(status.involuntary_switches, 9U);
}

TEST(ParseInternet, NamesBothEnds)
{
    const auto four = parse_internet(
        "   1: 0100007F:1F90 0200000A:1234 01 00000000:00000000 00:00000000 00000000  0 0 4711 1 "
        "0");
    ASSERT_TRUE(four);
    EXPECT_EQ(four->inode, 4711U);
    EXPECT_EQ(four->name, "127.0.0.1:8080 with 10.0.0.2:4660");
    const auto six = parse_internet(
        "0: 00000000000000000000000001000000:0050 00000000000000000000000000000000:0000 0A 0:0 00:0"
        " 0 0 0 12 1");
    ASSERT_TRUE(six);
    EXPECT_EQ(six->name, "[::1]:80 listening");
    EXPECT_FALSE(
        parse_internet("  sl  local_address rem_address   st tx_queue rx_queue tr tm->when"
                       " retrnsmt   uid  timeout inode"));
    EXPECT_FALSE(parse_internet(""));
    EXPECT_FALSE(parse_internet("0: 01:0 02:0 01 0 0 0 0 0 7"));
}
