// Process-shared objects, synch(3C): they work between processes that map them at different
// addresses.
#include <synch.h>
#include <thread.h>

#include <sys/wait.h>

#include <cstddef>

#include "shared_segment.h"

namespace conformance {
namespace {

INSTANTIATE_TEST_SUITE_P(, SynchShared, bindings(), binding_name);

const child::Program forks_and_increments{
    "forks_and_increments", [] {
        void* const at = mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE,
                              MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        auto& shared = *static_cast<Shared*>(at);
        shared.init();
        const pid_t other = fork();
        if (other < 0) {
            return 1;
        }
        increment(shared);
        if (other == 0) {
            _exit(0);
        }
        int status = 0;
        if (waitpid(other, &status, 0) != other || status != 0) {
            return 2;
        }
        return shared.total == 2L * kRounds ? 0 : 3;
    }};

// PSHARED-01: a mutex in shared memory excludes parent and forked child from each other.
TEST_P(SynchShared, S01MutexExcludesParentAndForkedChild)
{
    expect_child(forks_and_increments);
}

const child::Program increments{"increments", [] {
                                    increment(find_segment());
                                    return 0;
                                }};

// PSHARED-02: and two programs that map one file at different addresses.
TEST_P(SynchShared, S02MutexExcludesUnrelatedProcesses)
{
    const thread_t first = start([this] { increment(*shared_); });
    const thread_t second = start([this] { increment(*shared_); });
    expect_child(increments);
    join(first);
    join(second);
    EXPECT_EQ(shared_->total, 3L * kRounds);
}

const child::Program increments_system_v{"increments_system_v", [] {
                                             increment(SystemVSegment::attach(child::argument()));
                                             return 0;
                                         }};

// PSHARED-03: likewise in System V shared memory.
TEST_P(SynchShared, S03MutexExcludesInSystemVMemory)
{
    const SystemVSegment segment;
    const thread_t mine = start([&] { increment(*segment); });
    expect_child(increments_system_v, 0, segment.id());
    join(mine);
    EXPECT_EQ((*segment).total, 2L * kRounds);
}

const child::Program dies_holding{"dies_holding", [] { return mutex_lock(&find_segment().mutex); }};

// PSHARED-08: a mutex that is not robust stays locked when its owner's process ends.
TEST_P(SynchShared, S08DeadOwnerKeepsTheMutex)
{
    expect_child(dies_holding);
    EXPECT_EQ(mutex_trylock(&shared_->mutex), EBUSY);
}

const child::Program fork_copies{"fork_copies", [] {
                                     static mutex_t mutex = DEFAULTMUTEX;
                                     mutex_lock(&mutex);
                                     const pid_t other = fork();
                                     if (other == 0) {
                                         const int error = mutex_unlock(&mutex);
                                         _exit(error != 0 ? error : mutex_trylock(&mutex));
                                     }
                                     int status = 0;
                                     waitpid(other, &status, 0);
                                     if (status != 0) {
                                         return 1;
                                     }
                                     return mutex_trylock(&mutex) == EBUSY ? 0 : 2;
                                 }};

// PSHARED-09: a private object's copy in a forked child is independent of the parent's.
TEST_P(SynchShared, S09PrivateObjectIsCopiedByFork)
{
    expect_child(fork_copies);
}

const child::Program asks_whether_held{"asks_whether_held", [] {
                                           Shared& shared = find_segment();
                                           const bool held = mutex_held(&shared.mutex) != 0 ||
                                                             rw_write_held(&shared.lock) != 0;
                                           return held ? 1 : 7;
                                       }};

// PSHARED-12: mutex_held is false in another process, though the thread has the same number there.
TEST_P(SynchShared, S12HeldIsFalseInAnotherProcess)
{
    mutex_lock(&shared_->mutex);
    rw_wrlock(&shared_->lock);
    EXPECT_EQ(mutex_held(&shared_->mutex), 1);
    EXPECT_TRUE(rw_write_held(&shared_->lock));
    expect_child(asks_whether_held, 7);
    EXPECT_EQ(rw_unlock(&shared_->lock), 0);
    EXPECT_EQ(mutex_unlock(&shared_->mutex), 0);
}

// PSHARED-14: sizes and alignments are Solaris', so a shared structure keeps its offsets.
TEST_P(SynchShared, S14StructuresKeepTheirOffsets)
{
    struct Legacy {
        int magic;
        mutex_t mutex;
        char tag;
        cond_t cond;
        sema_t sema;
        short version;
        rwlock_t lock;
        char end;
    };
    EXPECT_EQ(offsetof(Legacy, mutex), 8U);
    EXPECT_EQ(offsetof(Legacy, tag), 32U);
    EXPECT_EQ(offsetof(Legacy, cond), 40U);
    EXPECT_EQ(offsetof(Legacy, sema), 56U);
    EXPECT_EQ(offsetof(Legacy, version), 104U);
    EXPECT_EQ(offsetof(Legacy, lock), 112U);
    EXPECT_EQ(offsetof(Legacy, end), 176U);
    EXPECT_EQ(sizeof(Legacy), 184U);
}

}  // namespace
}  // namespace conformance
