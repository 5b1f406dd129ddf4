// Two-level behaviour: threads that block leave their LWP to others.
#include <synch.h>
#include <thread.h>

#include <spawn.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "two_level_support.h"

extern "C" char** environ;

namespace conformance {
namespace {

class TwoLevel : public ThreadTest {
  protected:
    // Expects that while `blocked` sleeps in the library, another thread runs.
    void expect_others_run(thread_t blocked, const void* object)
    {
        ASSERT_TRUE(sleeps_on(blocked, object));
        std::atomic<bool> ran{false};
        const thread_t other = start([&] { ran = true; });
        EXPECT_TRUE(bounded::until([&] { return ran.load(); }));
        EXPECT_TRUE(platform::is_blocked(blocked, object));
        join(other);
    }

    void expect_others_run_beside_a_suspended_thread()
    {
        std::atomic<bool> resumed{false};
        const thread_t suspended = start([&] {
            EXPECT_EQ(thr_suspend(thr_self()), 0);
            resumed = true;
        });
        // From here on it is suspended, by itself or by us.
        EXPECT_EQ(thr_suspend(suspended), 0);
        std::atomic<bool> ran{false};
        join(start([&] { ran = true; }));
        EXPECT_TRUE(ran && !resumed);
        EXPECT_TRUE(bounded::until([&] {
            thr_continue(suspended);
            return !is_alive(suspended);
        }));
        join(suspended);
        EXPECT_TRUE(resumed.load());
    }

    // Starts a thread that will be ready while everybody else is blocked in the kernel: main waits
    // in poll() until it has run.
    void expect_ready_thread_runs()
    {
        const Pipe ran;
        const thread_t ready = start([&] { ran.write_one(); });
        EXPECT_TRUE(ran.poll_for(kKernelPatience));
        join(ready);
    }
};
INSTANTIATE_TEST_SUITE_P(, TwoLevel, testing::Values(0L), binding_name);

// MN-01: 10,000 threads on a condition variable need no LWPs of their own.
TEST_P(TwoLevel, S01TenThousandSleepersUseThePoolOnly)
{
    LT_NEEDS_TWO_LEVELS();
    constexpr int kThreads = 10'000;
    constexpr std::size_t kStack = 32 * 1024;
    const int tasks_before = kernel_task_count();
    mutex_t mutex = DEFAULTMUTEX;
    cond_t cond = DEFAULTCV;
    int waiting = 0;
    bool told = false;
    std::vector<thread_t> threads;
    for (int i = 0; i < kThreads; ++i) {
        const thread_t id = start_on(nullptr, kStack, [&] {
            mutex_lock(&mutex);
            ++waiting;
            while (!told) {
                cond_wait(&cond, &mutex);
            }
            --waiting;
            mutex_unlock(&mutex);
        });
        ASSERT_NE(id, 0U) << i;
        threads.push_back(id);
    }
    EXPECT_TRUE(bounded::until([&] {
        const Held held{mutex};
        return waiting == kThreads;
    }));
    // The pool may have grown while they came, and has helpers.
    EXPECT_LE(kernel_task_count(), tasks_before + kThreads / 100);
    mutex_lock(&mutex);
    told = true;
    cond_broadcast(&cond);
    mutex_unlock(&mutex);
    for (const thread_t id : threads) {
        join(id);
    }
    EXPECT_EQ(waiting, 0);
}

// MN-02: a thread that blocks on a private mutex frees its LWP.
TEST_P(TwoLevel, S02BlockingOnAMutexFreesTheLwp)
{
    LT_NEEDS_TWO_LEVELS();
    mutex_t mutex = DEFAULTMUTEX;
    mutex_lock(&mutex);
    const thread_t blocked = start([&] {
        mutex_lock(&mutex);
        mutex_unlock(&mutex);
    });
    expect_others_run(blocked, &mutex);
    mutex_unlock(&mutex);
    join(blocked);
}

// MN-03: the same for the waits on the other objects, for thr_join and for suspending oneself.
TEST_P(TwoLevel, S03BlockingOnAnythingElseFreesTheLwp)
{
    LT_NEEDS_TWO_LEVELS();
    mutex_t mutex = DEFAULTMUTEX;
    cond_t cond = DEFAULTCV;
    sema_t sema = DEFAULTSEMA;
    rwlock_t lock = DEFAULTRWLOCK;

    const thread_t on_cond = start([&] {
        mutex_lock(&mutex);
        cond_wait(&cond, &mutex);
        mutex_unlock(&mutex);
    });
    expect_others_run(on_cond, &cond);

    const thread_t on_sema = start([&] { sema_wait(&sema); });
    expect_others_run(on_sema, &sema);

    rw_wrlock(&lock);
    const thread_t reader = start([&] {
        rw_rdlock(&lock);
        rw_unlock(&lock);
    });
    const thread_t writer = start([&] {
        rw_wrlock(&lock);
        rw_unlock(&lock);
    });
    expect_others_run(reader, &lock);
    expect_others_run(writer, &lock);

    const thread_t joiner = start([&] { join(on_sema); });
    expect_others_run(joiner, nullptr);
    expect_others_run_beside_a_suspended_thread();

    cond_signal(&cond);
    sema_post(&sema);
    rw_unlock(&lock);
    for (const thread_t id : {on_cond, reader, writer, joiner}) {
        join(id);
    }
}

// MN-04: a thread in read() holds its LWP, but a ready thread runs in bounded time.
TEST_P(TwoLevel, S04ReadyThreadRunsAlthoughAllLwpsReadPipes)
{
    const Pipe empty;
    constexpr int kReaders = 12;
    std::vector<thread_t> readers;
    latch::Counter reading;
    for (int i = 0; i < kReaders; ++i) {
        readers.push_back(start([&] {
            reading.add(1);
            EXPECT_TRUE(empty.read_one());
        }));
    }
    EXPECT_TRUE(reading.wait_for([](int count) { return count == kReaders; }));
    for (int round = 0; round < 5; ++round) {
        expect_ready_thread_runs();
    }
    for (int i = 0; i < kReaders; ++i) {
        empty.write_one();
    }
    for (const thread_t id : readers) {
        join(id);
    }
}

// The calls that MN-05 names, each blocked until told otherwise.
struct Calls {
    Calls()
    {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        // An abstract name of this process, so that nothing is left in the file system.
        const std::string name = "lt-two-level-" + std::to_string(getpid());
        std::memcpy(&address.sun_path[1], name.data(), name.size());
        const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
        const auto* const generic = reinterpret_cast<const sockaddr*>(&address);
        listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        EXPECT_EQ(bind(listener, generic, size), 0);
        EXPECT_EQ(listen(listener, 0), 0);

        // With the backlog taken, the next connect() blocks until an accept().
        first = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        EXPECT_EQ(connect(first, generic, size), 0);
        std::memcpy(&target, &address, sizeof target);
        target_size = size;

        idle_listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        address.sun_path[1] = 'L';
        std::memcpy(&idle_target, &address, sizeof idle_target);
        EXPECT_EQ(bind(idle_listener, reinterpret_cast<const sockaddr*>(&idle_target), size), 0);
        EXPECT_EQ(listen(idle_listener, 1), 0);
    }
    ~Calls()
    {
        for (const int file : {listener, first, idle_listener}) {
            close(file);
        }
    }
    Calls(const Calls&) = delete;
    Calls& operator=(const Calls&) = delete;

