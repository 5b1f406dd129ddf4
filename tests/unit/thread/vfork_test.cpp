// vfork(2): the child runs on its parent's stack and TLS, and must not be taken for the thread
// whose they are.
#include <synch.h>
#include <thread.h>

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

#include "support/bounded.h"
#include "unit/thread/children.h"

namespace {

using namespace children;

std::atomic<pid_t> handled_in{0};

void note_process(int signal)
{
    handled_in = static_cast<pid_t>(syscall(SYS_getpid));
    note(signal);
}

void* nothing(void*)
{
    return nullptr;
}

void* change_mask_in_child(void*)
{
    sigset_t all;
    sigfillset(&all);
    const pid_t pid = vfork();
    if (pid == 0) {
        sigprocmask(SIG_SETMASK, &all, nullptr);
        signal(SIGUSR1, SIG_DFL);
        _exit(0);
    }
    EXPECT_EQ(end_of(pid), 0);
    sigset_t now;
    thr_sigsetmask(SIG_SETMASK, nullptr, &now);
    EXPECT_EQ(sigismember(&now, SIGUSR1), 0);
    handled = 0;
    EXPECT_EQ(thr_kill(thr_self(), SIGUSR1), 0);
    EXPECT_TRUE(bounded::until([] { return handled == 1; }));
    return nullptr;
}

TEST(Vfork, LeavesTheParentsMaskAndActionsAlone)
{
    catch_signal(SIGUSR1, note);
    in_threads(change_mask_in_child);
}

int ends[2];

void* read_byte(void*)
{
    char byte = 0;
    EXPECT_EQ(read(ends[0], &byte, 1), 1) << errno;
    return nullptr;
}

void* close_in_child(void*)
{
    const pid_t pid = vfork();
    if (pid == 0) {
        close(ends[0]);
        dup2(ends[1], ends[0]);
        closefrom(3);
        _exit(0);
    }
    EXPECT_EQ(end_of(pid), 0);
    EXPECT_EQ(write(ends[1], "x", 1), 1);
    return nullptr;
}

// The descriptors are the child's: nobody waits there.
TEST(Vfork, ClosesItsOwnDescriptorsOnly)
{
    for (const long flags : {0L, static_cast<long>(THR_BOUND)}) {
        ASSERT_EQ(pipe(ends), 0);
        thread_t ids[2];
        ASSERT_EQ(thr_create(nullptr, 0, read_byte, nullptr, 0, &ids[0]), 0);
        for (int i = 0; i < 20; ++i) {
            thr_yield();  // it waits by now, where threads are unbound
        }
        ASSERT_EQ(thr_create(nullptr, 0, close_in_child, nullptr, flags, &ids[1]), 0);
        for (const thread_t id : ids) {
            ASSERT_EQ(thr_join(id, nullptr, nullptr), 0);
        }
        close(ends[0]);
        close(ends[1]);
    }
}

void* wait_in_child(void*)
{
    const pid_t pid = vfork();
    if (pid == 0) {
        char byte = 0;
        _exit(read(ends[0], &byte, 1) == 1 ? 0 : 1);
    }
    EXPECT_EQ(end_of(pid), 0);
    return nullptr;
}

void* write_byte(void*)
{
    EXPECT_EQ(write(ends[1], "x", 1), 1);
    return nullptr;
}

// The parent's LWP stands still with the thread; others go on.
TEST(Vfork, HoldsItsThreadAlone)
{
    ASSERT_EQ(pipe(ends), 0);
    for (const long flags : {0L, static_cast<long>(THR_BOUND)}) {
        one_after_the_other(wait_in_child, write_byte, flags);
    }
    close(ends[0]);
    close(ends[1]);
}

std::atomic<bool> in_child{false};

void* be_signalled(void*)
{
    const pid_t pid = vfork();
    if (pid == 0) {
        in_child = true;
        char byte = 0;
        const bool read_it = read(ends[0], &byte, 1) == 1;
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, nullptr);
        _exit(read_it && handled == 0 ? 0 : 1);
    }
    EXPECT_EQ(end_of(pid), 0);
    EXPECT_TRUE(bounded::until([] { return handled == 1; }));
    EXPECT_EQ(handled_in, getpid());
    return nullptr;
}

// What is sent to the thread meanwhile waits for the parent.
TEST(Vfork, LeavesSignalsToTheParent)
{
    catch_signal(SIGUSR1, note_process);
    ASSERT_EQ(pipe(ends), 0);
    for (const long flags : {0L, static_cast<long>(THR_BOUND)}) {
        handled = 0;
        in_child = false;
        thread_t id = 0;
        ASSERT_EQ(thr_create(nullptr, 0, be_signalled, nullptr, flags, &id), 0);
        ASSERT_TRUE(bounded::until([] { return in_child.load(); }));
        ASSERT_EQ(thr_kill(id, SIGUSR1), 0);
        ASSERT_EQ(write(ends[1], "x", 1), 1);
        ASSERT_EQ(thr_join(id, nullptr, nullptr), 0);
    }
    close(ends[0]);
    close(ends[1]);
}

// Pending in the child, though in its parent nobody waits for it.
bool takes_a_signal()
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    const timespec none{0, 0};
    return sigprocmask(SIG_BLOCK, &set, nullptr) == 0 &&
           kill(static_cast<pid_t>(syscall(SYS_getpid)), SIGUSR2) == 0 &&
           sigtimedwait(&set, nullptr, &none) == SIGUSR2 &&
           sigtimedwait(&set, nullptr, &none) == -1 && errno == EAGAIN;
}

bool is_interrupted()
{
    const itimerval often{{0, 10'000}, {0, 10'000}};
    const bool paused =
        setitimer(ITIMER_REAL, &often, nullptr) == 0 && pause() == -1 && errno == EINTR;
    sigset_t open;
    sigemptyset(&open);
    return paused && sigsuspend(&open) == -1 && errno == EINTR;
}

void* await_signals_in_child(void*)
{
    const pid_t pid = vfork();
    if (pid == 0) {
        _exit(takes_a_signal() && is_interrupted() ? 0 : 1);
    }
    EXPECT_EQ(end_of(pid), 0);
    return nullptr;
}

// What its thread's other calls park for is awaited in the kernel there.
TEST(Vfork, WaitsForItsOwnSignals)
{
    catch_signal(SIGALRM, note_process);
    in_threads(await_signals_in_child);
}

void* die_in_child(void*)
{
    for (int i = 0; i < 10; ++i) {
        const pid_t pid = vfork();
        if (pid == 0) {
            if (thr_create(nullptr, 0, nothing, nullptr, 0, nullptr) != ENOTSUP) {
                _exit(1);
            }
            kill(static_cast<pid_t>(syscall(SYS_getpid)), SIGKILL);
        }
        EXPECT_EQ(end_of(pid), -SIGKILL);
        thread_t id = 0;
        EXPECT_EQ(thr_create(nullptr, 0, nothing, nullptr, 0, &id), 0);
        EXPECT_EQ(thr_join(id, nullptr, nullptr), 0);
    }
    return nullptr;
}

TEST(Vfork, MakesNoThreadsInTheChildAndSurvivesItsEnd)
{
    in_threads(die_in_child);
}

}  // namespace
