// How the screens answer to keys and samples.
#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

#include "tui/layout.h"
#include "unit/lwpinspect_tui/synthetic.h"

namespace lwpi::tui {
namespace {

using synthetic::crowd;
using synthetic::plain;
using synthetic::press;
using synthetic::sample;
using synthetic::shop;
using synthetic::showing;
using synthetic::type;

constexpr Size kTerminal{24, 80};

std::uint64_t cursor_id(const UiState& state)
{
    const ThreadInfo* const thread = chosen_thread(state);
    return thread == nullptr ? 0 : thread->id;
}

// The line of the terminal on which the cursor stands.
std::size_t cursor_line(const UiState& state)
{
    return list_in_front(state).position - list_in_front(state).top;
}

bool is_in_sight(const UiState& state)
{
    return cursor_line(state) < static_cast<std::size_t>(lay_out(state).list_rows);
}

Snapshot without(Snapshot snapshot, std::uint64_t first, std::uint64_t last)
{
    std::erase_if(snapshot.threads, [=](const ThreadInfo& thread) {
        return thread.id >= first && thread.id <= last;
    });
    return snapshot;
}

TEST(TuiUpdate, FirstSamplePutsTheCursorOnTheFirstRow)
{
    const UiState state = showing(shop(), kTerminal);
    EXPECT_EQ(cursor_id(state), 1U);
    EXPECT_EQ(state.threads.rows.size(), 5U);
}

TEST(TuiUpdate, LettersAndArrowsMoveTheCursor)
{
    UiState state = type(showing(shop(), kTerminal), "jj");
    EXPECT_EQ(cursor_id(state), 17U);
    state = press(std::move(state), {Key::kDown, Key::kUp, Key::kUp});
    EXPECT_EQ(cursor_id(state), 2U);
    EXPECT_EQ(cursor_id(type(state, "G")), 9703U);
    EXPECT_EQ(cursor_id(type(state, "Gjjj")), 9703U);
    EXPECT_EQ(cursor_id(type(state, "g")), 1U);
    EXPECT_EQ(cursor_id(type(state, "gkk")), 1U);
}

TEST(TuiUpdate, PagesMoveByTheVisibleRows)
{
    UiState state = showing(crowd(1000), kTerminal);
    const auto page = static_cast<std::uint64_t>(lay_out(state).list_rows);
    state = press(std::move(state), {Key::kPageDown});
    EXPECT_EQ(cursor_id(state), page);
    EXPECT_TRUE(is_in_sight(state));
    state = type(std::move(state), std::string(1, 'D' & 0x1f));
    EXPECT_EQ(cursor_id(state), page + page / 2);
    state = type(std::move(state), std::string(1, 'U' & 0x1f));
    state = press(std::move(state), {Key::kPageUp});
    EXPECT_EQ(cursor_id(state), 1U);
}

TEST(TuiUpdate, RefreshKeepsTheCursorOnItsThreadAndLine)
{
    UiState state = showing(crowd(1000), kTerminal);
    state = type(std::move(state), std::string(500, 'j') + "kkk");
    ASSERT_EQ(cursor_id(state), 498U);
    const std::size_t line = cursor_line(state);
    ASSERT_GT(line, 0U);
    // A hundred threads above it have ended.
    state = update(std::move(state), SampleEvent{sample(without(crowd(1000), 101, 200))});
    EXPECT_EQ(cursor_id(state), 498U);
    EXPECT_EQ(cursor_line(state), line);
    EXPECT_EQ(state.threads.position, 397U);
}

TEST(TuiUpdate, SortingKeepsTheCursorOnItsThread)
{
    UiState state = type(showing(crowd(1000), kTerminal), std::string(300, 'j'));
    ASSERT_EQ(cursor_id(state), 301U);
    for (int i = 0; i < 12; ++i) {
        state = type(std::move(state), i % 3 == 2 ? "r" : ">");
        EXPECT_EQ(cursor_id(state), 301U);
        EXPECT_TRUE(is_in_sight(state));
    }
}

TEST(TuiUpdate, WhenItsThreadIsGoneTheCursorStaysOnItsRow)
{
    UiState state = type(showing(crowd(100), kTerminal), std::string(50, 'j'));
    ASSERT_EQ(cursor_id(state), 51U);
    state = update(std::move(state), SampleEvent{sample(without(crowd(100), 51, 51))});
    EXPECT_EQ(cursor_id(state), 52U);
    EXPECT_EQ(state.threads.position, 50U);
    state = update(std::move(state), SampleEvent{sample(crowd(10))});
    EXPECT_EQ(cursor_id(state), 10U);
}

// The first picture of a list may know little, and have in front what later stands elsewhere.
TEST(TuiUpdate, ACursorThatNoKeyHasUsedStaysOnTop)
{
    const UiState state = showing(without(crowd(100), 1, 50), kTerminal);
    ASSERT_EQ(cursor_id(state), 51U);
    const UiState unused = update(state, SampleEvent{sample(crowd(100))});
    EXPECT_EQ(cursor_id(unused), 1U);
    const UiState used = update(press(state, {Key::kEnter}), SampleEvent{sample(crowd(100))});
    EXPECT_EQ(cursor_id(used), 51U);
}

TEST(TuiUpdate, SortGoesThroughTheVisibleColumns)
{
    UiState state = showing(shop(), kTerminal);
    const std::size_t count = visible_columns(state).size();
    for (const PlacedColumn& column : visible_columns(state)) {
        EXPECT_EQ(state.threads.sort.column, column.spec->column);
        EXPECT_EQ(state.threads.sort.descending,
                  column.spec->greatest_first && column.spec->column != Column::kId);
        state = press(std::move(state), {Key::kF6});
    }
    EXPECT_EQ(count, 9U);
    EXPECT_EQ(state.threads.sort, (Sort{Column::kId, false}));
}

TEST(TuiUpdate, SortBySincePutsTheLongestFirstAndUnknownLast)
{
    UiState state = type(showing(shop(), kTerminal), ">>>>>>");
    ASSERT_EQ(state.threads.sort.column, Column::kSince);
    EXPECT_EQ(cursor_id(type(state, "g")), 17U);
    EXPECT_EQ(cursor_id(type(state, "G")), 1U);
    state = type(std::move(state), "r");
    EXPECT_EQ(cursor_id(type(state, "g")), 2U);
    EXPECT_EQ(cursor_id(type(state, "G")), 1U);
}

TEST(TuiUpdate, FreezeShowsTheSamePictureUntilThawed)
{
    UiState state = type(showing(shop(), kTerminal), "p");
    const SamplePtr frozen = state.shown;
    state = update(std::move(state), SampleEvent{sample(crowd(3))});
    EXPECT_EQ(state.shown, frozen);
    EXPECT_EQ(cursor_id(type(state, "G")), 9703U);
    state = press(std::move(state), {Key::kF8});
    EXPECT_EQ(state.shown->snapshot.process.pid, crowd(1).process.pid);
    EXPECT_EQ(state.threads.rows.size(), 3U);
}

TEST(TuiUpdate, EnterOpensTheStackAndEnterOrEscapeLeavesIt)
{
    UiState state = press(showing(shop(), kTerminal), {Key::kEnter});
    EXPECT_EQ(state.overlay, Overlay::kStack);
    EXPECT_EQ(press(state, {Key::kEnter}).overlay, Overlay::kNone);
    EXPECT_EQ(press(state, {Key::kEscape}).overlay, Overlay::kNone);
    EXPECT_FALSE(press(state, {Key::kEscape}).quit);
}

TEST(TuiUpdate, TheWholeStackScrollsNoFurtherThanItsEnd)
{
    Snapshot snapshot = shop();
    for (int i = 0; i < 60; ++i) {
        synthetic::add_frame(snapshot, snapshot.threads[0].stack, "deep", "shopd");
    }
    UiState state = press(showing(std::move(snapshot), kTerminal), {Key::kEnter});
    EXPECT_EQ(type(state, "j").scroll, 1U);
    EXPECT_EQ(type(state, "jk").scroll, 0U);
    state = type(std::move(state), "G");
    const auto visible = static_cast<std::size_t>(lay_out_overlay(state).body_rows);
    EXPECT_EQ(state.scroll, 62U + 1U - visible);
    EXPECT_EQ(cursor_id(state), 1U);
}

TEST(TuiUpdate, HelpIsLeftByItsKeysWithoutLeavingTheProgram)
{
    const UiState state = type(showing(shop(), kTerminal), "?");
    EXPECT_EQ(state.overlay, Overlay::kHelp);
    EXPECT_EQ(type(state, "q").overlay, Overlay::kNone);
    EXPECT_FALSE(type(state, "q").quit);
    EXPECT_EQ(press(state, {Key::kF1}).overlay, Overlay::kNone);
    EXPECT_TRUE(press(state, {Key::kF10}).quit);
}

TEST(TuiUpdate, QuitsOnBothKeys)
{
    EXPECT_TRUE(type(showing(shop(), kTerminal), "q").quit);
    EXPECT_TRUE(press(showing(shop(), kTerminal), {Key::kF10}).quit);
    EXPECT_TRUE(type(UiState{}, "q").quit) << "before the first sample";
}

TEST(TuiUpdate, TabAndDigitsChangeTheScreenAndEachKeepsItsCursor)
{
    UiState state = type(showing(shop(), kTerminal), "jj2");
    ASSERT_EQ(list_kind(state), ListKind::kLwps);
    state = type(std::move(state), "j");
    ASSERT_NE(chosen_lwp(state), nullptr);
    EXPECT_EQ(chosen_lwp(state)->tid, 4714);
    state = press(std::move(state), {Key::kBackTab});
    EXPECT_EQ(cursor_id(state), 17U);
    state = press(std::move(state), {Key::kTab});
    EXPECT_EQ(chosen_lwp(state)->tid, 4714);
    EXPECT_EQ(cursor_id(type(std::move(state), "1")), 17U);
}

TEST(TuiUpdate, AProcessWithoutTheLibraryHasNoListOfThreads)
{
    UiState state = showing(plain(), kTerminal);
    ASSERT_EQ(list_kind(state), ListKind::kPlainLwps);
    state = type(std::move(state), "j1");
    EXPECT_EQ(list_kind(state), ListKind::kPlainLwps);
    EXPECT_FALSE(state.message.empty());
    EXPECT_EQ(chosen_lwp(state)->tid, 4801);
}

TEST(TuiUpdate, AfterTheEndThePictureStaysAndKeysWork)
{
    UiState state = showing(shop(), kTerminal);
    state = update(std::move(state), EndEvent{ExitCode::kNoProcess, "4711 has exited."});
    EXPECT_EQ(state.exit_code, ExitCode::kDone);
    EXPECT_NE(notice(state).find("4711 has exited."), std::string::npos);
    state = type(std::move(state), "jj");
    EXPECT_EQ(cursor_id(state), 17U);
    EXPECT_TRUE(type(std::move(state), "q").quit);
}

TEST(TuiUpdate, AnEndBeforeTheFirstPictureKeepsItsCode)
{
    const UiState state = update(UiState{}, EndEvent{ExitCode::kNoProcess, "no process 4711."});
    EXPECT_EQ(state.exit_code, ExitCode::kNoProcess);
    EXPECT_EQ(*state.ended, "no process 4711.");
}

TEST(TuiUpdate, ResizingKeepsTheCursorInSight)
{
    UiState state = type(showing(crowd(1000), Size{60, 200}), std::string(30, 'j'));
    for (const Size size : {Size{10, 40}, Size{5, 20}, Size{24, 80}, Size{1, 1}, Size{60, 200}}) {
        state = update(std::move(state), ResizeEvent{size});
        EXPECT_EQ(cursor_id(state), 31U);
        EXPECT_TRUE(lay_out(state).list_rows == 0 || is_in_sight(state));
    }
}

TEST(TuiUpdate, AsksForTheStacksInSight)
{
    SnapshotRequest base;
    base.mode = Mode::kNostop;
    UiState state = type(showing(crowd(1000), kTerminal), std::string(99, 'j'));
    const SnapshotRequest request = wanted(state, base);
    EXPECT_EQ(request.mode, Mode::kNostop);
    EXPECT_EQ(request.stacks, Stacks::kChosen);
    EXPECT_EQ(request.threads.front(), 100U) << "the cursor's first";
    EXPECT_NE(std::find(request.threads.begin(), request.threads.end(), 95U),
              request.threads.end());
    EXPECT_LE(request.threads.size(), 24U);
    state = press(std::move(state), {Key::kEnd});
    EXPECT_EQ(wanted(state, base).threads.front(), 1000U);
}

TEST(TuiUpdate, AsksForEveryStackWhenTheFilterOrOrderNeedsThem)
{
    UiState state = showing(shop(), kTerminal);
    EXPECT_EQ(wanted(state, {}).stacks, Stacks::kChosen);
    EXPECT_EQ(wanted(type(state, "\\fn:cache"), {}).stacks, Stacks::kAll);
    EXPECT_EQ(wanted(type(state, ">>>>>>>>"), {}).stacks, Stacks::kAll);
}

TEST(TuiUpdate, AsksForSourceLinesWhileTheyAreWanted)
{
    UiState state = showing(shop(), kTerminal);
    EXPECT_FALSE(wanted(state, {}).lines);
    state = type(std::move(state), "L");
    EXPECT_TRUE(wanted(state, {}).lines);
    EXPECT_TRUE(is_urgent(state, wanted(state, {})));
    EXPECT_FALSE(wanted(type(std::move(state), "L"), {}).lines);
}

TEST(TuiUpdate, IsUrgentOnlyForStacksNobodyAskedFor)
{
    UiState state;
    state.size = kTerminal;
    SnapshotRequest request;
    request.stacks = Stacks::kChosen;
    SampleMaker maker;
    const auto take = [&](UiState before) {
        return update(std::move(before),
                      SampleEvent{maker.make(crowd(100), request, std::chrono::seconds{2})});
    };
    state = take(std::move(state));
    EXPECT_TRUE(is_urgent(state, wanted(state, {})));
    request = wanted(state, {});
    state = take(std::move(state));
    EXPECT_FALSE(is_urgent(state, wanted(state, {})));
    EXPECT_FALSE(is_urgent(type(state, "j"), wanted(type(state, "j"), {})));
    EXPECT_TRUE(is_urgent(type(state, "G"), wanted(type(state, "G"), {})));
}

}  // namespace
}  // namespace lwpi::tui
