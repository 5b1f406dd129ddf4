// Core files: every verb shows what it showed of the process.
#include <elf.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <vector>

#include "e2e/inspect_support.h"

namespace {

using inspect_test::inspect;
using inspect_test::Result;
using inspect_test::settles;
using inspect_test::Target;
using nlohmann::json;
namespace fs = std::filesystem;

// A folder of its own in which the kernel writes "core" or "core.PID".
class CoreFolder {
  public:
    CoreFolder()
        : before_(fs::current_path()),
          path_(fs::path(testing::TempDir()) / ("inspect_core_" + std::to_string(::getpid())))
    {
        fs::create_directory(path_);
        fs::current_path(path_);
        rlimit limit{};
        ::getrlimit(RLIMIT_CORE, &limit);
        limit.rlim_cur = limit.rlim_max;
        ::setrlimit(RLIMIT_CORE, &limit);
    }
    ~CoreFolder()
    {
        fs::current_path(before_);
        fs::remove_all(path_);
    }
    CoreFolder(const CoreFolder&) = delete;
    CoreFolder& operator=(const CoreFolder&) = delete;

    // Ends the target by a signal; the path of its core, empty when the kernel wrote none here.
    [[nodiscard]] std::string core_of(Target& target) const
    {
        const pid_t pid = target.pid();
        ::kill(pid, SIGABRT);
        int status = 0;
        while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {}
        target.forget();
        for (const auto& file : fs::directory_iterator(path_)) {
            if (file.path().filename().string().starts_with("core")) {
                return file.path();
            }
        }
        return {};
    }

