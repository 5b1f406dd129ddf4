// The pictures, compared with those in screens/.
#include "tui/views/views.h"

#include <gtest/gtest.h>
#include <time.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <sstream>
#include <utility>

#include "unit/lwpinspect_tui/synthetic.h"

namespace lwpi::tui {
namespace {

using synthetic::crowd;
using synthetic::plain;
using synthetic::press;
using synthetic::shop;
using synthetic::showing;
using synthetic::type;

std::string expected(const std::string& name)
{
    std::ifstream file(std::string(SCREENS) + "/" + name + ".txt");
    EXPECT_TRUE(file.good()) << name;
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

std::vector<std::string> lines_of(const Canvas& canvas)
{
    std::istringstream text(canvas.text());
    std::vector<std::string> lines;
    for (std::string line; std::getline(text, line);) {
        lines.push_back(line);
    }
    return lines;
}

struct Picture {
    const char* name;
    Snapshot (*snapshot)();
    Size size;
    const char* keys;
};

class TuiPicture : public testing::TestWithParam<Picture> {};

TEST_P(TuiPicture, IsAsExpected)
{
    const Picture& picture = GetParam();
    const UiState state = type(showing(picture.snapshot(), picture.size), picture.keys);
    EXPECT_EQ(render(state).text(), expected(picture.name));
}

TEST(TuiTitle, SaysWhatIsNotAlive)
{
    UiState state = showing(shop(), Size{24, 80});
    EXPECT_NE(lines_of(render(state))[0].find("[p]aused no"), std::string::npos);
    for (const auto& [kind, words] : {std::pair{SnapshotSource::Kind::kCore, "core file"},
                                      {SnapshotSource::Kind::kSaved, "saved snapshot"}}) {
        state.kind = kind;
        const std::string title = lines_of(render(state))[0];
        EXPECT_NE(title.find(words), std::string::npos) << title;
        EXPECT_EQ(title.find("aused"), std::string::npos) << title;
    }
}

INSTANTIATE_TEST_SUITE_P(
    All, TuiPicture,
    testing::Values(
        Picture{"threads_80x24", shop, {24, 80}, "G"},
        Picture{"threads_40x10", shop, {10, 40}, "j"},
        Picture{"threads_200x60", shop, {60, 200}, "G"},
        Picture{"lwps_80x24", shop, {24, 80}, "2j"}, Picture{"stacks_80x24", shop, {24, 80}, "3"},
        Picture{"locks_80x24", shop, {24, 80}, "4"}, Picture{"locks_40x10", shop, {10, 40}, "4"},
        Picture{"why_80x24", shop, {24, 80}, "Gw"}, Picture{"plain_80x24", plain, {24, 80}, ""},
        Picture{"plain_40x10", plain, {10, 40}, ""},
        Picture{"frozen_filter_80x24", shop, {24, 80}, "p\\state:blocked"},
        Picture{"help_40x10", shop, {10, 40}, "?jjj"}),
    [](const auto& one) { return std::string(one.param.name); });

TEST(TuiViews, TheWholeStackOfTheChosenThread)
{
    const UiState state = press(type(showing(shop(), {24, 80}), "G"), {Key::kEnter});
    EXPECT_EQ(render(state).text(), expected("stack_80x24"));
}

TEST(TuiViews, AFrameHasItsSourceLineWhereItIsKnown)
{
    Snapshot snapshot = shop();
    ASSERT_FALSE(snapshot.places.empty());
    for (Place& place : snapshot.places) {
        place.file = "/src/shop/\x1b[31mcart.cc";
        place.line = 217;
    }
    const std::string text = render(type(showing(snapshot, {24, 80}), "jj")).text();
    EXPECT_NE(text.find("cart.cc:217"), std::string::npos) << text;
    EXPECT_EQ(text.find('\x1b'), std::string::npos);
    EXPECT_EQ(text.find("/src/"), std::string::npos);
}

TEST(TuiViews, WithoutUtf8EverySignIsAscii)
{
    UiState state = showing(shop(), {24, 80});
    state.utf8 = false;
    for (const char* const keys : {"", "r", "2", "3", "4", "5", "Gw", "i", "?"}) {
        const std::string text = render(type(state, keys)).text();
        EXPECT_TRUE(std::all_of(text.begin(), text.end(), [](char letter) {
            return static_cast<unsigned char>(letter) < 0x7f;
        })) << text;
    }
}

TEST(TuiViews, NothingBreaksAtAnySize)
{
    for (const int rows : {1, 3, 4, 5, 8, 9, 13, 14, 15, 16, 17, 100}) {
        for (const int columns : {1, 19, 20, 39, 41, 59, 60, 79, 81, 500}) {
            for (Snapshot snapshot : {shop(), plain(), crowd(50), crowd(0)}) {
                UiState state = showing(std::move(snapshot), Size{rows, columns});
                for (const char* const keys :
                     {"", "G", "2", "3", "4", "5", "w", "i", "?", "/xyz", "\\state:q"}) {
                    const UiState after = type(state, keys);
                    EXPECT_EQ(render(after).size(), (Size{rows, columns}));
                    EXPECT_EQ(render(press(after, {Key::kEnter})).size(), (Size{rows, columns}));
                }
            }
        }
    }
}

TEST(TuiViews, DeadlocksAreSaidHoweverManyKindsOfWaitsThereAre)
{
    Snapshot snapshot = shop();
    for (std::uint64_t id = 1'000'001; id < 1'000'008; ++id) {
        ThreadInfo& thread = snapshot.threads.emplace_back();
        thread.id = id;
        thread.state = ThreadState::kBlocked;
        thread.wait.kind = WaitKind::kCond;
        thread.wait.name = "kind of wait " + std::to_string(id);
    }
    UiState state = showing(std::move(snapshot), {24, 80});
    const auto sample = std::make_shared<Sample>(*state.shown);
    sample->findings.resize(1);
    sample->findings[0].rule = Rule::kDeadlock;
    sample->findings[0].members.resize(2);
    state.shown = sample;
    const std::vector<std::string> lines = lines_of(render(state));
    EXPECT_NE(lines[2].find("! 1 deadlock (2 threads)"), std::string::npos) << lines[2];
}

TEST(TuiViews, NamesCannotWriteToTheTerminal)
{
    Snapshot snapshot = shop();
    snapshot.threads[0].name = "a\x1b]0;x\a\nb";
    snapshot.process.name = "p\x1b[2J";
    snapshot.places[1].function = "f\x1b(0";
    const UiState state = showing(std::move(snapshot), {24, 120});
    for (const UiState& one :
         {state, press(state, {Key::kEnter}), type(state, "2"), type(state, "3"), type(state, "4"),
          type(state, "w"), type(state, "i")}) {
        const Canvas canvas = render(one);
        for (const std::string& line : lines_of(canvas)) {
            EXPECT_EQ(line.find('\x1b'), std::string::npos) << line;
            EXPECT_EQ(line.find('\a'), std::string::npos) << line;
        }
    }
    EXPECT_NE(render(state).text().find("a\\x1b]0;x\\x07\\x0ab"), std::string::npos);
}

TEST(TuiViews, TheCursorsLineIsMarkedAndStatesHaveTheirRoles)
{
    const Canvas canvas = render(type(showing(shop(), {24, 80}), "j"));
    EXPECT_FALSE(canvas.at(5, 40).style.cursor);
    EXPECT_TRUE(canvas.at(6, 0).style.cursor);
    EXPECT_TRUE(canvas.at(6, 79).style.cursor);
    EXPECT_EQ(canvas.at(5, 20).style.role, Role::kRunning);
    EXPECT_EQ(canvas.at(6, 20).style.role, Role::kReady);
    EXPECT_EQ(canvas.at(7, 20).style.role, Role::kBlocked);
}

TEST(TuiViews, TheTextFieldShowsItsEndAndItsCursor)
{
    UiState state = type(showing(shop(), {10, 40}), "/abc");
    EXPECT_EQ(lines_of(render(state)).back().substr(0, 11), "Search: abc");
    ASSERT_TRUE(field_spot(state).has_value());
    EXPECT_EQ(field_spot(state)->row, 9);
    EXPECT_EQ(field_spot(state)->column, 11);
    state = type(std::move(state), std::string(100, 'x') + "end");
    EXPECT_NE(lines_of(render(state)).back().find("end"), std::string::npos);
    EXPECT_LT(field_spot(state)->column, 40);
    EXPECT_FALSE(field_spot(press(std::move(state), {Key::kEscape})).has_value());
}

TEST(TuiViews, TheEndOfTheProcessIsSaidOverTheLastPicture)
{
    UiState state = showing(shop(), {24, 80});
    state = update(std::move(state), EndEvent{ExitCode::kNoProcess, "4711 has exited."});
    const std::string text = render(state).text();
    EXPECT_NE(text.find("4711 has exited. This is the last picture; q leaves."), std::string::npos);
    EXPECT_NE(text.find("acceptor"), std::string::npos);
}

// One whose parent has not collected it yet is told at length.
TEST(TuiViews, ALongReasonLeavesRoomForTheWayOut)
{
    UiState state = showing(shop(), {24, 80});
    state = update(std::move(state),
                   EndEvent{ExitCode::kNoProcess,
                            "4711 has exited (zombie, parent 4710 has not collected it)."});
    const std::string text = render(state).text();
    EXPECT_NE(text.find("4711 has exited (zombie"), std::string::npos);
    EXPECT_NE(text.find(" This is the last picture; q leaves."), std::string::npos);
}

TEST(TuiViews, BeforeTheFirstSampleThereIsSomethingToSee)
{
    UiState state;
    state.size = Size{24, 80};
    EXPECT_NE(render(state).text().find("Taking the first picture"), std::string::npos);
}

TEST(TuiViews, WhileFrozenAStackReadLaterIsCalledThat)
{
    Snapshot before = shop();
    before.threads[2].stack = Stack{};
    UiState state = type(showing(std::move(before), {24, 80}), "pjj");
    EXPECT_NE(render(state).text().find("not read yet"), std::string::npos);
    state = update(std::move(state), SampleEvent{synthetic::sample(shop())});
    const std::string text = render(state).text();
    EXPECT_NE(text.find("read after the freeze"), std::string::npos);
    EXPECT_NE(text.find("queue_pop"), std::string::npos);
}

// What this thread has had of a processor.
std::chrono::nanoseconds processor_time()
{
    timespec used{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    return std::chrono::seconds{used.tv_sec} + std::chrono::nanoseconds{used.tv_nsec};
}

// A key must be answered within 50 ms among 10,000 threads: the change and the picture. The best of
// five, as the machine may do something else meanwhile.
TEST(TuiViews, TenThousandRowsTakeLessThanFiftyMilliseconds)
{
    UiState state = showing(crowd(10'000), {60, 200});
    auto best = std::chrono::nanoseconds::max();
    for (int i = 0; i < 5; ++i) {
        const auto began = processor_time();
        state = type(std::move(state), "j");
        const Canvas canvas = render(state);
        best = std::min(best, processor_time() - began);
        ASSERT_NE(canvas.text().find("worker-10"), std::string::npos);
    }
    EXPECT_LT(best, std::chrono::milliseconds{50});
}

}  // namespace
}  // namespace lwpi::tui
