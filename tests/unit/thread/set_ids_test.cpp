// setuid and its kin while threads are in every state: all kernel tasks change, and none hangs.
#include <synch.h>
#include <thread.h>

#include <dirent.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <fstream>
#include <string>

#include "support/bounded.h"

namespace {

constexpr uid_t kNobody = 65534;

std::atomic<bool> stop{false};
std::atomic<int> started{0};
sema_t never;

void* spin(void*)
{
    ++started;
    while (!stop) {
        thr_yield();
    }
    return nullptr;
}

void* sleep_long(void*)
{
    ++started;
    while (sema_wait(&never) != 0) {}
    return nullptr;
}

// Whether at least `least` tasks of the process have `line` in their status, and none has not.
bool all_have(const std::string& line, int least)
{
    int with = 0;
    int without = 0;
    DIR* directory = opendir("/proc/self/task");
    while (const dirent* entry = readdir(directory)) {
        if (entry->d_name[0] == '.') {
            continue;
        }
        std::ifstream status{"/proc/self/task/" + std::string{entry->d_name} + "/status"};
        bool found = false;
        for (std::string text; std::getline(status, text);) {
            found = found || text == line;
        }
        ++(found ? with : without);
    }
    closedir(directory);
    return with >= least && without == 0;
}

// The same. A task that is ending may be there for a moment, as it was, or without a status.
bool all_come_to_have(const std::string& line, int least)
{
    return bounded::until([&] { return all_have(line, least); });
}

// 0: all is well.
int change_identity()
{
    thread_t id = 0;
    for (int i = 0; i < 4; ++i) {
        thr_create(nullptr, 0, spin, nullptr, 0, nullptr);
        thr_create(nullptr, 0, sleep_long, nullptr, 0, nullptr);
    }
    thr_create(nullptr, 0, sleep_long, nullptr, THR_BOUND, &id);
    thr_create(nullptr, 0, sleep_long, nullptr, THR_BOUND, nullptr);
    pthread_t stranger{};
    pthread_create(&stranger, nullptr, spin, nullptr);
    if (!bounded::until([] { return started == 11; })) {
        return 1;
    }
    if (thr_suspend(id) != 0 || setegid(kNobody) != 0 || setegid(0) != 0 ||
        setresgid(kNobody, kNobody, kNobody) != 0 || setuid(kNobody) != 0) {
        return 2;
    }
    constexpr int kLeast = 4;
    if (!all_come_to_have("Uid:\t65534\t65534\t65534\t65534", kLeast)) {
        return 3;
    }
    if (!all_come_to_have("Gid:\t65534\t65534\t65534\t65534", kLeast)) {
        return 4;
    }
    return setuid(0) == -1 && errno == EPERM ? 0 : 5;
}

TEST(SetIds, AllTasksChange)
{
    if (getuid() != 0) {
        GTEST_SKIP() << "needs to be root";
    }
    const pid_t child = fork();
    if (child == 0) {
        alarm(170);
        _exit(change_identity());
    }
    int status = -1;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