    [[nodiscard]] int connect_to(const sockaddr_un& where) const
    {
        const int file = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        EXPECT_EQ(connect(file, reinterpret_cast<const sockaddr*>(&where), target_size), 0);
        return file;
    }

    int listener = -1;
    int first = -1;
    int idle_listener = -1;
    sockaddr_un target{};
    sockaddr_un idle_target{};
    socklen_t target_size = 0;
};

// A child process that runs until its standard input ends.
pid_t spawn_reader(const Pipe& input)
{
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, input.reader(), STDIN_FILENO);
    std::string name = "cat";
    std::array<char*, 2> arguments{name.data(), nullptr};
    pid_t pid = -1;
    EXPECT_EQ(posix_spawnp(&pid, "cat", &actions, nullptr, arguments.data(), environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    return pid;
}

// MN-05: likewise when they are in poll, read, nanosleep, wait, accept or connect.
TEST_P(TwoLevel, S05ReadyThreadRunsWhateverCallTheLwpsAreIn)
{
    const CountingHandler handler{SIGUSR1};
    const Pipe empty;
    const Pipe polled;
    auto child_input = std::make_unique<Pipe>();
    const pid_t child_process = spawn_reader(*child_input);
    const Calls calls;
    latch::Counter entered;
    std::atomic<bool> sleeper_left{false};

    std::vector<thread_t> blockers;
    blockers.push_back(start([&] {
        entered.add(1);
        EXPECT_TRUE(empty.read_one());
    }));
    blockers.push_back(start([&] {
        entered.add(1);
        EXPECT_TRUE(polled.poll_for(3 * kKernelPatience));
    }));
    const thread_t sleeper = start([&] {
        entered.add(1);
        const timespec long_time{3600, 0};
        EXPECT_EQ(nanosleep(&long_time, nullptr), -1);
        sleeper_left = true;
    });
    blockers.push_back(start([&] {
        entered.add(1);
        int status = 0;
        pid_t ended = -1;
        do {
            ended = waitpid(child_process, &status, 0);
        } while (ended < 0 && errno == EINTR);
        EXPECT_EQ(ended, child_process);
    }));
    blockers.push_back(start([&] {
        entered.add(1);
        const int file = accept(calls.idle_listener, nullptr, nullptr);
        EXPECT_GE(file, 0);
        close(file);
    }));
    blockers.push_back(start([&] {
        entered.add(1);
        close(calls.connect_to(calls.target));
    }));
    EXPECT_TRUE(entered.wait_for([](int count) { return count == 6; }));
    for (int round = 0; round < 5; ++round) {
        expect_ready_thread_runs();
    }
    for (const thread_t id : blockers) {
        EXPECT_TRUE(is_alive(id));
    }

    empty.write_one();
    polled.write_one();
    child_input.reset();
    const int visitor = calls.connect_to(calls.idle_target);
    close(accept(calls.listener, nullptr, nullptr));
    for (const thread_t id : blockers) {
        join(id);
    }
    close(visitor);
    // Again and again: the first signal may come before the sleep.
    EXPECT_TRUE(bounded::until([&] {
        thr_kill(sleeper, SIGUSR1);
        return sleeper_left.load();
    }));
    join(sleeper);
}

// MN-06: with all threads blocked in the kernel and none ready, no LWP is added.
TEST_P(TwoLevel, S06AddsNoLwpWithoutAReadyThread)
{
    LT_NEEDS_TWO_LEVELS();
    const Pipe empty;
    const Pipe never;
    constexpr int kReaders = 4;
    std::array<std::atomic<long>, kReaders> tasks{};
    std::vector<thread_t> readers;
    for (auto& task : tasks) {
        readers.push_back(start([&] {
            task = kernel_id();
            EXPECT_TRUE(empty.read_one());
        }));
    }
    ASSERT_TRUE(bounded::until([&] {
        return std::all_of(tasks.begin(), tasks.end(),
                           [](auto& task) { return task != 0 && is_asleep_in_kernel(task); });
    }));
    // A spare LWP made after the last growth is no addition: wait until the number stands still.
    int count = -1;
    ASSERT_TRUE(bounded::until([&] {
        const int before = std::exchange(count, kernel_task_count());
        return count == before && !never.poll_for(50ms) && kernel_task_count() == count;
    }));
    const auto growths = platform::pool().growths;
    const auto pool = platform::pool().lwps;
    EXPECT_FALSE(never.poll_for(300ms));
    EXPECT_EQ(platform::pool().growths, growths);
    EXPECT_LE(platform::pool().lwps, pool);
    EXPECT_LE(kernel_task_count(), count + 1);  // the spare may come late, on a slow machine
    for (int i = 0; i < kReaders; ++i) {
        empty.write_one();
    }
    for (const thread_t id : readers) {
        join(id);
    }
}

// MN-07: a wait on a USYNC_PROCESS object is like one in the kernel: others still run.
TEST_P(TwoLevel, S07ReadyThreadRunsAlthoughOthersWaitForSharedObjects)
{
    constexpr int kWaiters = 4;
    sema_t sema;
    ASSERT_EQ(sema_init(&sema, 0, USYNC_PROCESS, nullptr), 0);
    mutex_t mutex;
    ASSERT_EQ(mutex_init(&mutex, USYNC_PROCESS, nullptr), 0);
    mutex_lock(&mutex);
    latch::Counter entered;
    std::vector<thread_t> waiters;
    for (int i = 0; i < kWaiters; ++i) {
        waiters.push_back(start([&, i] {
            entered.add(1);
            if (i % 2 == 0) {
                EXPECT_EQ(sema_wait(&sema), 0);
            } else {
                EXPECT_EQ(mutex_lock(&mutex), 0);
                EXPECT_EQ(mutex_unlock(&mutex), 0);
            }
        }));
    }
    EXPECT_TRUE(entered.wait_for([](int count) { return count == kWaiters; }));
    for (int round = 0; round < 5; ++round) {
        expect_ready_thread_runs();
    }
    mutex_unlock(&mutex);
    for (int i = 0; i < kWaiters; i += 2) {
        sema_post(&sema);
    }
    for (const thread_t id : waiters) {
        join(id);
    }
}

}  // namespace
}  // namespace conformance
