// errno and reentrancy: Intro(3), perror(3C).
#include <thread.h>

#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <set>
#include <string>
#include <vector>

#include "conformance/fixture.h"

namespace conformance {
namespace {

class Errno : public ThreadTest {};

INSTANTIATE_TEST_SUITE_P(Threads, Errno, bindings(), binding_name);

// ERRNO-01: each thread has its own errno: values set by system calls and by hand do not mix.
TEST_P(Errno, S01IsPerThread)
{
    constexpr int kRounds = 100;
    std::atomic<int> wrong{0};
    std::vector<thread_t> ids;
    for (int i = 0; i < 4; ++i) {
        ids.push_back(start([&, i] {
            for (int round = 0; round < kRounds; ++round) {
                errno = 1000 + i;
                thr_yield();
                wrong.fetch_add(errno == 1000 + i ? 0 : 1);
                const int failed = close(-1);
                thr_yield();
                wrong.fetch_add(failed == -1 && errno == EBADF ? 0 : 1);
            }
        }));
    }
    errno = 5;
    for (const thread_t id : ids) {
        join(id);
    }
    EXPECT_EQ(errno, 5);
    EXPECT_EQ(wrong.load(), 0);
}

// Calls everything that returns codes, in success and in failure.
void call_functions()
{
    thread_t id = 0;
    const auto nothing = [](void* argument) { return argument; };
    thr_create(nullptr, 1, nothing, nullptr, 0, &id);
    thr_create(nullptr, 0, nothing, nullptr, 0, &id);
    thr_join(id, nullptr, nullptr);
    thr_join(id, nullptr, nullptr);
    thr_join(thr_self(), nullptr, nullptr);
    thr_yield();
    thr_kill(id, 0);
    thr_kill(thr_self(), -1);
    thr_kill(thr_self(), 0);
    thr_continue(id);
    thr_setprio(thr_self(), -1);
    thr_setconcurrency(-1);
    thr_setspecific(0, nullptr);
    sigset_t mask;
    thr_sigsetmask(-1, nullptr, &mask);
    thr_sigsetmask(-1, &mask, nullptr);
    stack_t segment{};
    thr_stksegment(&segment);
    mutex_t mutex = ERRORCHECKMUTEX;
    mutex_lock(&mutex);
    mutex_lock(&mutex);
    mutex_trylock(&mutex);
    cond_t cond = DEFAULTCV;
    const timestruc_t soon{0, 1'000'000};
    cond_reltimedwait(&cond, &mutex, &soon);
    mutex_unlock(&mutex);
    mutex_unlock(&mutex);
    sema_t sema = DEFAULTSEMA;
    sema_trywait(&sema);
    sema_reltimedwait(&sema, &soon);
    sema_post(&sema);
    rwlock_t lock = DEFAULTRWLOCK;
    rw_wrlock(&lock);
    rw_tryrdlock(&lock);
    rw_unlock(&lock);
    rw_unlock(&lock);
}

// ERRNO-02: functions that return codes leave errno alone.
TEST_P(Errno, S02IsLeftAloneByFunctionsThatReturnCodes)
{
    constexpr int kMark = 4711;
    errno = kMark;
    call_functions();
    const int in_main = errno;
    int in_thread = 0;
    join(start([&] {
        errno = kMark;
        call_functions();
        in_thread = errno;
    }));
    EXPECT_EQ(in_main, kMark);
    EXPECT_EQ(in_thread, kMark);
}

// ERRNO-03: its address differs between threads and is the same at all times within one.
// ERRNO-04: so it is across switches that block.
TEST_P(Errno, S03HasAnAddressForEachThread)
{
    constexpr int kThreads = 6;
    constexpr int kRounds = 50;
    latch::Counter turn;
    latch::Latch all_here{kThreads};
    std::atomic<int> changes{0};
    int* addresses[kThreads] = {};
    std::vector<thread_t> ids;
    for (int i = 0; i < kThreads; ++i) {
        ids.push_back(start([&, i] {
            int* const mine = &errno;
            addresses[i] = mine;
            EXPECT_TRUE(all_here.arrive_and_wait());
            *mine = 100 + i;
            for (int round = 0; round < kRounds; ++round) {
                const int wanted = round * kThreads + i;
                EXPECT_TRUE(turn.wait_for([wanted](int now) { return now >= wanted; }));
                changes.fetch_add(&errno == mine && errno == 100 + i ? 0 : 1);
                turn.add(1);
            }
        }));
    }
    for (const thread_t id : ids) {
        join(id);
    }
    std::set<int*> distinct(std::begin(addresses), std::end(addresses));
    distinct.insert(&errno);
    EXPECT_EQ(distinct.size(), std::size_t{kThreads} + 1);
    EXPECT_EQ(changes.load(), 0);
}

// ERRNO-05: what one stdio call writes stays together.
TEST_P(Errno, S05KeepsTheOutputOfAStdioCallTogether)
{
    constexpr int kThreads = 6;
    constexpr int kLines = 500;
    std::FILE* const file = std::tmpfile();
    ASSERT_NE(file, nullptr);
    std::vector<thread_t> ids;
    for (int i = 0; i < kThreads; ++i) {
        ids.push_back(start([file, i] {
            const std::string text(60, static_cast<char>('a' + i));
            for (int line = 0; line < kLines; ++line) {
                std::fprintf(file, "%s|%d|%s\n", text.c_str(), line, text.c_str());
                if (line % 16 == 0) {
                    thr_yield();
                }
            }
        }));
    }
    for (const thread_t id : ids) {
        join(id);
    }
    std::rewind(file);
    int lines[kThreads] = {};
    int torn = 0;
    char read[512];
    while (std::fgets(read, sizeof read, file) != nullptr) {
        const int writer = read[0] - 'a';
        if (writer < 0 || writer >= kThreads) {
            ++torn;
            continue;
        }
        const std::string text(60, read[0]);
        const std::string wanted = text + "|" + std::to_string(lines[writer]) + "|" + text + "\n";
        torn += wanted == read ? 0 : 1;
        ++lines[writer];
    }
    std::fclose(file);
    EXPECT_EQ(torn, 0);
    for (const int count : lines) {
        EXPECT_EQ(count, kLines);
    }
}

}  // namespace
}  // namespace conformance
