// The screens of groups, locks and findings, and the texts that cover the lists.
#include "tui/sheet.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

#include "tui/lists.h"
#include "tui/views/views.h"
#include "unit/lwpinspect_tui/synthetic.h"

namespace lwpi::tui {
namespace {

using synthetic::crowd;
using synthetic::plain;
using synthetic::press;
using synthetic::seen_twice;
using synthetic::shop;
using synthetic::showing;
using synthetic::type;

std::string picture(const UiState& state)
{
    return render(state).text();
}

bool shows(const UiState& state, const std::string& text)
{
    return picture(state).find(text) != std::string::npos;
}

std::vector<std::string> column(const UiState& state, std::size_t cell)
{
    std::vector<std::string> texts;
    for (const std::uint32_t row : list_in_front(state).rows) {
        texts.push_back(state.sheet->rows[row].cells[cell].text);
    }
    return texts;
}

TEST(TuiSheets, StacksAreGroupedBiggestFirst)
{
    const UiState state = type(showing(crowd(100), {24, 80}), "3");
    ASSERT_EQ(list_kind(state), ListKind::kStacks);
    EXPECT_EQ(column(state, 0),
              (std::vector<std::string>{"15", "15", "14", "14", "14", "14", "14"}));
    EXPECT_TRUE(shows(state, "cond_wait < pop_1"));
}

TEST(TuiSheets, ColumnsSortAndTurnRound)
{
    UiState state = press(type(showing(shop(), {24, 80}), "4"), {Key::kF6});
    EXPECT_EQ(list_in_front(state).sort.column, Column::kSwitches);
    EXPECT_TRUE(list_in_front(state).sort.descending);
    state = press(std::move(state), {Key::kF6, Key::kF6});  // object
    EXPECT_EQ(list_in_front(state).sort.column, Column::kWait);
    const auto up = column(state, 2);
    state = type(std::move(state), "r");
    auto down = column(state, 2);
    std::reverse(down.begin(), down.end());
    EXPECT_EQ(up, down);
    EXPECT_GE(up.size(), 3U);
}

TEST(TuiSheets, LocksNameHoldersAndWaiters)
{
    const UiState state = type(showing(shop(), {24, 80}), "4\\stats");
    ASSERT_EQ(list_in_front(state).rows.size(), 1U);
    EXPECT_TRUE(shows(state, "mutex stats_lock"));
    EXPECT_TRUE(shows(state, "held by #9544 req-652"));
    EXPECT_TRUE(shows(state, "#9703 req-811"));
}

TEST(TuiSheets, FindingsNeedTwoLooks)
{
    EXPECT_TRUE(shows(type(showing(shop(), {24, 80}), "5"), "nothing found"));
    const UiState state = type(seen_twice(shop(), {24, 80}), "5");
    EXPECT_TRUE(shows(state, "#9544 req-652, #9703 req-811 wait for each other"));
    EXPECT_TRUE(shows(state, "! 1 deadlock (2 threads)"));
    EXPECT_TRUE(shows(state, "5 Findings (2)"));  // and one that has been ready for two seconds
    const UiState whole = press(state, {Key::kEnter});
    EXPECT_TRUE(shows(whole, "handle_request"));
    EXPECT_FALSE(shows(press(whole, {Key::kEscape}), "handle_request"));
}

TEST(TuiSheets, MembersOfADeadlockAreMarkedInTheList)
{
    const UiState state = seen_twice(shop(), {24, 80});
    EXPECT_TRUE(shows(state, "\n!  9544 req-652"));
    EXPECT_FALSE(shows(state, "\n!    17"));
}

TEST(TuiSheets, TheCursorStaysOnItsThing)
{
    UiState state = type(showing(shop(), {24, 80}), "4jj");
    const auto chosen = chosen_sheet_row(state)->cells[2].text;
    Snapshot next = shop();
    ThreadInfo more = next.threads[2];
    more.id = 18;
    next.threads.insert(next.threads.begin() + 3, more);
    next.threads[3].wait.object = next.threads[2].wait.object;
    state = update(std::move(state), SampleEvent{synthetic::sample(std::move(next))});
    EXPECT_EQ(chosen_sheet_row(state)->cells[2].text, chosen);
}

TEST(TuiSheets, SearchGoesFromMatchToMatch)
{
    UiState state = type(showing(crowd(100), {24, 80}), "3/pop_4");
    state = press(std::move(state), {Key::kEnter});
    EXPECT_NE(chosen_sheet_row(state)->cells[4].text.find("pop_4"), std::string::npos);
    state = type(std::move(state), "/zzz");
    EXPECT_TRUE(shows(state, "not found: zzz"));
}

TEST(TuiTexts, WhyShowsTheChain)
{
    const UiState state = type(seen_twice(shop(), {24, 80}), "Gw");
    EXPECT_TRUE(shows(state, "Why #9703 req-811 does not go on"));
    EXPECT_TRUE(shows(state, "held by #9703 req-811: a cycle"));
    EXPECT_EQ(press(state, {Key::kEscape}).overlay, Overlay::kNone);
}

TEST(TuiTexts, TheDifferenceIsToTheMark)
{
    UiState state = type(showing(shop(), {24, 80}), "d");
    EXPECT_EQ(state.overlay, Overlay::kNone);  // the first time only marks
    Snapshot next = shop();
    next.taken_ns += 5'000'000'000;
    next.threads.erase(next.threads.begin() + 2);
    state = update(std::move(state), SampleEvent{synthetic::sample(std::move(next))});
    state = type(std::move(state), "d");
    EXPECT_TRUE(shows(state, "gone          1  #17"));
}

TEST(TuiTexts, InfoTellsOfTheLibrary)
{
    EXPECT_TRUE(shows(type(showing(shop(), {24, 80}), "i"), "libthread     present"));
}

TEST(TuiKeys, OneInstantIsAskedForTwice)
{
    UiState state = type(showing(shop(), {24, 80}), "S");
    EXPECT_TRUE(shows(state, "may return EINTR"));
    EXPECT_EQ(wanted(state, {}).mode, Mode::kGentle);
    EXPECT_EQ(type(state, "j").instant, Instant::kNo);
    state = type(std::move(state), "S");
    EXPECT_EQ(wanted(state, {}).mode, Mode::kInstant);
    EXPECT_TRUE(is_urgent(state, wanted(state, {})));
    Snapshot snapshot = shop();
    snapshot.mode = Mode::kInstant;
    state = update(std::move(state), SampleEvent{synthetic::sample(std::move(snapshot))});
    EXPECT_TRUE(state.frozen);
    EXPECT_EQ(wanted(state, {}).mode, Mode::kGentle);
}

TEST(TuiKeys, MarksAreOfThreadsNotOfRows)
{
    UiState state = type(showing(shop(), {24, 80}), " ");
    EXPECT_TRUE(state.marked.contains(1));
    EXPECT_EQ(chosen_thread(state)->id, 2U);
    EXPECT_TRUE(shows(state, "\n+     1 acceptor"));
    state = type(std::move(state), "r");
    EXPECT_TRUE(shows(state, "\n+     1 acceptor"));
    EXPECT_TRUE(type(std::move(state), "U").marked.empty());
}

TEST(TuiKeys, TabGoesRoundAllScreens)
{
    UiState state = showing(shop(), {24, 80});
    std::vector<ListKind> kinds;
    for (int i = 0; i < 5; ++i) {
        kinds.push_back(list_kind(state));
        state = press(std::move(state), {Key::kTab});
    }
    EXPECT_EQ(kinds, (std::vector<ListKind>{ListKind::kThreads, ListKind::kLwps, ListKind::kStacks,
                                            ListKind::kLocks, ListKind::kFindings}));
    EXPECT_EQ(list_kind(state), ListKind::kThreads);
    EXPECT_EQ(list_kind(press(state, {Key::kBackTab})), ListKind::kFindings);
    // Without user threads there is one screen less.
    state = press(showing(plain(), {24, 80}), {Key::kTab, Key::kTab, Key::kTab, Key::kTab});
    EXPECT_EQ(list_kind(state), ListKind::kPlainLwps);
}

TEST(TuiKeys, SavingIsForTheLoopToDo)
{
    const UiState state = press(showing(shop(), {24, 80}), {Key::kF9});
    EXPECT_TRUE(state.save);
    EXPECT_TRUE(shows(update(state, MessageEvent{"saved to x"}), "saved to x"));
}

TEST(TuiMouse, ChoosesRowsColumnsAndScreens)
{
    UiState state = showing(shop(), {24, 80});
    state = update(std::move(state), MouseEvent{7, 10, MouseDeed::kPress});
    EXPECT_EQ(chosen_thread(state)->id, 17U);
    state = update(std::move(state), MouseEvent{4, 10, MouseDeed::kPress});
    EXPECT_EQ(state.threads.sort.column, Column::kName);
    EXPECT_EQ(chosen_thread(state)->id, 17U);
    state = update(std::move(state), MouseEvent{3, 25, MouseDeed::kPress});
    EXPECT_EQ(list_kind(state), ListKind::kStacks);
    state = update(type(std::move(state), "1"), MouseEvent{9, 9, MouseDeed::kWheelDown});
    EXPECT_EQ(state.threads.position, state.threads.rows.size() - 1);
    state = update(std::move(state), MouseEvent{23, 79, MouseDeed::kPress});  // nothing there
    EXPECT_EQ(list_kind(state), ListKind::kThreads);
}

}  // namespace
}  // namespace lwpi::tui
