// mutex_consistent(3C): robust mutexes whose owner is another process that is killed, execs, or
// unmaps them.
#include <signal.h>
#include <unistd.h>

#include "robust_support.h"
#include "shared_segment.h"

namespace conformance {
namespace {

constexpr int kOld = 1;  // argument of the programs: which mutex

mutex_t& mutex_of(Shared& shared, long which)
{
    return which == kOld ? shared.old_robust : shared.robust;
}

[[noreturn]] void die()
{
    kill(getpid(), SIGKILL);
    for (;;) {
        pause();
    }
}

// Takes the mutex as it is, and dies with it.
const child::Program kDiesHolding{"dies_with_robust", [] {
                                      mutex_lock(&mutex_of(find_segment(), child::argument()));
                                      die();
                                      return 0;
                                  }};

// Dies when another has waited for a while.
const child::Program kDiesWaitedFor{
    "dies_waited_for_robust", [] {
        Shared& shared = find_segment();
        mutex_lock(&mutex_of(shared, child::argument()));
        shared.step = 1;
        if (!reaches(shared.step, 2)) {
            return 1;
        }
        static_cast<void>(bounded::holds_for(20ms, [] { return true; }));
        die();
        return 0;
    }};

// Becomes another program that holds nothing and does not end by itself.
const child::Program kExecs{"execs_with_robust", [] {
                                Shared& shared = find_segment();
                                shared.process = getpid();
                                mutex_lock(&mutex_of(shared, child::argument()));
                                shared.step = 1;
                                execl("/bin/sleep", "sleep", "60", nullptr);
                                return 1;
                            }};

// Unmaps what it holds, and lives on.
const child::Program kUnmaps{"unmaps_robust", [] {
                                 Shared& shared = find_segment();
                                 Shared& again = find_segment();
                                 mutex_lock(&mutex_of(shared, child::argument()));
                                 munmap(&shared, sizeof(Shared));
                                 again.step = 1;
                                 return reaches(again.step, 2) ? 0 : 1;
                             }};

// Detaches it, and lives on; the argument is the segment's id and which mutex. An address at which
// no segment begins detaches nothing, and gives up nothing.
const child::Program kDetaches{
    "detaches_robust", [] {
        const long id = child::argument() / 2;
        Shared& shared = SystemVSegment::attach(id);
        Shared& again = SystemVSegment::attach(id);
        Shared& mapped = find_segment();
        mutex_t& mutex = mutex_of(shared, child::argument() % 2);
        mutex_lock(&mapped.robust);
        mutex_lock(&mutex);
        if (shmdt(&mapped) != -1 || errno != EINVAL || shmdt(&shared.total) != -1 ||
            mutex_unlock(&mapped.robust) != 0 || mutex_held(&mutex) == 0) {
            return 2;
        }
        shmdt(&shared);
        again.step = 1;
        return reaches(again.step, 2) ? 0 : 1;
    }};

class MutexConsistentProcess : public SynchShared {
  protected:
    void expect_dies(const child::Program& program, long which)
    {
        const child::Outcome outcome = run_child(program, which);
        EXPECT_EQ(outcome.signal, SIGKILL) << outcome.describe();
    }

