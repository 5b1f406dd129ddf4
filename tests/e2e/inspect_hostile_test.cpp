// Targets made to hang, fill or fool whoever looks at them: bounded time and memory, printable
// output, an exit code that says so.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>

#include "e2e/inspect_support.h"

namespace {

using inspect_test::inspect;
using inspect_test::Result;
using inspect_test::Target;
namespace fs = std::filesystem;

constexpr std::size_t kMostMemory = std::size_t{256} << 20U;
// Processor time, which other load does not lengthen much: many times what it takes.
constexpr std::chrono::duration<double> kMostTime{15.0};

// On a machine with much other load the tool may come to its own limit of 10 s, and says so.
constexpr int kTimeLimit = 10;

class Folder {
  public:
    Folder() : path_(testing::TempDir() + "inspect_hostile_" + std::to_string(::getpid()))
    {
        fs::create_directory(path_);
    }
    ~Folder() { fs::remove_all(path_); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    [[nodiscard]] std::string operator/(const std::string& name) const
    {
        return path_ + '/' + name;
    }

  private:
    std::string path_;
};

bool is_printable(const std::string& text)
{
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        const auto next = static_cast<unsigned char>(i + 1 < text.size() ? text[i + 1] : 0);
        const bool control = (byte < 0x20 && byte != '\n') || byte == 0x7f;
        const bool c1 = byte == 0xc2 && next >= 0x80 && next < 0xa0;
        if (control || c1 || text.compare(i, 3, "\xe2\x80\xae") == 0) {
            return false;
        }
    }
    return true;
}

void expect_harmless(const Result& result)
{
    EXPECT_TRUE(is_printable(result.out)) << result.out.substr(0, 4000);
    EXPECT_TRUE(is_printable(result.err)) << result.err;
    EXPECT_LE(result.memory, kMostMemory);
    EXPECT_LE(result.cpu, kMostTime) << result.err;
    EXPECT_LE(result.exit_code, 10) << result.err;  // above: a signal
}

enum class Verbs { kAll, kHeaviest };

// What the verbs say of a case of fake_library, and the exit codes that may have.
void look_at(const std::string& name, const std::vector<int>& codes, Verbs verbs = Verbs::kAll)
{
    const Target target({FAKE_LIBRARY_PROGRAM, name});
    ASSERT_TRUE(target.is_ready());
    const std::string pid = std::to_string(target.pid());
    std::vector<std::vector<std::string>> commands{{"-S", "stacks", pid, "--json"},
                                                   {"deadlocks", pid, "--confirm-ms", "1"},
                                                   {"why", pid, "1"}};
    if (verbs == Verbs::kAll) {
        commands.insert(commands.end(),
                        {{"ps", pid}, {"stacks", pid}, {"info", pid}, {"save", pid, "-o", "-"}});
    }
    for (const auto& command : commands) {
        SCOPED_TRACE(name + ": " + command[0]);
        const Result result = inspect(command);
        expect_harmless(result);
        EXPECT_NE(std::find(codes.begin(), codes.end(), result.exit_code), codes.end())
            << result.exit_code << ' ' << result.err;
    }
}

TEST(InspectHostile, TablesAsLargeAsMemory)
{
    look_at("vast", {8}, Verbs::kHeaviest);
}

TEST(InspectHostile, MoreThreadsThanAreRead)
{
    look_at("crowd", {8, kTimeLimit}, Verbs::kHeaviest);
}

// Each of so many stacks would keep an unwinder busy for ever.
TEST(InspectHostile, UnwindTablesWithoutEnd)
{
    look_at("tables", {0, 8, kTimeLimit}, Verbs::kHeaviest);
}

TEST(InspectHostile, TablesWithinTables)
{
    look_at("overlap", {8}, Verbs::kHeaviest);
}

TEST(InspectHostile, ACircleOfTensOfThousands)
{
    look_at("circle", {0, 1, kTimeLimit}, Verbs::kHeaviest);
}

TEST(InspectHostile, RecordsOfNoise)
{
    look_at("noise", {0, 1, 8});
}

TEST(InspectHostile, TablesThatNeverHoldStill)
{
    look_at("odd", {8}, Verbs::kHeaviest);
    look_at("storm", {0, 1, 7, 8});
}

TEST(InspectHostile, WordsThatDriveTerminals)
{
    look_at("words", {0, 8});
}

// The path of a program, its arguments and its name are its own choice.
TEST(InspectHostile, PathsThatDriveTerminals)
{
    const Folder folder;
    const std::string path = folder / "\x1b]0;owned\x07\n\x1b[2J";
    fs::copy_file(PTHREAD_STUCK_PROGRAM, path);
    const Target target({path, "normal", "2"});
    ASSERT_TRUE(target.is_ready());
    const std::string pid = std::to_string(target.pid());
    for (const char* verb : {"ps", "lwps", "stacks", "info", "deadlocks"}) {
        SCOPED_TRACE(verb);
        const Result text = inspect({verb, pid});
        expect_harmless(text);
        const Result json = inspect({verb, pid, "--json"});
        expect_harmless(json);
        EXPECT_FALSE(json.json().empty());  // and it parses
    }
    EXPECT_EQ(inspect({"ps", "\x1b[2Jnobody"}).exit_code, 3);
    EXPECT_TRUE(is_printable(inspect({"ps", "\x1b[2Jnobody"}).err));
}

// What replaced the file of a running program is not opened for its names, or not believed.
TEST(InspectHostile, ProgramsReplacedBySpecialFiles)
{
    enum class By { kFifo, kFolder, kZero, kGiant };
    for (const By by : {By::kFifo, By::kFolder, By::kZero, By::kGiant}) {
        SCOPED_TRACE(static_cast<int>(by));
        const Folder folder;
        const std::string path = folder / "program";
        fs::copy_file(PTHREAD_STUCK_PROGRAM, path);
        const Target target({path, "normal", "2"});
        ASSERT_TRUE(target.is_ready());
        fs::remove(path);
        if (by == By::kFifo) {
            ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
        } else if (by == By::kFolder) {
            fs::create_directory(path);
        } else if (by == By::kZero) {
            fs::create_symlink("/dev/zero", path);
        } else {
            fs::copy_file(PTHREAD_STUCK_PROGRAM, path);
            fs::resize_file(path, std::uintmax_t{1} << 40U);
        }
        Result result;
        EXPECT_TRUE(inspect_test::until([&] {
            result = inspect({"stacks", std::to_string(target.pid())});
            return result.out.find("in_circle") != std::string::npos;
        })) << result.out;
        expect_harmless(result);
        EXPECT_EQ(result.exit_code, 0) << result.err;
    }
}

TEST(InspectHostile, SpecialFilesInPlaceOfCoresAndSnapshots)
{
    const Folder folder;
    const std::string fifo = folder / "fifo";
    const std::string giant = folder / "giant";
    ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
    ASSERT_EQ(::close(::creat(giant.c_str(), 0600)), 0);
    fs::resize_file(giant, std::uintmax_t{1} << 40U);
    for (const std::string& file : {fifo, giant, std::string("/dev/zero"), folder / "."}) {
        for (const char* option : {"--core", "--from"}) {
            SCOPED_TRACE(option + (' ' + file));
            const Result result = inspect({"ps", option, file});
            expect_harmless(result);
            EXPECT_EQ(result.exit_code, 2) << result.err;
            EXPECT_FALSE(result.err.empty());
        }
        SCOPED_TRACE(file);
        const Result result = inspect({"ps", file});
        expect_harmless(result);
        EXPECT_TRUE(result.exit_code == 2 || result.exit_code == 3) << result.err;
    }
}

}  // namespace
