// Snapshots in files: what every verb says of them is what it says of the process.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <limits>
#include <thread>

#include "e2e/inspect_support.h"

namespace {

using inspect_test::inspect;
using inspect_test::Result;
using inspect_test::settles;
using inspect_test::Target;
using nlohmann::json;

class SavedSnapshot {
  public:
    explicit SavedSnapshot(const std::string& pid)
        : path_(testing::TempDir() + "inspect_" + std::to_string(::getpid()) + "_" + pid + ".lwps"),
          result_(inspect({"save", pid, "-o", path_}))
    {
    }
    ~SavedSnapshot() { std::filesystem::remove(path_); }
    SavedSnapshot(const SavedSnapshot&) = delete;
    SavedSnapshot& operator=(const SavedSnapshot&) = delete;
    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] const Result& result() const { return result_; }

  private:
    std::string path_;
    Result result_;
};

// Threads as `verb` shows them, without the times, which go on.
std::vector<json> lasting_threads(const Result& result)
{
    std::vector<json> threads;
    for (json object : result.json()) {
        if (object["type"] == "thread") {
            object.erase("since_ns");
            threads.push_back(object);
        }
    }
    return threads;
}

TEST(InspectFiles, SayWhatTheProcessSaid)
{
    Target target({ORACLE_PROGRAM});
    ASSERT_TRUE(target.is_ready());
    const std::string pid = std::to_string(target.pid());
    ASSERT_TRUE(settles(target));
    const SavedSnapshot saved(pid);
    ASSERT_EQ(saved.result().exit_code, 0) << saved.result().err;
    const Result live = inspect({"stack", pid, "--json"});
    const Result offline = inspect({"stack", "--from", saved.path(), "--json"});
    EXPECT_EQ(offline.exit_code, 0) << offline.err;
    EXPECT_EQ(lasting_threads(offline), lasting_threads(live));
    target.kill();
    for (const char* verb : {"ps", "lwps", "stacks", "locks", "info"}) {
        const Result result = inspect({verb, saved.path()});
        EXPECT_EQ(result.exit_code, 0) << result.err;
        EXPECT_NE(result.out.find(pid), std::string::npos) << result.out;
        EXPECT_NE(result.err.find("snapshot of 20"), std::string::npos) << result.err;
    }
    // The word after --from is no target.
    const Result one = inspect({"stack", "--from", saved.path(), "1"});
    EXPECT_NE(one.out.find("#1  running"), std::string::npos) << one.out << one.err;
}

TEST(InspectFiles, HoldDeadlocksToo)
{
    Target target({STUCK_PROGRAM, "circle3"});
    ASSERT_TRUE(target.is_ready());
    const std::string pid = std::to_string(target.pid());
    ASSERT_TRUE(inspect_test::until([&] { return inspect({"deadlocks", pid}).exit_code == 1; }));
    const SavedSnapshot saved(pid);
    const Result result = inspect({"deadlocks", saved.path()});
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_NE(result.out.find("in_circle"), std::string::npos) << result.out;
    EXPECT_NE(result.err.find("one look"), std::string::npos) << result.err;
}

TEST(InspectFiles, ComparedWithThemselvesAndTheProcess)
{
    Target target({ORACLE_PROGRAM, "spin"});
    ASSERT_TRUE(target.is_ready());
    const std::string pid = std::to_string(target.pid());
    ASSERT_TRUE(settles(target));
    const SavedSnapshot saved(pid);
    const Result same = inspect({"diff", saved.path(), saved.path(), "--json"});
    EXPECT_EQ(same.exit_code, 0) << same.err;
    const Result later = inspect({"diff", saved.path(), pid, "--json"});
    EXPECT_EQ(later.exit_code, 1) << later.err;
    const json diff = later.json()[1];
    EXPECT_EQ(diff["type"], "diff");
    EXPECT_EQ(diff["new"], json::array());
    EXPECT_EQ(diff["gone"], json::array());
    EXPECT_EQ(diff["ran"].size(), 1U) << diff;  // the spinner
    EXPECT_GT(diff["still"].size(), 40U);
    const Result twice = inspect({"diff", pid, "--every", "0.05"});
    EXPECT_EQ(twice.exit_code, 1) << twice.err;
    EXPECT_NE(twice.out.find("not run in between"), std::string::npos) << twice.out;
}

