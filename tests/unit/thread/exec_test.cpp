// exec(2) from any thread while others send signals to it and suspend it: the new program meets
// none of the library's signals, and inherits of the program's state what it should, nothing else.
#include <synch.h>
#include <thread.h>

#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "support/bounded.h"
#include "unit/thread/children.h"

namespace {

using namespace children;

std::atomic<int> turns{0};

// In bursts, each after another turn of the target: where processors are scarce, it might never get
// on between two suspensions.
void do_in_bursts(void (*act)())
{
    constexpr int kBurst = 200;
    for (int seen = -1;; seen = turns) {
        while (turns == seen) {
            thr_yield();
        }
        for (int i = 0; i < kBurst; ++i) {
            act();
        }
    }
}

// One that ends no program: a new one would be met by it, as by any that is not the library's.
void* send_signals(void*)
{
    do_in_bursts([] { thr_kill(target, SIGWINCH); });
    return nullptr;
}

void* suspend(void*)
{
    do_in_bursts([] {
        thr_suspend(target);
        thr_continue(target);
    });
    return nullptr;
}

// So much that the kernel is busy for a while before the new program is there.
std::vector<std::string>& bulk()
{
    static std::vector<std::string> all(10, std::string(100'000, 'x'));
    return all;
}

void* become_true(void*)
{
    std::vector<char*> arguments{const_cast<char*>("true")};
    for (std::string& one : bulk()) {
        arguments.push_back(one.data());
    }
    arguments.push_back(nullptr);
    target = thr_self();
    while (handled < 3) {
        ++turns;
        thr_yield();
    }
    execv("/bin/true", arguments.data());
    _exit(10);
}

// In a child of fork: execs in a thread that others kick and suspend.
int exec_under_fire(long flags)
{
    catch_signal(SIGWINCH, note);
    thread_t id = 0;
    if (thr_create(nullptr, 0, become_true, nullptr, flags, &id) != 0) {
        return 11;
    }
    while (target == 0) {
        thr_yield();
    }
    thr_create(nullptr, 0, send_signals, nullptr, THR_BOUND, nullptr);
    thr_create(nullptr, 0, suspend, nullptr, THR_BOUND, nullptr);
    thr_join(id, nullptr, nullptr);
    return 12;
}

TEST(Exec, IsMetByNoSignalOfTheLibrary)
{
    static_cast<void>(bulk());
    constexpr int kRounds = 6;
    for (int round = 0; round < kRounds; ++round) {
        const pid_t pid = fork1();
        if (pid == 0) {
            std::_Exit(exec_under_fire(round % 2 == 0 ? 0 : THR_BOUND));
        }
        ASSERT_EQ(end_of(pid), 0) << "round " << round;
    }
}

// A thread blocks SIGUSR2; the program catches SIGUSR1 and ignores SIGHUP.
struct Way {
    const char* name;
    std::string (*show_status)();
};

std::string show_by_spawn()
{
    return output_of([](int out) {
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_adddup2(&actions, out, 1);
        char* const arguments[] = {const_cast<char*>("cat"), const_cast<char*>(kStatusFile),
                                   nullptr};
        pid_t pid = -1;
        EXPECT_EQ(posix_spawn(&pid, "/bin/cat", &actions, nullptr, arguments, environ), 0);
        posix_spawn_file_actions_destroy(&actions);
        return pid;
    });
}

std::string show_by_fork()
{
    return output_of([](int out) {
        const pid_t pid = fork1();
        if (pid == 0) {
            dup2(out, 1);
            execl("/bin/cat", "cat", kStatusFile, nullptr);
            _exit(127);
        }
        return pid;
    });
}

std::string show_by_vfork()
{
    return output_of([](int out) {
        const pid_t pid = vfork();
        if (pid == 0) {
            dup2(out, 1);
            execlp("cat", "cat", kStatusFile, nullptr);
            _exit(127);
        }
        return pid;
    });
}

std::string show_by_popen()
{
    std::string text;
    std::FILE* const stream = popen("exec cat /proc/self/status", "re");
    char buffer[512];
    while (stream != nullptr && std::fgets(buffer, sizeof buffer, stream) != nullptr) {
        text += buffer;
    }
    EXPECT_EQ(pclose(stream), 0);
    return text;
}

std::string show_by_system()
{
    return output_of([](int out) {
        const std::string command = "exec cat /proc/self/status >&" + std::to_string(out);
        EXPECT_EQ(std::system(command.c_str()), 0);
        return 0;
    });
}

constexpr Way kWays[] = {{"posix_spawn", show_by_spawn},
                         {"fork1", show_by_fork},
                         {"vfork", show_by_vfork},
                         {"popen", show_by_popen},
                         {"system", show_by_system}};

void* inherit(void*)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    thr_sigsetmask(SIG_SETMASK, &set, nullptr);
    for (const Way& way : kWays) {
        const std::string status = way.show_status();
        EXPECT_EQ(set_in(status, "SigBlk:"), bit(SIGUSR2)) << way.name;
        // posix_spawn has glibc's own two ignored, and system() interrupts, while it waits.
        const std::uint64_t others = bit(32) | bit(33) | bit(SIGINT) | bit(SIGQUIT);
        EXPECT_EQ(set_in(status, "SigIgn:") & ~others, bit(SIGHUP)) << way.name;
        EXPECT_EQ(set_in(status, "SigCgt:"), 0U) << way.name;
        sigset_t now;
        thr_sigsetmask(SIG_SETMASK, nullptr, &now);
        EXPECT_EQ(sigismember(&now, SIGUSR2), 1) << way.name;
        EXPECT_EQ(sigismember(&now, SIGCHLD), 0) << way.name;
    }
    return nullptr;
}

TEST(Exec, PassesOnTheThreadsMaskAndWhatTheProgramIgnores)
{
    catch_signal(SIGUSR1, note);
    signal(SIGHUP, SIG_IGN);
    for (const long flags : {0L, static_cast<long>(THR_BOUND)}) {
        thread_t ids[2];
        for (thread_t& id : ids) {
            ASSERT_EQ(thr_create(nullptr, 0, inherit, nullptr, flags, &id), 0);
        }
        for (const thread_t id : ids) {
            ASSERT_EQ(thr_join(id, nullptr, nullptr), 0);
        }
    }
    signal(SIGHUP, SIG_DFL);
}

// The commands interrupt their parent, which does not notice while it waits.
void* run_commands(void*)
{
    handled = 0;
    EXPECT_EQ(WEXITSTATUS(std::system("kill -INT $PPID; exit 5")), 5);
    EXPECT_EQ(handled, 0);
    EXPECT_EQ(WTERMSIG(std::system("kill -TERM $$")), SIGTERM);
    EXPECT_NE(std::system(nullptr), 0);
    kill(getpid(), SIGINT);
    EXPECT_TRUE(bounded::until([] { return handled == 1; }));
    return nullptr;
}

TEST(System, GivesTheStatusAndIgnoresInterruptsMeanwhile)
{
    catch_signal(SIGINT, note);
    in_threads(run_commands);
    signal(SIGINT, SIG_DFL);
}

int ends[2];

void* wait_for_command(void*)
{
    const std::string command = "read line <&" + std::to_string(ends[0]) + "; exit 3";
    EXPECT_EQ(WEXITSTATUS(std::system(command.c_str())), 3);
    return nullptr;
}

void* wait_for_stream(void*)
{
    const std::string command = "read line <&" + std::to_string(ends[0]) + "; exit 4";
    EXPECT_EQ(WEXITSTATUS(pclose(popen(command.c_str(), "we"))), 4);
    return nullptr;
}

void* write_line(void*)
{
    EXPECT_EQ(write(ends[1], "\n", 1), 1);
    return nullptr;
}

// The line comes from a thread that needs an LWP while the first waits for its command.
TEST(System, LeavesTheLwpToOthersWhileItWaits)
{
    ASSERT_EQ(pipe(ends), 0);
    for (const Body waiter : {wait_for_command, wait_for_stream}) {
        one_after_the_other(waiter, write_line);
    }
    close(ends[0]);
    close(ends[1]);
}

}  // namespace
