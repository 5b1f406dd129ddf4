// Processes in every condition: in containers, deleted, stripped, static, without their first
// thread, not to be read.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "e2e/inspect_support.h"

namespace {

using inspect_test::inspect;
using inspect_test::Result;
using inspect_test::Target;
namespace fs = std::filesystem;

class Folder {
  public:
    Folder() : path_(testing::TempDir() + "inspect_any_" + std::to_string(::getpid()))
    {
        fs::create_directory(path_);
        fs::permissions(path_, fs::perms{0755});
    }
    ~Folder() { fs::remove_all(path_); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    [[nodiscard]] std::string copy(const std::string& program) const
    {
        const std::string path = path_ + "/program";
        fs::copy_file(program, path);
        return path;
    }
    [[nodiscard]] const std::string& path() const { return path_; }

  private:
    std::string path_;
};

std::size_t times(const std::string& text, const std::string& word)
{
    std::size_t count = 0;
    for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) {
        ++count;
    }
    return count;
}

// Its deadlock is found, and the stacks of both members are there, to their ends.
void expect_stuck(pid_t pid, const std::string& function)
{
    Result found;
    EXPECT_TRUE(inspect_test::until([&] {
        found = inspect({"deadlocks", std::to_string(pid)});
        return found.exit_code == 1;
    })) << found.out
        << found.err;
    EXPECT_NE(found.out.find("wait for each other"), std::string::npos) << found.out;
    EXPECT_GE(times(found.out, function), 2U) << found.out << found.err;
    // One of its LWPs may be awake, and not come to a stop in time.
    Result stacks;
    EXPECT_TRUE(inspect_test::until([&] {
        stacks = inspect({"stack", std::to_string(pid), "--json"});
        const auto objects = stacks.json();
        return std::all_of(objects.begin(), objects.end(), [](const nlohmann::json& object) {
            return object["type"] != "lwp" || object["stack"]["end"] == "entry" ||
                   object["stack"]["end"] == "bottom";
        });
    })) << stacks.out;
    EXPECT_EQ(stacks.exit_code, 0) << stacks.err;
}

pid_t child_of(pid_t pid)
{
    std::ifstream file("/proc/" + std::to_string(pid) + "/task/" + std::to_string(pid) +
                       "/children");
    pid_t child = 0;
    file >> child;
    return child;
}

bool can_make_containers()
{
    return std::system("unshare --mount --pid --fork true 2>/dev/null") == 0;
}

// A program that is process 1 of its own namespace and lies where only it sees it.
void expect_stuck_in_a_container(const std::string& program, const std::string& arguments)
{
    const Folder folder;
    const std::string inside = folder.path() + "/root";
    fs::create_directory(inside);
    const Target target({"/usr/bin/unshare", "--mount", "--pid", "--fork", "--kill-child", "sh",
                         "-c",
                         "mount -t tmpfs none " + inside + " && cp " + program + ' ' + inside +
                             "/hidden && exec " + inside + "/hidden " + arguments});
    ASSERT_TRUE(target.is_ready());
    ASSERT_FALSE(fs::exists(inside + "/hidden"));
    expect_stuck(child_of(target.pid()), "in_circle");
}

// The child that shares its memory waits for a moment that never comes.
__attribute__((noinline)) void wait_for_vforks_child()
{
    const pid_t child = ::vfork();
    if (child == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;) {
            ::pause();
        }
    }
    ::_exit(child > 0 ? 0 : 1);
}

TEST(InspectAnyProcess, InVfork)
{
    const pid_t pid = ::fork();
    ASSERT_GE(pid, 0);
    if (pid == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        wait_for_vforks_child();
    }
    Result result;
    EXPECT_TRUE(inspect_test::until([&] {
        result = inspect({"stack", std::to_string(pid)});
        return result.out.find("in vfork") != std::string::npos;
    })) << result.out
        << result.err;
    EXPECT_NE(result.out.find("wait_for_vforks_child"), std::string::npos) << result.out;
    EXPECT_NE(result.out.find("InVfork"), std::string::npos) << result.out;
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
}