TEST(InspectFiles, WithoutStacksKeepTheRestOnly)
{
    Target target({ORACLE_PROGRAM});
    ASSERT_TRUE(target.is_ready());
    const Result result = inspect({"save", std::to_string(target.pid()), "-o", "-", "--no-stacks"});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(result.out.find("worker_main\",\"off"), std::string::npos);
    EXPECT_NE(result.out.find("\"t\":\"thread\""), std::string::npos);
}

TEST(InspectFiles, ThatCannotBeWrittenOrRead)
{
    Target target({ORACLE_PROGRAM});
    ASSERT_TRUE(target.is_ready());
    const std::string pid = std::to_string(target.pid());
    const Result result = inspect({"save", pid, "-o", "/nonexistent/x.lwps"});
    EXPECT_EQ(result.exit_code, 9);
    EXPECT_NE(result.err.find("cannot write /nonexistent/x.lwps: "), std::string::npos)
        << result.err;
    EXPECT_EQ(inspect({"ps", "--from", "/nonexistent"}).exit_code, 2);
    EXPECT_EQ(inspect({"ps", "--from", "/dev/null"}).exit_code, 2);
}

TEST(InspectFiles, DevicesPipesAndLinksAreWrittenToAndStay)
{
    Target target({ORACLE_PROGRAM});
    ASSERT_TRUE(target.is_ready());
    const std::string pid = std::to_string(target.pid());
    const std::filesystem::path directory =
        testing::TempDir() + "inspect_in_place_" + std::to_string(::getpid());
    std::filesystem::create_directory(directory);
    const std::string pipe = directory / "pipe";
    ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
    std::string first;
    std::thread reader([&] {
        std::ifstream in(pipe);
        std::getline(in, first);
        in.ignore(std::numeric_limits<std::streamsize>::max());
    });
    EXPECT_EQ(inspect({"save", pid, "-o", pipe}).exit_code, 0);
    EXPECT_TRUE(std::filesystem::is_fifo(pipe));
    if (!std::filesystem::is_fifo(pipe)) {
        std::abort();  // the reader waits for good
    }
    reader.join();
    EXPECT_NE(first.find("lwpinspect-snapshot/1"), std::string::npos) << first;

    const std::string link = directory / "link.lwps";
    std::filesystem::create_symlink("file.lwps", link);
    EXPECT_EQ(inspect({"save", pid, "-o", link}).exit_code, 0);
    EXPECT_TRUE(std::filesystem::is_symlink(link));
    EXPECT_EQ(inspect({"ps", link}).exit_code, 0);
    std::filesystem::remove_all(directory);
}

TEST(InspectFiles, OutputThatIsLostIsAnError)
{
    Target target({ORACLE_PROGRAM});
    ASSERT_TRUE(target.is_ready());
    const std::string pid = std::to_string(target.pid());
    // A copy: should the device be replaced, the machine's own is not.
    const std::string full = testing::TempDir() + "inspect_full_" + std::to_string(::getpid());
    std::filesystem::create_symlink("/dev/full", full);
    for (const std::vector<std::string>& words :
         std::vector<std::vector<std::string>>{{"save", pid, "-o", full},
                                               {"save", pid, "-o", "-"},
                                               {"trace", pid, "-t", "0.01", "-o", full},
                                               {"trace", pid, "-t", "0.01", "-o", "-"},
                                               {"ps", pid, "--max-threads", "1"},
                                               {"info", pid, "--json"},
                                               {"completion", "bash"},
                                               {"--help"}}) {
        const Result result = inspect_test::inspect_into("/dev/full", words);
        EXPECT_NE(result.exit_code, 0) << words[0] << " " << words.back();
        EXPECT_NE(result.err.find("cannot write"), std::string::npos) << result.err;
    }
    std::filesystem::remove(full);
}

}  // namespace
