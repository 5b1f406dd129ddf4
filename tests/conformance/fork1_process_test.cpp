// forkx(2), vfork(2), exec(2), and what works in children of busy processes.
#include <thread.h>

#include <fcntl.h>
#include <signal.h>
#include <sys/fork.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "conformance/fork_support.h"
#include "conformance/signal_sets.h"

namespace conformance {
namespace {

class ForkProcess : public ForkTest {};

INSTANTIATE_TEST_SUITE_P(Threads, ForkProcess, bindings(), binding_name);

constexpr int kNoLimit = 4;

int fail_to_fork()
{
    // Privileged users know no limit.
    if (geteuid() == 0 && (setgid(65'534) != 0 || setuid(65'534) != 0)) {
        return 2;
    }
#if defined(RLIMIT_NPROC)
    const rlimit none{0, 0};
    if (setrlimit(RLIMIT_NPROC, &none) != 0) {
        return 3;
    }
#else
    return kNoLimit;
#endif
    errno = 0;
    const pid_t pid = fork1();
    if (pid == 0) {
        std::_Exit(0);
    }
    return pid == -1 && errno == EAGAIN ? kFine : 1;
}

const child::Program fails_to_fork{"fails_to_fork", fail_to_fork};

// FORK-16: at the limit fork1 gives -1 and EAGAIN.
TEST_P(ForkProcess, S16FailsWithEagainAtTheLimit)
{
    const child::Outcome outcome = child::run(fails_to_fork);
    if (outcome.exit_status == kNoLimit) {
        GTEST_SKIP() << "programs cannot limit processes here";
    }
    EXPECT_EQ(outcome.exit_status, kFine) << outcome.describe();
}

// FORK-17: undefined flags give EINVAL.
TEST_P(ForkProcess, S17RefusesUndefinedFlags)
{
    for (const int flags : {4, -1, 0x100 | FORK_WAITPID}) {
        errno = 0;
        EXPECT_EQ(forkx(flags), -1);
        EXPECT_EQ(errno, EINVAL);
    }
    const pid_t pid = forkx(0);
    if (pid == 0) {
        std::_Exit(kFine);
    }
    EXPECT_EQ(exit_status(pid), kFine);
}

// Waits until the child `pid` is a zombie, without reaping it.
bool has_ended(pid_t pid)
{
    return bounded::until([pid] {
        siginfo_t info{};
        return waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
               info.si_pid == pid;
    });
}

// FORK-18: with FORK_WAITPID only a wait by id reaps the child, also when it was in the way of
// others.
TEST_P(ForkProcess, S18ReapsAFlaggedChildOnlyById)
{
    const auto exit_with = [](int flags, int status) {
        const pid_t pid = forkx(flags);
        if (pid == 0) {
            std::_Exit(status);
        }
        EXPECT_GT(pid, 0);
        return pid;
    };
    const pid_t hidden = exit_with(FORK_WAITPID, 7);
    ASSERT_TRUE(has_ended(hidden));
    const pid_t plain = exit_with(0, 8);
    int status = 0;
    EXPECT_EQ(wait(&status), plain);
    EXPECT_EQ(WEXITSTATUS(status), 8);
    EXPECT_EQ(wait(&status), -1);
    EXPECT_EQ(errno, ECHILD);
    siginfo_t info{};
    EXPECT_EQ(waitid(P_ALL, 0, &info, WEXITED), -1);
    EXPECT_EQ(waitpid(hidden, &status, 0), hidden);
    EXPECT_EQ(WEXITSTATUS(status), 7);
    EXPECT_EQ(waitpid(hidden, &status, 0), -1);
    EXPECT_EQ(errno, ECHILD);
}

std::atomic<int> ends_seen{0};

// FORK-18: with FORK_NOSIGCHLD the child's end is not announced, that of others is; any wait reaps.
TEST_P(ForkProcess, NoSigchldIsSentForAQuietChild)
{
    const ScopedHandler handler{SIGCHLD, [](int) { ends_seen.fetch_add(1); }};
    ends_seen.store(0);
    const pid_t quiet = forkx(FORK_NOSIGCHLD);
    if (quiet == 0) {
        std::_Exit(5);
    }
    ASSERT_GT(quiet, 0);
    ASSERT_TRUE(has_ended(quiet));
    const pid_t plain = fork1();
    if (plain == 0) {
        std::_Exit(6);
    }
    EXPECT_TRUE(bounded::until([] { return ends_seen.load() != 0; }));
    EXPECT_EQ(ends_seen.load(), 1);
    int sum = 0;
    for (int i = 0; i < 2; ++i) {
        int status = 0;
        const pid_t pid = wait(&status);
        EXPECT_TRUE(pid == quiet || pid == plain);
        sum += WEXITSTATUS(status);
    }
    EXPECT_EQ(sum, 11);
}

// FORK-19: vfork and exec work among threads.
TEST_P(ForkProcess, S19RunsAProgramAfterVfork)
{
    latch::Gate leave;
    const thread_t other = start([&] { leave.wait(); });
    int status = -1;
    join(start([&] {
        const pid_t pid = vfork();
        if (pid == 0) {
            execl("/bin/sh", "sh", "-c", "exit 7", nullptr);
            _exit(127);
        }
        status = exit_status(pid);
    }));
    EXPECT_EQ(status, 7);
    leave.open();
    join(other);
}

char own_pid[16];

void* become_shell(void* /*argument*/)
{
    execl("/bin/sh", "sh", "-c", "test $$ = $0 && exit 9", own_pid, nullptr);
    return nullptr;
}

int exec_in_thread()
{
    std::snprintf(own_pid, sizeof own_pid, "%d", getpid());
    thread_t id = 0;
    if (thr_create(nullptr, 0, become_shell, nullptr, child::argument(), &id) != 0) {
        return 1;
    }
    thr_join(id, nullptr, nullptr);
    return 2;
}

const child::Program execs_in_thread{"execs_in_thread", exec_in_thread};

// FORK-20: exec in another thread than the initial one replaces the process, whose id stays.
TEST_P(ForkProcess, S20ExecsFromAnyThread)
{
    const child::Outcome outcome = child::run(execs_in_thread, {.argument = binding()});
    EXPECT_EQ(outcome.exit_status, 9) << outcome.describe();
}

// FORK-21: malloc and stdio work in the child, whatever others were doing.
TEST_P(ForkProcess, S21LeavesMallocAndStdioUsable)
{
    constexpr int kForks = 150;
    std::FILE* const null = std::fopen("/dev/null", "we");
    ASSERT_NE(null, nullptr);
    std::atomic<bool> stop{false};
    const auto be_busy = [&] {
        while (!stop.load()) {
            std::free(std::malloc(3000));
            std::fprintf(null, "%d\n", 1);
            thr_yield();
        }
    };
    const thread_t busy[] = {start(be_busy), start(be_busy)};
    int failed = 0;
    join(start([&] {
        for (int round = 0; round < kForks && failed == 0; ++round) {
            failed = fork_and_wait([&] {
                void* memory = std::malloc(5000);
                std::free(memory);
                return memory != nullptr && std::fprintf(null, "%d\n", 2) > 0 ? kFine : 1;
            });
        }
    }));
    EXPECT_EQ(failed, kFine);
    stop.store(true);
    join(busy[0]);
    join(busy[1]);
    std::fclose(null);
}

int ends[2];

void* read_one_byte(void* /*argument*/)
{
    char byte = 0;
    return as_pointer(read(ends[0], &byte, 1) == 1 ? 1 : 0);
}

void* write_one_byte(void* /*argument*/)
{
    return as_pointer(write(ends[1], "x", 1) == 1 ? 1 : 0);
}

// FORK-22: the child has a pool of its own: threads run while others block in the kernel.
TEST_P(ForkProcess, S22GrowsThePoolOfTheChild)
{
    EXPECT_EQ(status_of_child([] {
                  constexpr int kPairs = 4;
                  if (pipe(ends) != 0) {
                      return 1;
                  }
                  thread_t readers[kPairs];
                  thread_t writers[kPairs];
                  for (thread_t& id : readers) {
                      if (thr_create(nullptr, 0, read_one_byte, nullptr, 0, &id) != 0) {
                          return 2;
                      }
                  }
                  thr_yield();
                  for (thread_t& id : writers) {
                      if (thr_create(nullptr, 0, write_one_byte, nullptr, 0, &id) != 0) {
                          return 3;
                      }
                  }
                  for (int i = 0; i < 2 * kPairs; ++i) {
                      void* status = nullptr;
                      if (thr_join(0, nullptr, &status) != 0 || status == nullptr) {
                          return 4;
                      }
                  }
                  return kFine;
              }),
              kFine);
}

}  // namespace
}  // namespace conformance
