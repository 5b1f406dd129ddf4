// Search and filter as they are typed.
#include "tui/field.h"

#include <gtest/gtest.h>

#include <utility>

#include "unit/lwpinspect_tui/synthetic.h"

namespace lwpi::tui {
namespace {

using synthetic::crowd;
using synthetic::press;
using synthetic::shop;
using synthetic::showing;
using synthetic::type;

constexpr Size kTerminal{24, 80};

std::uint64_t cursor_id(const UiState& state)
{
    const ThreadInfo* const thread = chosen_thread(state);
    return thread == nullptr ? 0 : thread->id;
}

TEST(TuiField, InAFieldEveryLetterIsText)
{
    const UiState state = type(showing(shop(), kTerminal), "/qjk12?rp\\/>");
    EXPECT_FALSE(state.quit);
    EXPECT_FALSE(state.frozen);
    EXPECT_EQ(state.overlay, Overlay::kNone);
    EXPECT_EQ(field_text(state.field), "qjk12?rp\\/>");
}

TEST(TuiField, SearchMovesWhileTyping)
{
    UiState state = type(showing(shop(), kTerminal), "/req");
    EXPECT_EQ(cursor_id(state), 9544U);
    state = type(std::move(state), "-8");
    EXPECT_EQ(cursor_id(state), 9703U);
    state = press(std::move(state), {Key::kBackspace, Key::kBackspace});
    EXPECT_EQ(cursor_id(state), 9544U);
    EXPECT_EQ(cursor_id(press(state, {Key::kEscape})), 1U) << "back to where it began";
    state = press(std::move(state), {Key::kEnter});
    EXPECT_EQ(state.field.field, Field::kNone);
    EXPECT_EQ(cursor_id(state), 9544U);
}

TEST(TuiField, NextAndPreviousGoRoundTheEnd)
{
    UiState state = press(type(showing(crowd(100), kTerminal), "/-1"), {Key::kEnter});
    EXPECT_EQ(cursor_id(state), 1U);
    EXPECT_EQ(cursor_id(type(state, "n")), 10U);
    EXPECT_EQ(cursor_id(type(state, "nnN")), 10U);
    EXPECT_EQ(cursor_id(type(state, "N")), 100U);
    EXPECT_EQ(cursor_id(type(state, "Nn")), 1U);
}

TEST(TuiField, SaysWhatIsNotFoundAndStays)
{
    UiState state = type(showing(shop(), kTerminal), "j/nobody");
    EXPECT_EQ(cursor_id(state), 2U);
    EXPECT_EQ(state.message, "not found: nobody");
    state = press(std::move(state), {Key::kEnter});
    EXPECT_EQ(cursor_id(state), 2U);
    EXPECT_EQ(type(std::move(state), "n").message, "not found: nobody");
}

TEST(TuiField, NextWithoutASearchSaysSo)
{
    EXPECT_FALSE(type(showing(shop(), kTerminal), "n").message.empty());
}

TEST(TuiField, FilterAppliesWhileTypingAndEscapeUndoesIt)
{
    UiState state = type(showing(shop(), kTerminal), "\\state:blocked wait:mutex");
    EXPECT_EQ(state.threads.rows.size(), 2U);
    EXPECT_EQ(cursor_id(state), 9544U);
    EXPECT_EQ(press(state, {Key::kEscape}).threads.rows.size(), 5U);
    state = press(std::move(state), {Key::kEnter});
    EXPECT_EQ(state.filter_text, "state:blocked wait:mutex");
    // Editing again begins with the filter in force, and cancelling returns to it.
    state = press(type(std::move(state), "\\ fn:cache"), {Key::kEscape});
    EXPECT_EQ(state.threads.rows.size(), 2U);
    EXPECT_EQ(press(std::move(state), {Key::kEscape}).threads.rows.size(), 5U);
}

TEST(TuiField, LettersOnTheWayToAFilterDoNotMoveTheCursor)
{
    // "state:r" leaves the cursor's thread out.
    UiState state = type(showing(shop(), kTerminal), "jj\\state:r");
    EXPECT_EQ(cursor_id(state), 2U);
    state = press(std::move(state), {Key::kBackspace});
    EXPECT_EQ(cursor_id(type(state, "blocked")), 17U);
    EXPECT_EQ(cursor_id(press(state, {Key::kEscape})), 17U);
}

TEST(TuiField, AFilterThatMatchesNothingEmptiesTheListAndKeysAreHarmless)
{
    UiState state = press(type(showing(shop(), kTerminal), "\\nobody"), {Key::kEnter});
    EXPECT_TRUE(state.threads.rows.empty());
    state = press(type(std::move(state), "jkGgrn>"), {Key::kPageDown, Key::kEnter});
    EXPECT_EQ(state.overlay, Overlay::kNone);
    EXPECT_EQ(chosen_thread(state), nullptr);
    EXPECT_EQ(chosen_stack(state).stack, nullptr);
    state = press(std::move(state), {Key::kEscape});
    EXPECT_EQ(state.threads.rows.size(), 5U);
}

TEST(TuiField, AWrongFilterIsExplainedAndNotAccepted)
{
    UiState state = type(showing(shop(), kTerminal), "\\colour:red");
    EXPECT_NE(state.message.find("no filter key colour"), std::string::npos);
    EXPECT_EQ(state.threads.rows.size(), 0U) << "the last that could be read: the word colour";
    state = press(std::move(state), {Key::kEnter});
    EXPECT_EQ(state.field.field, Field::kFilter);
}

TEST(TuiField, EditsInTheMiddle)
{
    UiState state = type(showing(shop(), kTerminal), "\\wrker");
    state = press(std::move(state), {Key::kHome, Key::kRight});
    state = type(std::move(state), "o");
    EXPECT_EQ(field_text(state.field), "worker");
    EXPECT_EQ(state.threads.rows.size(), 2U) << "worker-1, and one in worker_main";
    state = press(std::move(state), {Key::kEnd, Key::kLeft, Key::kDelete});
    EXPECT_EQ(field_text(state.field), "worke");
    EXPECT_EQ(field_text(type(state, std::string(1, 'U' & 0x1f)).field), "");
    state = type(std::move(state), " two" + std::string(1, 'W' & 0x1f));
    EXPECT_EQ(field_text(state.field), "worke ");
}

TEST(TuiField, BackspaceInAnEmptyFieldLeavesIt)
{
    const UiState state = press(type(showing(shop(), kTerminal), "/a"), {Key::kBackspace});
    EXPECT_EQ(state.field.field, Field::kSearch);
    EXPECT_EQ(press(state, {Key::kBackspace}).field.field, Field::kNone);
}

TEST(TuiField, LettersBeyondAsciiAreKept)
{
    UiState state = type(showing(shop(), kTerminal), "/");
    state = update(std::move(state), KeyPress{Key::kLetter, U'é'});
    state = update(std::move(state), KeyPress{Key::kLetter, U'語'});
    EXPECT_EQ(field_text(state.field), "é語");
}

}  // namespace
}  // namespace lwpi::tui
