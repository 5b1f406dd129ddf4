// mutex_init(3C), mutex_destroy: making and forgetting mutexes.
#include <synch.h>
#include <thread.h>

#include <sys/mman.h>

#include <cstring>

#include "sync_support.h"

namespace conformance {
namespace {

class MutexInit : public ThreadTest {
  protected:
    // Whether another thread could take the mutex.
    [[nodiscard]] int trylock_elsewhere(mutex_t& mutex)
    {
        int result = -1;
        join(start([&] {
            result = mutex_trylock(&mutex);
            if (result == 0) {
                mutex_unlock(&mutex);
            }
        }));
        return result;
    }

    void expect_excludes(mutex_t& mutex)
    {
        EXPECT_EQ(mutex_lock(&mutex), 0);
        EXPECT_EQ(trylock_elsewhere(mutex), EBUSY);
        EXPECT_EQ(mutex_unlock(&mutex), 0);
        EXPECT_EQ(trylock_elsewhere(mutex), 0);
    }
};
INSTANTIATE_TEST_SUITE_P(, MutexInit, bindings(), binding_name);

// MUTEX-01: a zero-filled mutex works.
TEST_P(MutexInit, S01ZeroFilledMutexWorks)
{
    mutex_t mutex;
    std::memset(&mutex, 0, sizeof mutex);
    expect_excludes(mutex);
}

// MUTEX-02: DEFAULTMUTEX works.
TEST_P(MutexInit, S02DefaultmutexWorks)
{
    mutex_t mutex = DEFAULTMUTEX;
    expect_excludes(mutex);
}

// MUTEX-03: both scopes are accepted and give working mutexes.
TEST_P(MutexInit, S03AcceptsBothScopes)
{
    for (const int type : {USYNC_THREAD, USYNC_PROCESS}) {
        mutex_t mutex;
        std::memset(&mutex, 0xaa, sizeof mutex);
        ASSERT_EQ(mutex_init(&mutex, type, nullptr), 0) << "type " << type;
        expect_excludes(mutex);
        EXPECT_EQ(mutex_destroy(&mutex), 0);
    }
}

// MUTEX-04: undefined type bits give EINVAL.
TEST_P(MutexInit, S04RefusesUndefinedTypeBits)
{
    for (const int type : {0x8000, 0x80, 0x100, 0x8000 | LOCK_RECURSIVE, -1}) {
        mutex_t mutex{};
        EXPECT_EQ(mutex_init(&mutex, type, nullptr), EINVAL) << "type " << type;
    }
}

// MUTEX-05: both priority protocols at once give EINVAL.
TEST_P(MutexInit, S05RefusesTwoPriorityProtocols)
{
    mutex_t mutex{};
    int ceiling = 50;
    EXPECT_EQ(mutex_init(&mutex, LOCK_PRIO_INHERIT | LOCK_PRIO_PROTECT, &ceiling), EINVAL);
    EXPECT_EQ(mutex_init(&mutex, USYNC_PROCESS | LOCK_PRIO_INHERIT | LOCK_PRIO_PROTECT, &ceiling),
              EINVAL);
}

// MUTEX-06: a ceiling outside the FIFO range 1..99 gives EINVAL; one inside it does not.
TEST_P(MutexInit, S06RefusesCeilingOutsideTheFifoRange)
{
    for (int ceiling : {-1, 0, 100, 100'000}) {
        mutex_t mutex{};
        EXPECT_EQ(mutex_init(&mutex, LOCK_PRIO_PROTECT, &ceiling), EINVAL) << ceiling;
    }
    int ceiling = 50;
    mutex_t mutex{};
    EXPECT_NE(mutex_init(&mutex, LOCK_PRIO_PROTECT, &ceiling), EINVAL);
}

// MUTEX-22: the static forms are what their names say.
TEST_P(MutexInit, S22StaticFormsBehaveAsNamed)
{
    mutex_t recursive = RECURSIVEMUTEX;
    EXPECT_EQ(mutex_lock(&recursive), 0);
    EXPECT_EQ(mutex_lock(&recursive), 0);
    EXPECT_EQ(mutex_unlock(&recursive), 0);
    EXPECT_EQ(trylock_elsewhere(recursive), EBUSY);
    EXPECT_EQ(mutex_unlock(&recursive), 0);
    EXPECT_EQ(trylock_elsewhere(recursive), 0);

    mutex_t checked = ERRORCHECKMUTEX;
    EXPECT_EQ(mutex_unlock(&checked), EPERM);
    EXPECT_EQ(mutex_lock(&checked), 0);
    EXPECT_EQ(mutex_lock(&checked), EDEADLK);
    EXPECT_EQ(mutex_unlock(&checked), 0);

    mutex_t both = RECURSIVE_ERRORCHECKMUTEX;
    EXPECT_EQ(mutex_unlock(&both), EPERM);
    EXPECT_EQ(mutex_lock(&both), 0);
    EXPECT_EQ(mutex_lock(&both), 0);
    EXPECT_EQ(mutex_unlock(&both), 0);
    EXPECT_EQ(mutex_unlock(&both), 0);
    EXPECT_EQ(mutex_unlock(&both), EPERM);
}

// MUTEX-26: mutex_destroy gives 0 on any mutex, a held one included; the memory can be used anew.
TEST_P(MutexInit, S26DestroyAcceptsAnyMutex)
{
    mutex_t fresh{};
    EXPECT_EQ(mutex_destroy(&fresh), 0);

    mutex_t held = DEFAULTMUTEX;
    EXPECT_EQ(mutex_lock(&held), 0);
    EXPECT_EQ(mutex_destroy(&held), 0);
    ASSERT_EQ(mutex_init(&held, USYNC_THREAD, nullptr), 0);
    expect_excludes(held);
}

// MUTEX-27: a destroyed mutex may be initialised again, as another type too.
TEST_P(MutexInit, S27CanBeInitialisedAgain)
{
    mutex_t mutex;
    ASSERT_EQ(mutex_init(&mutex, USYNC_THREAD, nullptr), 0);
    expect_excludes(mutex);
    ASSERT_EQ(mutex_destroy(&mutex), 0);
    ASSERT_EQ(mutex_init(&mutex, USYNC_THREAD | LOCK_ERRORCHECK, nullptr), 0);
    EXPECT_EQ(mutex_lock(&mutex), 0);
    EXPECT_EQ(mutex_lock(&mutex), EDEADLK);
    EXPECT_EQ(mutex_unlock(&mutex), 0);
}

// MUTEX-28: a misaligned address gives EINVAL.
TEST_P(MutexInit, S28RefusesMisalignedAddress)
{
    alignas(mutex_t) std::array<unsigned char, 2 * sizeof(mutex_t)> bytes{};
    void* const odd = bytes.data() + 4;
    EXPECT_EQ(mutex_init(static_cast<mutex_t*>(odd), USYNC_THREAD, nullptr), EINVAL);
    void* const even = bytes.data() + 8;
    EXPECT_EQ(mutex_init(static_cast<mutex_t*>(even), USYNC_THREAD, nullptr), 0);
}

// MUTEX-31: whoever took the mutex last may destroy and unmap it after its unlock, although the
// unlock that let it in may not have returned yet in the other thread.
TEST_P(MutexInit, S31MayBeUnmappedAfterTheLastUnlock)
{
    constexpr int kRounds = 500;
    constexpr std::size_t kPage = 4096;
    for (int round = 0; round < kRounds; ++round) {
        void* const page =
            mmap(nullptr, kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        ASSERT_NE(page, MAP_FAILED);
        auto* const mutex = static_cast<mutex_t*>(page);
        std::atomic<bool> ready{false};
        mutex_lock(mutex);
        const thread_t last = start([&] {
            ready = true;
            mutex_lock(mutex);
            mutex_unlock(mutex);
            mutex_destroy(mutex);
            // Not unmapped: nobody else may get the address, a late access must fault.
            mprotect(page, kPage, PROT_NONE);
        });
        ASSERT_TRUE(bounded::until([&] { return ready.load(); }));
        if (round % 2 == 0) {
            EXPECT_TRUE(sleeps_on(last, mutex));
        }
        mutex_unlock(mutex);
        join(last);
        munmap(page, kPage);
    }
}

}  // namespace
}  // namespace conformance