  private:
    fs::path before_;
    fs::path path_;
};

bool cores_go_into_the_folder()
{
    std::ifstream pattern("/proc/sys/kernel/core_pattern");
    std::string text;
    std::getline(pattern, text);
    rlimit limit{};
    ::getrlimit(RLIMIT_CORE, &limit);
    return text.starts_with("core") && limit.rlim_max != 0;
}

// Threads as they lie in memory: what an LWP did is known of stopped ones only.
std::map<std::uint64_t, json> parked_threads(const Result& result)
{
    std::map<std::uint64_t, json> threads;
    for (json object : result.json()) {
        if (object["type"] == "thread" && object["state"] == "blocked") {
            object.erase("since_ns");
            threads[object["id"]] = object;
        }
    }
    return threads;
}

class InspectCore : public testing::Test {
  protected:
    void SetUp() override
    {
        if (!cores_go_into_the_folder()) {
            GTEST_SKIP() << "the kernel writes cores somewhere else";
        }
    }
};

TEST_F(InspectCore, ShowsWhatTheProcessShowed)
{
    const CoreFolder folder;
    Target target({ORACLE_PROGRAM});
    ASSERT_TRUE(target.is_ready());
    const std::string pid = std::to_string(target.pid());
    ASSERT_TRUE(settles(target));
    const Result live = inspect({"stack", pid, "--json"});
    const std::string core = folder.core_of(target);
    ASSERT_FALSE(core.empty());
    const Result dead = inspect({"stack", "--core", core, "--json"});
    EXPECT_EQ(dead.exit_code, 0) << dead.err;
    EXPECT_NE(dead.err.find("core of " + pid + ", which was ended by signal 6"), std::string::npos)
        << dead.err;
    const auto expected = parked_threads(live);
    EXPECT_GT(expected.size(), 40U);
    EXPECT_EQ(parked_threads(dead), expected);
    // The main thread was in read(); its LWP's registers say so.
    const Result main = inspect({"stack", core, "1"});
    EXPECT_NE(main.out.find("wait_for_end"), std::string::npos) << main.out << main.err;
    for (const char* verb : {"ps", "lwps", "stacks", "locks", "info"}) {
        const Result result = inspect({verb, core});
        EXPECT_EQ(result.exit_code, 0) << verb << result.err;
        EXPECT_NE(result.out.find(pid), std::string::npos) << result.out;
    }
}

// gdb writes no segment where the kernel writes an empty one.
void drop_empty_segments(const std::string& core)
{
    std::fstream file(core, std::ios::in | std::ios::out | std::ios::binary);
    Elf64_Ehdr header{};
    file.read(reinterpret_cast<char*>(&header), sizeof header);
    int dropped = 0;
    for (unsigned i = 0; i < header.e_phnum; ++i) {
        const auto at = static_cast<std::streamoff>(header.e_phoff + i * sizeof(Elf64_Phdr));
        Elf64_Phdr segment{};
        file.seekg(at);
        file.read(reinterpret_cast<char*>(&segment), sizeof segment);
        if (segment.p_type == PT_LOAD && segment.p_filesz == 0) {
            segment.p_type = PT_NULL;
            file.seekp(at);
            file.write(reinterpret_cast<const char*>(&segment), sizeof segment);
            ++dropped;
        }
    }
    ASSERT_TRUE(file.good());
    ASSERT_GT(dropped, 2);
}

TEST_F(InspectCore, NeedsNoSegmentsOfUnchangedFiles)
{
    const CoreFolder folder;
    Target target({ORACLE_PROGRAM});
    ASSERT_TRUE(target.is_ready());
    ASSERT_TRUE(settles(target));
    const std::string core = folder.core_of(target);
    ASSERT_FALSE(core.empty());
    const Result before = inspect({"stack", core, "--json"});
    EXPECT_GT(parked_threads(before).size(), 40U);
    drop_empty_segments(core);
    const Result after = inspect({"stack", core, "--json"});
    EXPECT_EQ(after.exit_code, 0) << after.err;
    EXPECT_EQ(parked_threads(after), parked_threads(before));
}

TEST_F(InspectCore, ReadsWhatGcoreWrites)
{
    const CoreFolder folder;
    Target target({ORACLE_PROGRAM});
    ASSERT_TRUE(target.is_ready());
    ASSERT_TRUE(settles(target));
    const std::string pid = std::to_string(target.pid());
    if (std::system(("gcore -o saved " + pid + " >gcore.log 2>&1").c_str()) != 0) {
        GTEST_SKIP() << "no gcore here";
    }
    const Result live = inspect({"stack", pid, "--json"});
    const Result dead = inspect({"stack", "saved." + pid, "--json"});
    auto expected = parked_threads(live);
    auto found = parked_threads(dead);
    if (dead.exit_code != 0) {
        EXPECT_EQ(dead.exit_code, 8);
        EXPECT_NE(dead.err.find("gcore does not read beyond guard pages"), std::string::npos)
            << dead.err;
        for (auto* threads : {&expected, &found}) {
            for (auto& [id, thread] : *threads) {
                thread.erase("stack");
            }
        }
    }
    EXPECT_EQ(found, expected);
    // When it began is not in a core, nor is the time.
    EXPECT_TRUE(dead.json().front()["uptime_ns"].is_null());
    EXPECT_NE(dead.err.find("no clock is in a core"), std::string::npos) << dead.err;
}

TEST_F(InspectCore, WithoutHeadersSaysSo)
{
    const CoreFolder folder;
    Target target({ORACLE_PROGRAM});
    ASSERT_TRUE(target.is_ready());
    std::ofstream("/proc/" + std::to_string(target.pid()) + "/coredump_filter") << "0x23";
    const std::string core = folder.core_of(target);
    ASSERT_FALSE(core.empty());
    const Result result = inspect({"ps", core});
    EXPECT_EQ(result.exit_code, 8);
    EXPECT_NE(result.err.find("holds the headers of no file"), std::string::npos) << result.err;
}

TEST_F(InspectCore, HoldsDeadlocksOfBothKinds)
{
    const CoreFolder folder;
    {
        Target target({STUCK_PROGRAM, "circle3"});
        ASSERT_TRUE(target.is_ready());
        const std::string pid = std::to_string(target.pid());
        ASSERT_TRUE(inspect_test::until([&] {
            return inspect({"deadlocks", pid}).exit_code == 1;
        }));
        const std::string core = folder.core_of(target);
        ASSERT_FALSE(core.empty());
        const Result result = inspect({"deadlocks", core});
        EXPECT_EQ(result.exit_code, 1) << result.err;
        EXPECT_NE(result.out.find("in_circle"), std::string::npos) << result.out;
        fs::remove(core);
    }
    Target target({PTHREAD_STUCK_PROGRAM, "normal", "3"});
    ASSERT_TRUE(target.is_ready());
    const std::string pid = std::to_string(target.pid());
    ASSERT_TRUE(inspect_test::until([&] { return inspect({"deadlocks", pid}).exit_code == 1; }));
    const std::string core = folder.core_of(target);
    ASSERT_FALSE(core.empty());
    const Result result = inspect({"deadlocks", core, "--json"});
    EXPECT_EQ(result.exit_code, 1) << result.out << result.err;
}

TEST_F(InspectCore, RefusesAProgramThatIsAnotherOne)
{
    const CoreFolder folder;
    Target target({ORACLE_PROGRAM});
    ASSERT_TRUE(target.is_ready());
    const std::string core = folder.core_of(target);
    ASSERT_FALSE(core.empty());
    const Result result = inspect({"stack", "--core", core, "--exe", STUCK_PROGRAM});
    EXPECT_EQ(result.exit_code, 8);
    EXPECT_NE(result.err.find("not as it was when the core was written"), std::string::npos)
        << result.err;
    // A core that was cut short shows what is left of it.
    fs::resize_file(core, fs::file_size(core) / 2);
    const Result cut = inspect({"ps", core});
    EXPECT_EQ(cut.exit_code, 8) << cut.err;
    EXPECT_NE(cut.err.find("was cut short"), std::string::npos) << cut.err;
}

// Whatever is wrong in a core, the program ends by itself, soon and with a code it knows.
TEST_F(InspectCore, SurvivesDamage)
{
    const CoreFolder folder;
    Target target({ORACLE_PROGRAM});
    ASSERT_TRUE(target.is_ready());
    const std::string core = folder.core_of(target);
    ASSERT_FALSE(core.empty());
    const int fd = ::open(core.c_str(), O_RDWR | O_CLOEXEC);
    ASSERT_GE(fd, 0);
    // Headers, notes, and the first pages of memory: what decides where all the rest is.
    std::vector<unsigned char> whole(64 * 1024);
    whole.resize(
        static_cast<std::size_t>(std::max<ssize_t>(::pread(fd, whole.data(), whole.size(), 0), 0)));
    ASSERT_GT(whole.size(), 1000U);
    std::mt19937 random(5);
    for (int i = 0; i < 60; ++i) {
        auto damaged = whole;
        for (unsigned changes = 1 + random() % 8; changes > 0; --changes) {
            const std::size_t reach = random() % 2 == 0 ? 4096 : damaged.size();
            damaged[64 + random() % (reach - 64)] = static_cast<unsigned char>(random());
        }
        ASSERT_EQ(::pwrite(fd, damaged.data(), damaged.size(), 0),
                  static_cast<ssize_t>(damaged.size()));
        const Result result = inspect({"stack", core, "--timeout", "2000"});
        EXPECT_LT(result.exit_code, 11) << result.err;
        EXPECT_LT(result.cpu, std::chrono::seconds(15));
    }
    ::close(fd);
}

TEST_F(InspectCore, RefusesWhatIsNoCore)
{
    const CoreFolder folder;
    EXPECT_EQ(inspect({"ps", "--core", "/nonexistent"}).exit_code, 2);
    EXPECT_EQ(inspect({"ps", "--core", "/dev/zero"}).exit_code, 2);
    EXPECT_EQ(inspect({"ps", "--core", ORACLE_PROGRAM}).exit_code, 2);
    std::ofstream("short") << "\x7f"
                              "ELF";
    EXPECT_EQ(inspect({"ps", "--core", "short"}).exit_code, 2);
}

}  // namespace
