// Cells, columns and short numbers.
#include <gtest/gtest.h>

#include "tui/cells.h"
#include "tui/columns.h"
#include "tui/format.h"
#include "tui/keymap.h"
#include "unit/lwpinspect_tui/synthetic.h"

namespace lwpi::tui {
namespace {

constexpr std::int64_t kMillisecond = 1'000'000;
constexpr std::int64_t kSecond = 1'000 * kMillisecond;

TEST(TuiCells, TextIsCutAtTheEdgeAndOutsideNothingHappens)
{
    Canvas canvas(Size{2, 5});
    EXPECT_EQ(canvas.put(0, 3, "abc", {}), 5);
    canvas.put(5, 0, "below", {});
    canvas.put(-1, 0, "above", {});
    EXPECT_EQ(canvas.put(1, 0, "abcd", {}, 2), 2);
    EXPECT_EQ(canvas.text(), "   ab\nab\n");
}

TEST(TuiCells, WideLettersTakeTwoCellsAndMarksNone)
{
    Canvas canvas(Size{1, 6});
    EXPECT_EQ(canvas.put(0, 0, "語e\u0301x", {}), 4);
    EXPECT_EQ(canvas.at(0, 0).columns, 2);
    EXPECT_EQ(canvas.at(0, 1).columns, 0);
    EXPECT_EQ(canvas.at(0, 2).mark, U'\u0301');
    EXPECT_EQ(canvas.text(), "語e\u0301x\n");
    EXPECT_EQ(canvas.put(0, 5, "語", {}), 5) << "half of it would stick out";
}

TEST(TuiCells, RightAlignedTextEndsBeforeTheColumn)
{
    Canvas canvas(Size{1, 6});
    canvas.put_right(0, 5, "abc", {});
    EXPECT_EQ(canvas.text(), "  abc\n");
}

TEST(TuiCells, Utf8GoesThroughUnchanged)
{
    for (const char32_t letter : {U'a', U'é', U'語', U'\U0001f600'}) {
        std::string text;
        append_utf8(text, letter);
        std::string_view rest = text;
        EXPECT_EQ(take_letter(rest), letter);
        EXPECT_TRUE(rest.empty());
    }
    std::string_view broken = "\xe8\xaa";
    EXPECT_EQ(take_letter(broken), U'\ufffd');
}

TEST(TuiColumns, FillTheWidthWithoutOverlap)
{
    for (const ListKind kind : {ListKind::kThreads, ListKind::kLwps, ListKind::kPlainLwps}) {
        for (int width = 40; width <= 300; ++width) {
            const auto columns = place_columns(kind, width, 4);
            int next = 1;
            for (const PlacedColumn& column : columns) {
                EXPECT_EQ(column.at, next);
                EXPECT_GE(column.width, column.spec->width);
                next = column.at + column.width + 1;
            }
            EXPECT_LE(next - 1, width);
        }
    }
}

TEST(TuiColumns, ThreadsShowAllNineAt80AndTheMostImportantAt40)
{
    EXPECT_EQ(place_columns(ListKind::kThreads, 80, 4).size(), 9U);
    const auto narrow = place_columns(ListKind::kThreads, 40, 4);
    ASSERT_EQ(narrow.size(), 4U);
    EXPECT_EQ(narrow.back().spec->column, Column::kWait);
}

TEST(TuiColumns, LongIdsAreNotCut)
{
    EXPECT_EQ(place_columns(ListKind::kThreads, 80, 12).front().width, 12);
}

TEST(TuiFormat, Ages)
{
    EXPECT_EQ(format_age(std::nullopt), "-");
    EXPECT_EQ(format_age(3 * kMillisecond), "0.003");
    EXPECT_EQ(format_age(-5), "0.000");
    EXPECT_EQ(format_age(14 * kSecond), "00:14");
    EXPECT_EQ(format_age(131 * kSecond), "02:11");
    EXPECT_EQ(format_age(3'720 * kSecond), "1h02");
    EXPECT_EQ(format_age(74 * 3'600 * kSecond), "3d02h");
}

TEST(TuiFormat, RatesAndDurations)
{
    EXPECT_EQ(format_rate(std::nullopt), "-");
    EXPECT_EQ(format_rate(0.0), "0");
    EXPECT_EQ(format_rate(0.44), "0.4");
    EXPECT_EQ(format_rate(812.3), "812");
    EXPECT_EQ(format_rate(12'345.0), "12k");
    EXPECT_EQ(format_rate(1'300'000.0), "1.3M");
    EXPECT_EQ(format_pause(0), "0");
    EXPECT_EQ(format_pause(20'000), "0.02ms");
    EXPECT_EQ(format_pause(200'000), "0.2ms");
    EXPECT_EQ(format_pause(41 * kMillisecond), "41ms");
    EXPECT_EQ(format_uptime(74 * 3'600 * kSecond), "3d02h");
    EXPECT_EQ(format_uptime(243 * kSecond), "4m03s");
}

TEST(TuiFormat, OfAnAddressTheLastDigitsAreKept)
{
    Wait wait;
    wait.kind = WaitKind::kMutex;
    wait.name = "mutex";
    wait.object = 0x5581c0de0080;
    EXPECT_EQ(format_wait(wait, 30), "mutex 0x5581c0de0080");
    EXPECT_EQ(format_wait(wait, 15), "mutex ~c0de0080");
    wait.object_name = "stats_lock";
    EXPECT_EQ(format_wait(wait, 14), "mutex stats_l~");
}

TEST(TuiFormat, AtSkipsTheLibraryAndLibc)
{
    Snapshot snapshot = synthetic::shop();
    const auto at = [&](std::size_t index) {
        const ThreadInfo& thread = snapshot.threads[index];
        return format_at(snapshot, thread.stack, thread.start_function);
    };
    EXPECT_EQ(at(0), "accept_loop");
    EXPECT_EQ(at(1), "(timer_main)");
    EXPECT_EQ(at(4), "cache_get");
    Stack stack;
    EXPECT_EQ(format_at(snapshot, stack, ""), "-");
    synthetic::add_frame(snapshot, stack, "read", "libc.so.6");
    EXPECT_EQ(format_at(snapshot, stack, ""), "read") << "better than nothing";
}

TEST(TuiFormat, FunctionsAreShownWithoutParameters)
{
    EXPECT_EQ(short_name("main"), "main");
    EXPECT_EQ(short_name("lt::wake(lt::Thread&, int)"), "lt::wake");
    EXPECT_EQ(short_name("Q::size() const"), "Q::size");
    EXPECT_EQ(short_name("f(int)::{lambda()#1}::operator()(int (*)(char)) const"),
              "f(int)::{lambda()#1}::operator()");
    EXPECT_EQ(short_name("lt::(anonymous namespace)::wake((anonymous namespace)::Q&)"), "lt::wake");
    EXPECT_EQ(short_name("(anonymous namespace)::x"), "x");
    EXPECT_EQ(short_name("broken)"), "broken)");
    EXPECT_EQ(short_name("()"), "()");
}

TEST(TuiFormat, TheLibrarysOwnFramesAreCounted)
{
    Snapshot snapshot = synthetic::shop();
    Stack stack;
    EXPECT_EQ(inner_frames(snapshot, stack), 0U);
    synthetic::add_frame(snapshot, stack, "lt::switch_to(lt::Thread&)", "libthread.so.1");
    EXPECT_EQ(inner_frames(snapshot, stack), 0U) << "all of it is better than nothing";
    synthetic::add_frame(snapshot, stack, "lt::sleep()", "libthread.so.1");
    synthetic::add_frame(snapshot, stack, "cond_wait", "libthread.so.1");
    synthetic::add_frame(snapshot, stack, "queue_pop", "shopd");
    EXPECT_EQ(inner_frames(snapshot, stack), 2U);
}

TEST(TuiFormat, AThreadWithoutANameIsCalledAfterItsStart)
{
    ThreadInfo thread = synthetic::thread(1, "", ThreadState::kReady);
    EXPECT_EQ(name_or_start(thread), "main");
    thread.id = 2;
    EXPECT_EQ(name_or_start(thread), "");
    thread.start_function = "worker_main";
    EXPECT_EQ(name_or_start(thread), "worker_main");
    thread.name = "worker-1";
    EXPECT_EQ(name_or_start(thread), "worker-1");
}

TEST(TuiKeymap, HelpFitsTheNarrowestTerminal)
{
    for (const HelpLine& line : help_lines()) {
        EXPECT_LE(line.what.size(), 36U) << line.what;
        EXPECT_LE(line.keys.size(), 20U) << line.keys;
    }
}

TEST(TuiFormat, CutTextEndsInATilde)
{
    EXPECT_EQ(cut("stats", 5), "stats");
    EXPECT_EQ(cut("stats_lock", 5), "stat~");
    EXPECT_EQ(cut("語語語", 4), "語~");
    EXPECT_EQ(cut("abc", 0), "");
}

}  // namespace
}  // namespace lwpi::tui
