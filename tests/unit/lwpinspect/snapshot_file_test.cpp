#include "report/snapshot_file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <random>
#include <sstream>

#include "made_snapshot.h"
#include "report/json.h"

using namespace lwpi;

namespace {

// Every member that a file keeps has a value of its own.
Snapshot a_full_one()
{
    Snapshot snapshot = made::library_snapshot();
    snapshot.wall_ns = 1'700'000'000'000'000'000;
    snapshot.spread_ns = 5;
    snapshot.paused_lwps = 2;
    snapshot.process.library.version = "1.0";
    snapshot.process.library.growths = 3;
    snapshot.places = {{"cond_wait", 4, "libthread.so.1", "/lib/libthread.so.1", "ab"},
                       {"", 0x1a, "shop", "/bin/shop", ""}};
    ThreadInfo thread = made::on_mutex(17, 0x100, 9);
    thread.name = "w\x1b[2J";
    thread.flags = {"detached", "daemon"};
    thread.priority = 3;
    thread.creator = 1;
    thread.wait.left_ns = -5;
    thread.stack.frames = {{0xffffffffff600000, 0}, {0x401000, 1}};
    thread.stack.end = StackEnd::kEntry;
    snapshot.threads = {made::running(9), thread};
    LwpInfo lwp = made::lwp_on_mutex(40, 0x300, 41);
    lwp.index = 3;
    lwp.thread = 9;
    lwp.cpu = 1;
    lwp.syscall->file = "/dev/null";
    snapshot.lwps = {lwp};
    snapshot.notes = {{ExitCode::kPartial, "something is missing."}};
    snapshot.complete = false;
    return snapshot;
}

class SavedFile {
  public:
    explicit SavedFile(const std::string& text)
        : path_(testing::TempDir() + "lwpinspect_" + std::to_string(::getpid()) + ".lwps")
    {
        std::ofstream(path_) << text;
    }
    ~SavedFile() { std::remove(path_.c_str()); }
    SavedFile(const SavedFile&) = delete;
    SavedFile& operator=(const SavedFile&) = delete;
    [[nodiscard]] const std::string& path() const { return path_; }

  private:
    std::string path_;
};

std::string saved(const Snapshot& snapshot)
{
    std::ostringstream out;
    write_snapshot(snapshot, out);
    return out.str();
}

std::string shown(const Snapshot& snapshot)
{
    std::string text = process_json(snapshot);
    for (const LwpInfo& lwp : snapshot.lwps) {
        text += lwp_json(snapshot, lwp);
    }
    for (const ThreadInfo& thread : snapshot.threads) {
        text += thread_json(snapshot, thread);
    }
    return text;
}

}  // namespace

TEST(SnapshotFile, KeepsEverythingThatIsShown)
{
    const Snapshot original = a_full_one();
    const SavedFile file(saved(original));
    EXPECT_TRUE(is_snapshot_file(file.path()));
    const Snapshot read = read_snapshot(file.path());
    EXPECT_EQ(shown(read), shown(original));
    EXPECT_EQ(read.wall_ns, original.wall_ns);
    EXPECT_EQ(read.taken_ns, original.taken_ns);
    EXPECT_FALSE(read.complete);
    ASSERT_EQ(read.notes.size(), 2U);
    EXPECT_EQ(read.notes[0].code, ExitCode::kPartial);
    EXPECT_NE(read.notes[1].text.find("snapshot of 20"), std::string::npos);
    // Written again it is the same, but for the note.
    Snapshot again = read;
    again.notes.pop_back();
    EXPECT_EQ(saved(again), saved(original));
}

TEST(SnapshotFile, GivesWhatIsThereWhenItWasCutShort)
{
    const std::string text = saved(a_full_one());
    const SavedFile file(text.substr(0, text.rfind("\"t\":\"thread\"") + 40));
    const Snapshot read = read_snapshot(file.path());
    EXPECT_EQ(read.threads.size(), 1U);
    EXPECT_FALSE(read.complete);
    EXPECT_NE(read.notes.back().text.find("cut short"), std::string::npos);
}

TEST(SnapshotFile, RefusesWhatIsNone)
{
    const auto code_of = [](const std::string& text) {
        const SavedFile file(text);
        try {
            static_cast<void>(read_snapshot(file.path()));
        } catch (const TargetError& error) {
            return error.code();
        }
        return ExitCode::kDone;
    };
    EXPECT_EQ(code_of("hello\n"), ExitCode::kUsage);
    EXPECT_EQ(code_of(""), ExitCode::kUsage);
    EXPECT_EQ(code_of("{\"schema\":\"lwpinspect-snapshot/2\"}\n"), ExitCode::kOtherVersion);
    EXPECT_EQ(code_of("{\"schema\":\"lwpinspect-snapshot/1\",\"taken_ns\":\"x\"}\n"),
              ExitCode::kUsage);
    EXPECT_THROW(static_cast<void>(read_snapshot("/nonexistent")), TargetError);
    EXPECT_THROW(static_cast<void>(read_snapshot("/dev/zero")), TargetError);
    EXPECT_FALSE(is_snapshot_file("/dev/zero"));
}

TEST(SnapshotFile, BelievesNoNumber)
{
    const SavedFile file(
        "{\"schema\":\"lwpinspect-snapshot/1\",\"mode\":77}\n"
        "{\"t\":\"thread\",\"id\":9,\"state\":-4,\"stack\":{\"frames\":[[1,7]],\"end\":2}}\n"
        "{\"t\":\"thread\",\"id\":3,\"state\":99}\n"
        "{\"t\":\"later\",\"id\":3}\n"
        "{\"t\":\"end\"}\n");
    const Snapshot read = read_snapshot(file.path());
    ASSERT_EQ(read.threads.size(), 2U);
    EXPECT_EQ(read.threads[0].id, 3U);  // in order again
    EXPECT_EQ(read.threads[0].state, ThreadState::kUnknown);
    EXPECT_TRUE(read.threads[1].stack.frames.empty());
    EXPECT_EQ(read.mode, Mode::kGentle);
}

// Any damage ends in a refusal or in a snapshot, never otherwise.
TEST(SnapshotFile, SurvivesDamage)
{
    const std::string whole = saved(a_full_one());
    std::mt19937 random(3);
    for (int i = 0; i < 300; ++i) {
        std::string text = whole;
        for (unsigned changes = 1 + random() % 4; changes > 0; --changes) {
            text[random() % text.size()] = static_cast<char>(random());
        }
        const SavedFile file(text);
        try {
            shown(read_snapshot(file.path()));
        } catch (const TargetError&) {
            continue;
        }
    }
}
