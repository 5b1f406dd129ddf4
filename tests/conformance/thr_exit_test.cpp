// thr_exit(3C): the end of one thread.
#include <thread.h>

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "conformance/c89/cleanup_frames.h"
#include "conformance/fixture.h"
#include "conformance/signal_sets.h"

namespace conformance {
namespace {

class ThrExit : public ThreadTest {};

INSTANTIATE_TEST_SUITE_P(Threads, ThrExit, bindings(), binding_name);

// THR-EXIT-01: the joiner gets the status given to thr_exit.
TEST_P(ThrExit, S01DeliversTheStatusToTheJoiner)
{
    int object = 0;
    EXPECT_EQ(join(start([&]() -> void* { thr_exit(&object); })), &object);
}

// THR-EXIT-02: only the calling thread ends.
TEST_P(ThrExit, S02EndsTheCallingThreadOnly)
{
    std::atomic<int> progress{0};
    std::atomic<bool> stop{false};
    const thread_t other = start([&] {
        while (!stop.load()) {
            progress.fetch_add(1);
            thr_yield();
        }
    });
    join(start([] { thr_exit(nullptr); }));
    const int before = progress.load();
    EXPECT_TRUE(bounded::until([&] { return progress.load() > before + 10; }));
    stop.store(true);
    join(other);
}

std::vector<int>* notes = nullptr;

void note(int number)
{
    notes->push_back(number);
}

void note_number(void* number)
{
    note(static_cast<int>(reinterpret_cast<std::uintptr_t>(number)));
}

// THR-EXIT-09: cleanup handlers that were not popped run newest first: those of C frames.
TEST_P(ThrExit, S09RunsCleanupHandlersOfCNewestFirst)
{
    std::vector<int> noted;
    notes = &noted;
    EXPECT_EQ(join(start([] { leave_with_cleanups(note, thr_exit, as_pointer(77)); })),
              as_pointer(77));
    EXPECT_EQ(noted, (std::vector<int>{3, 2, 1}));
}

// THR-EXIT-09: and those of C++ frames, where the popped one does not run.
TEST_P(ThrExit, S09RunsCleanupHandlersOfCxxNewestFirst)
{
    std::vector<int> noted;
    notes = &noted;
    join(start([] {
        pthread_cleanup_push(note_number, as_pointer(1));
        pthread_cleanup_push(note_number, as_pointer(2));
        pthread_cleanup_push(note_number, as_pointer(3));
        pthread_cleanup_pop(0);
        thr_exit(nullptr);
        pthread_cleanup_pop(0);
        pthread_cleanup_pop(0);
    }));
    EXPECT_EQ(noted, (std::vector<int>{2, 1}));
}

void note_and_exit(int number)
{
    note(number);
    if (number == 2) {
        thr_exit(as_pointer(78));
    }
}

void note_and_exit_deeper(int number)
{
    note(number);
    if (number == 2) {
        leave_with_cleanups(note, thr_exit, as_pointer(79));
    }
}

void wait_to_be_cancelled(void* self)
{
    static_cast<std::atomic<pthread_t>*>(self)->store(pthread_self());
    for (;;) {
        thr_yield();
        pthread_testcancel();
    }
}

// THR-EXIT-09: a handler that calls thr_exit itself is not run again; the rest are.
TEST_P(ThrExit, S09AHandlerThatExitsRunsOnce)
{
    std::vector<int> noted;
    notes = &noted;
    EXPECT_EQ(join(start([] { leave_with_cleanups(note_and_exit, thr_exit, as_pointer(77)); })),
              as_pointer(78));
    EXPECT_EQ(noted, (std::vector<int>{3, 2, 1}));
    noted.clear();
    EXPECT_EQ(
        join(start([] { leave_with_cleanups(note_and_exit_deeper, thr_exit, as_pointer(77)); })),
        as_pointer(79));
    EXPECT_EQ(noted, (std::vector<int>{3, 2, 3, 2, 1, 1}));
    noted.clear();
    std::atomic<pthread_t> self{};
    const thread_t id =
        start([&] { leave_with_cleanups(note_and_exit, wait_to_be_cancelled, &self); });
    ASSERT_TRUE(bounded::until([&] { return self.load() != pthread_t{}; }));
    EXPECT_EQ(pthread_cancel(self.load()), 0);
    EXPECT_EQ(join(id), as_pointer(78));
    EXPECT_EQ(noted, (std::vector<int>{3, 2, 1}));
}

std::atomic<int> destroyed{0};
std::atomic<void*> last_destroyed{nullptr};

void count_destroyed(void* value)
{
    destroyed.fetch_add(1);
    last_destroyed.store(value);
}

// THR-EXIT-10: destructors of thread-specific data run on thr_exit and on return, once each.
TEST_P(ThrExit, S10RunsDestructorsOnExitAndOnReturn)
{
    static thread_key_t key = THR_ONCE_KEY;
    ASSERT_EQ(thr_keycreate_once(&key, count_destroyed), 0);
    int by_exit = 0;
    int by_return = 0;

    destroyed.store(0);
    join(start([&] {
        thr_setspecific(key, &by_exit);
        thr_exit(nullptr);
    }));
    EXPECT_EQ(destroyed.load(), 1);
    EXPECT_EQ(last_destroyed.load(), &by_exit);

    join(start([&] { thr_setspecific(key, &by_return); }));
    EXPECT_EQ(destroyed.load(), 2);
    EXPECT_EQ(last_destroyed.load(), &by_return);
}

void exit_anew(void* status)
{
    thr_exit(status);
}

// THR-EXIT-10: a destructor may call thr_exit itself. The others still run.
TEST_P(ThrExit, S10EndsAThreadWhoseDestructorCallsIt)
{
    std::vector<int> seen;
    notes = &seen;
    thread_key_t key = 0;
    thread_key_t other_key = 0;
    ASSERT_EQ(thr_keycreate(&key, &exit_anew), 0);
    ASSERT_EQ(thr_keycreate(&other_key, &note_number), 0);
    int object = 0;
    for (const bool returns : {true, false}) {
        seen.clear();
        void* status = join(start([&]() -> void* {
            EXPECT_EQ(thr_setspecific(key, &object), 0);
            EXPECT_EQ(thr_setspecific(other_key, reinterpret_cast<void*>(7)), 0);
            if (!returns) {
                thr_exit(nullptr);
            }
            return nullptr;
        }));
        EXPECT_EQ(status, &object);
        EXPECT_EQ(seen, std::vector<int>{7});
    }
}

// THR-EXIT-11: cleanup handlers run before destructors of thread-specific data.
TEST_P(ThrExit, S11RunsCleanupHandlersBeforeDestructors)
{
    static thread_key_t key = THR_ONCE_KEY;
    ASSERT_EQ(thr_keycreate_once(&key, note_number), 0);
    std::vector<int> noted;
    notes = &noted;
    join(start([] {
        thr_setspecific(key, as_pointer(9));
        leave_with_cleanups(note, thr_exit, nullptr);
    }));
    EXPECT_EQ(noted, (std::vector<int>{3, 2, 1, 9}));
}

void store_mask(void* place)
{
    thr_sigsetmask(SIG_BLOCK, nullptr, static_cast<sigset_t*>(place));
}

void expect_full(const sigset_t& mask)
{
    const std::vector<int> blocked_numbers = numbers_in(mask);
    const std::vector<int> wanted = maskable_signals();
    EXPECT_TRUE(
        std::includes(blocked_numbers.begin(), blocked_numbers.end(), wanted.begin(), wanted.end()))
        << testing::PrintToString(blocked_numbers);
}

// THR-EXIT-12: all signals are blocked in destructors and in cleanup handlers.
TEST_P(ThrExit, S12BlocksAllSignalsInDestructorsAndHandlers)
{
    static thread_key_t key = THR_ONCE_KEY;
    ASSERT_EQ(thr_keycreate_once(&key, store_mask), 0);
    sigset_t in_handler;
    sigset_t in_destructor;
    sigset_t in_destructor_on_return;
    sigemptyset(&in_handler);
    sigemptyset(&in_destructor);
    sigemptyset(&in_destructor_on_return);
    join(start([&] {
        thr_setspecific(key, &in_destructor);
        pthread_cleanup_push(store_mask, &in_handler);
        thr_exit(nullptr);
        pthread_cleanup_pop(0);
    }));
    join(start([&] { thr_setspecific(key, &in_destructor_on_return); }));
    expect_full(in_handler);
    expect_full(in_destructor);
    expect_full(in_destructor_on_return);
}

// THR-EXIT-13: a mutex held at the end stays locked.
TEST_P(ThrExit, S13LeavesAMutexLocked)
{
    mutex_t mutex = DEFAULTMUTEX;
    join(start([&] {
        mutex_lock(&mutex);
        thr_exit(nullptr);
    }));
    EXPECT_EQ(mutex_trylock(&mutex), EBUSY);
}

// THR-EXIT-14: file descriptors stay open.
TEST_P(ThrExit, S14LeavesFileDescriptorsOpen)
{
    int ends[2] = {-1, -1};
    join(start([&] {
        EXPECT_EQ(pipe(ends), 0);
        thr_exit(nullptr);
    }));
    char letter = 'x';
    EXPECT_EQ(write(ends[1], &letter, 1), 1);
    letter = 0;
    EXPECT_EQ(read(ends[0], &letter, 1), 1);
    EXPECT_EQ(letter, 'x');
    close(ends[0]);
    close(ends[1]);
}

struct NoteEnd {
    explicit NoteEnd(int given) : number{given} {}
    NoteEnd(const NoteEnd&) = delete;
    NoteEnd& operator=(const NoteEnd&) = delete;
    ~NoteEnd() { note(number); }
    int number;
};

[[gnu::noinline]] void leave_at_depth(int depth, void (*leave)(void*))
{
    const NoteEnd frame{depth};
    if (depth > 0) {
        leave_at_depth(depth - 1, leave);
    } else {
        leave(as_pointer(5));
    }
}

// THR-EXIT-18: thr_exit in nested frames runs the destructors of their objects.
TEST_P(ThrExit, S18UnwindsNestedFrames)
{
    std::vector<int> noted;
    notes = &noted;
    EXPECT_EQ(join(start([] { leave_at_depth(3, thr_exit); })), as_pointer(5));
    EXPECT_EQ(noted, (std::vector<int>{0, 1, 2, 3}));
}

}  // namespace
}  // namespace conformance
