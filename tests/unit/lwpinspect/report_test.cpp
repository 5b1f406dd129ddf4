#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "report/json.h"
#include "report/text.h"

using namespace lwpi;

namespace {

Snapshot one_thread()
{
    Snapshot snapshot;
    snapshot.process.pid = 4711;
    snapshot.process.name = "sh\x1bop";
    snapshot.process.library.state = LibraryState::kPresent;
    snapshot.spread_ns = 1'500'000;
    snapshot.pause_ns = 20'000;
    snapshot.paused_lwps = 1;
    snapshot.places = {{"mutex_lock", 0x5e, "libthread.so.1", "/lib/libthread.so.1", "ab"}};
    ThreadInfo thread;
    thread.id = 17;
    thread.name = "w\x1b[2J";
    thread.state = ThreadState::kBlocked;
    thread.state_name = "blocked";
    thread.wait = {
        WaitKind::kMutex, "mutex", 0x10, "m", {}, Owner{Owner::Kind::kThread, 9}, {}, {}};
    thread.since_ns = 2'000'000'000;
    thread.start_function = "work";
    thread.stack.frames = {{0x401000, 0}};
    thread.stack.end = StackEnd::kLimit;
    snapshot.threads.push_back(thread);
    return snapshot;
}

}  // namespace

TEST(Report, HeaderNamesModePauseAndSpread)
{
    EXPECT_EQ(
        header_text(one_thread()),
        "4711 sh\\x1bop  user threads 1 (0 running, 0 ready, 1 blocked)  LWPs 0  mode gentle, "
        "paused 0.02 ms in 1 LWP, spread 1.5 ms\n");
}

TEST(Report, ThreadsAsTable)
{
    const Snapshot snapshot = one_thread();
    EXPECT_EQ(
        threads_text(snapshot, {&snapshot.threads[0]}, default_thread_columns(), UseColour::kNo),
        "ID  NAME      STATE    LWP  WAIT     OWNER  SINCE  SW  FN\n"
        "17  w\\x1b[2J  blocked    -  mutex m  #9      2.0s   -  work\n");
}

TEST(Report, StackAsText)
{
    const Snapshot snapshot = one_thread();
    EXPECT_EQ(stack_text(snapshot, snapshot.threads[0], {true, true}, UseColour::kNo),
              "#17 w\\x1b[2J  blocked  mutex m  owner #9  for 2.0s\n"
              "  0 0x0000000000401000 mutex_lock+0x5e (/lib/libthread.so.1)\n"
              "    -- there are more frames (--depth)\n");
}

TEST(Report, GroupsAsTextAndCollapsed)
{
    const auto groups = group_stacks(one_thread(), 0);
    EXPECT_EQ(groups_text(groups, UseColour::kNo),
              "     1  blocked  mutex m  owner #9  up to 2.0s   #17\n"
              "        mutex_lock -- there are more frames (--depth)\n");
    EXPECT_EQ(collapsed_text(groups), "mutex_lock 1\n");
}

TEST(Report, UnknownIsNullInJson)
{
    const Snapshot snapshot = one_thread();
    const auto thread = nlohmann::json::parse(thread_json(snapshot, snapshot.threads[0]));
    EXPECT_EQ(thread["id"], 17);
    EXPECT_TRUE(thread["lwp"].is_null());
    EXPECT_TRUE(thread["switches"].is_null());
    EXPECT_EQ(thread["wait"]["object"], "0x10");
    EXPECT_EQ(thread["wait"]["owner"]["id"], 9);
    EXPECT_EQ(thread["stack"]["end"], "limit");
    EXPECT_EQ(thread["stack"]["frames"][0]["pc"], "0x401000");
    EXPECT_TRUE(thread["stack"]["frames"][0]["line"].is_null());
}

TEST(Report, JsonEscapesWhateverTheTargetSays)
{
    Snapshot snapshot = one_thread();
    snapshot.threads[0].name = "\xff\x1b\n\"";
    const std::string line = thread_json(snapshot, snapshot.threads[0]);
    EXPECT_EQ(line.find('\x1b'), std::string::npos);
    EXPECT_EQ(line.find('\n'), line.size() - 1);
    EXPECT_EQ(nlohmann::json::parse(line)["name"], "\xef\xbf\xbd\x1b\n\"");
    const auto process = nlohmann::json::parse(process_json(snapshot));
    EXPECT_EQ(process["schema"], "lwpinspect/1");
    const auto end = nlohmann::json::parse(end_json(snapshot, ExitCode::kDone));
    EXPECT_EQ(end["type"], "end");
    EXPECT_EQ(end["pause_ns"], 20'000);
}

TEST(Report, RefusesUnknownColumns)
{
    EXPECT_EQ(parse_thread_columns("id,sw").size(), 2U);
    EXPECT_THROW(static_cast<void>(parse_thread_columns("id,,sw")), TargetError);
}