TEST(InspectAnyProcess, InAContainer)
{
    if (!can_make_containers()) {
        GTEST_SKIP() << "needs the right to make mount and process namespaces";
    }
    expect_stuck_in_a_container(PTHREAD_STUCK_PROGRAM, "normal 2");
    expect_stuck_in_a_container(STUCK_PROGRAM, "circle2");
}

TEST(InspectAnyProcess, WhoseProgramWasDeleted)
{
    const Folder folder;
    const std::string path = folder.copy(PTHREAD_STUCK_PROGRAM);
    const Target target({path, "normal", "2"});
    ASSERT_TRUE(target.is_ready());
    fs::remove(path);
    expect_stuck(target.pid(), "in_circle");
}

TEST(InspectAnyProcess, WithoutSymbols)
{
    const Folder folder;
    const std::string path = folder.copy(PTHREAD_STUCK_PROGRAM);
    ASSERT_EQ(std::system(("strip " + path).c_str()), 0);
    const Target target({path, "normal", "2"});
    ASSERT_TRUE(target.is_ready());
    expect_stuck(target.pid(), "program+0x");
}

TEST(InspectAnyProcess, WithoutSharedLibraries)
{
    const Target target({STATIC_STUCK_PROGRAM, "normal", "2"});
    ASSERT_TRUE(target.is_ready());
    expect_stuck(target.pid(), "in_circle");
}

TEST(InspectAnyProcess, WhoseFirstThreadHasEnded)
{
    const Target target({PTHREAD_STUCK_PROGRAM, "normal", "2", "leave"});
    ASSERT_TRUE(target.is_ready());
    ASSERT_TRUE(inspect_test::until(
        [&] { return inspect_test::task_states(target.pid()).starts_with('Z'); }));
    expect_stuck(target.pid(), "in_circle");
}

// Ones that user nobody may and may not read.
class InspectAsNobody : public testing::Test {
  protected:
    void SetUp() override
    {
        if (::geteuid() != 0) {
            GTEST_SKIP() << "needs to be root to become somebody else";
        }
    }
    static std::vector<std::string> as_nobody(const std::string& program)
    {
        return {"/usr/bin/setpriv",
                "--reuid=65534",
                "--regid=65534",
                "--clear-groups",
                "sh",
                "-c",
                "echo ready; exec " + program};
    }
    static void wait_for_exec(const Target& target, const std::string& name)
    {
        ASSERT_TRUE(inspect_test::until([&] {
            std::ifstream file("/proc/" + std::to_string(target.pid()) + "/comm");
            std::string comm;
            std::getline(file, comm);
            return comm == name;
        }));
    }
};

TEST_F(InspectAsNobody, ReadsItsOwnProcesses)
{
    const Target target(as_nobody("cat"));
    ASSERT_TRUE(target.is_ready());
    wait_for_exec(target, "cat");
    Result result;
    EXPECT_TRUE(inspect_test::until([&] {
        result = inspect_test::inspect_as_nobody({"lwps", std::to_string(target.pid())});
        return result.exit_code == 4 || result.out.find("read(") != std::string::npos;
    })) << result.out;
    if (result.exit_code == 4) {
        EXPECT_NE(result.err.find("ptrace_scope"), std::string::npos) << result.err;
    } else {
        EXPECT_EQ(result.exit_code, 0) << result.err;
    }
}

// Executed without the right to read it: the kernel protects it as if it were set-user-ID.
TEST_F(InspectAsNobody, SaysThatAProcessIsNotDumpable)
{
    const Folder folder;
    const std::string path = folder.copy("/bin/cat");
    fs::permissions(path, fs::perms{0711});
    const Target target(as_nobody(path));
    ASSERT_TRUE(target.is_ready());
    wait_for_exec(target, "program");
    const Result result = inspect_test::inspect_as_nobody({"lwps", std::to_string(target.pid())});
    EXPECT_EQ(result.exit_code, 4) << result.out;
    EXPECT_NE(result.err.find("is not dumpable"), std::string::npos) << result.err;
    EXPECT_NE(result.out.find("program"), std::string::npos) << result.out;
}

}  // namespace