    void repair(mutex_t& mutex)
    {
        EXPECT_EQ(mutex_consistent(&mutex), 0);
        EXPECT_EQ(mutex_unlock(&mutex), 0);
        EXPECT_EQ(mutex_lock(&mutex), 0);
        EXPECT_EQ(mutex_unlock(&mutex), 0);
    }
};
INSTANTIATE_TEST_SUITE_P(, MutexConsistentProcess, bindings(), binding_name);

// ROBUST-05: the owner's process is killed: the next locker in another process gets EOWNERDEAD.
// ROBUST-21: so it does with USYNC_PROCESS_ROBUST.
TEST_P(MutexConsistentProcess, S05KilledOwner)
{
    for (const int which : {0, kOld}) {
        mutex_t& mutex = mutex_of(*shared_, which);
        expect_dies(kDiesHolding, which);
        EXPECT_EQ(mutex_lock(&mutex), EOWNERDEAD) << which;
        EXPECT_TRUE(mutex_held(&mutex));
        repair(mutex);
    }
}

// ROBUST-06: one that sleeps in another process is woken.
TEST_P(MutexConsistentProcess, S06WakesAWaiter)
{
    for (const int which : {0, kOld}) {
        shared_->step = 0;
        mutex_t& mutex = mutex_of(*shared_, which);
        const thread_t waiter = start([&] {
            EXPECT_TRUE(reaches(shared_->step, 1));
            shared_->step = 2;
            EXPECT_EQ(mutex_lock(&mutex), EOWNERDEAD);
            repair(mutex);
        });
        expect_dies(kDiesWaitedFor, which);
        join(waiter);
    }
}

// ROBUST-07: one who only tries is told too.
TEST_P(MutexConsistentProcess, S07TriesAfterTheOwnerWasKilled)
{
    expect_dies(kDiesHolding, 0);
    EXPECT_EQ(mutex_trylock(&shared_->robust), EOWNERDEAD);
    repair(shared_->robust);
}

// ROBUST-12: the process that was to repair it is killed: EOWNERDEAD again.
TEST_P(MutexConsistentProcess, S12KilledRepairer)
{
    expect_dies(kDiesHolding, 0);
    expect_dies(kDiesHolding, 0);
    EXPECT_EQ(mutex_lock(&shared_->robust), EOWNERDEAD);
    repair(shared_->robust);
}

// ROBUST-22: the owner execs: ELOCKUNMAPPED, with the mutex, if it is USYNC_PROCESS_ROBUST.
// ROBUST-23: EOWNERDEAD if it is LOCK_ROBUST.
TEST_P(MutexConsistentProcess, S22OwnerExecs)
{
    for (const int which : {0, kOld}) {
        shared_->step = 0;
        mutex_t& mutex = mutex_of(*shared_, which);
        const thread_t runner = start([&] { expect_dies(kExecs, which); });
        EXPECT_TRUE(reaches(shared_->step, 1));
        EXPECT_EQ(mutex_lock(&mutex), which == kOld ? ELOCKUNMAPPED : EOWNERDEAD);
        EXPECT_TRUE(mutex_held(&mutex));
        EXPECT_EQ(kill(shared_->process, SIGKILL), 0);
        join(runner);
        repair(mutex);
    }
}

// ROBUST-22: the owner unmaps it.
TEST_P(MutexConsistentProcess, S22OwnerUnmaps)
{
    for (const int which : {0, kOld}) {
        shared_->step = 0;
        mutex_t& mutex = mutex_of(*shared_, which);
        const thread_t runner = start([&] { expect_child(kUnmaps, 0, which); });
        EXPECT_TRUE(reaches(shared_->step, 1));
        EXPECT_EQ(mutex_lock(&mutex), which == kOld ? ELOCKUNMAPPED : EOWNERDEAD);
        repair(mutex);
        shared_->step = 2;
        join(runner);
    }
}

// ROBUST-22: the owner detaches the System V memory in which it lies.
TEST_P(MutexConsistentProcess, S22OwnerDetaches)
{
    for (const int which : {0, kOld}) {
        const SystemVSegment segment;
        mutex_t& mutex = mutex_of(*segment, which);
        const thread_t runner =
            start([&] { expect_child(kDetaches, 0, 2 * segment.id() + which); });
        EXPECT_TRUE(reaches((*segment).step, 1));
        EXPECT_EQ(mutex_lock(&mutex), which == kOld ? ELOCKUNMAPPED : EOWNERDEAD);
        repair(mutex);
        (*segment).step = 2;
        join(runner);
    }
}

}  // namespace
}  // namespace conformance
