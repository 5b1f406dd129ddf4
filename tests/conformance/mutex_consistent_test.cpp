// mutex_consistent(3C): robust mutexes whose owner is a thread that ends.
#include <cstring>

#include "robust_support.h"

namespace conformance {
namespace {

class MutexConsistent : public RobustTest {};
INSTANTIATE_TEST_SUITE_P(, MutexConsistent, bindings(), binding_name);

// ROBUST-01: a robust mutex is initialised in zeroed memory.
// ROBUST-02: a second initialisation with the same type gives EBUSY and changes nothing.
// ROBUST-03: one with another type gives EINVAL.
TEST_P(MutexConsistent, S01IsInitialisedOnce)
{
    for (const int type : kRobustTypes) {
        mutex_t mutex{};
        EXPECT_EQ(mutex_init(&mutex, type, nullptr), 0) << type;
        EXPECT_EQ(mutex_init(&mutex, type, nullptr), EBUSY) << type;
        EXPECT_EQ(mutex_init(&mutex, type | LOCK_RECURSIVE, nullptr), EINVAL) << type;
        ASSERT_EQ(mutex_lock(&mutex), 0);
        EXPECT_EQ(mutex_init(&mutex, type, nullptr), EBUSY) << "held";
        EXPECT_EQ(trylock_elsewhere(mutex), EBUSY);
        EXPECT_EQ(mutex_unlock(&mutex), 0);
        expect_works(mutex);
    }
}

// ROBUST-04: the owner thread ends with it: the next locker gets EOWNERDEAD, and the mutex.
// ROBUST-07: so does one who only tries.
// ROBUST-08: made consistent and unlocked, it is a mutex again.
// ROBUST-24: the same for one of this process.
TEST_P(MutexConsistent, S04EndOfTheOwnerThread)
{
    for (const int type : kRobustTypes) {
        mutex_t mutex{};
        ASSERT_EQ(mutex_init(&mutex, type, nullptr), 0);
        abandon(mutex);
        EXPECT_EQ(mutex_lock(&mutex), EOWNERDEAD) << type;
        EXPECT_TRUE(mutex_held(&mutex));
        EXPECT_EQ(trylock_elsewhere(mutex), EBUSY);
        EXPECT_EQ(mutex_consistent(&mutex), 0);
        EXPECT_EQ(mutex_unlock(&mutex), 0);
        expect_works(mutex);
        abandon(mutex);
        EXPECT_EQ(mutex_trylock(&mutex), EOWNERDEAD) << type;
        EXPECT_EQ(mutex_consistent(&mutex), 0);
        EXPECT_EQ(mutex_unlock(&mutex), 0);
        expect_works(mutex);
    }
}

// ROBUST-04: waiters asleep are woken by the end of the owner, one with EOWNERDEAD.
TEST_P(MutexConsistent, S04WakesWaiters)
{
    for (const int type : kRobustTypes) {
        mutex_t mutex{};
        ASSERT_EQ(mutex_init(&mutex, type, nullptr), 0);
        latch::Gate leave;
        std::atomic<bool> taken{false};
        const thread_t owner = start([&] {
            EXPECT_EQ(mutex_lock(&mutex), 0);
            taken = true;
            leave.wait();
        });
        ASSERT_TRUE(bounded::until([&] { return taken.load(); }));
        std::atomic<int> told{0};
        std::atomic<int> took{0};
        std::vector<thread_t> waiters;
        for (int i = 0; i < 3; ++i) {
            waiters.push_back(start([&] {
                const int error = mutex_lock(&mutex);
                ++took;
                if (error == EOWNERDEAD) {
                    ++told;
                    EXPECT_EQ(mutex_consistent(&mutex), 0);
                } else {
                    EXPECT_EQ(error, 0);
                }
                EXPECT_EQ(mutex_unlock(&mutex), 0);
            }));
            if (is_private(type)) {
                ASSERT_TRUE(sleeps_on(waiters.back(), &mutex));
            }
        }
        leave.open();
        join(owner);
        for (const thread_t id : waiters) {
            join(id);
        }
        EXPECT_EQ(took, 3);
        EXPECT_EQ(told, 1);
    }
}

// ROBUST-09: unlocked without mutex_consistent, the mutex gives ENOTRECOVERABLE and is not held.
// ROBUST-11: also to who only tries.
// ROBUST-17: destroyed, zeroed and initialised again, it works.
TEST_P(MutexConsistent, S09UnlockWithoutRepairLosesIt)
{
    for (const int type : kRobustTypes) {
        mutex_t mutex{};
        ASSERT_EQ(mutex_init(&mutex, type, nullptr), 0);
        abandon(mutex);
        lose(mutex);
        EXPECT_EQ(mutex_lock(&mutex), ENOTRECOVERABLE) << type;
        EXPECT_FALSE(mutex_held(&mutex));
        EXPECT_EQ(mutex_lock(&mutex), ENOTRECOVERABLE) << "still";
        EXPECT_EQ(mutex_trylock(&mutex), ENOTRECOVERABLE);
        EXPECT_EQ(trylock_elsewhere(mutex), ENOTRECOVERABLE);
        EXPECT_EQ(mutex_consistent(&mutex), EINVAL);
        EXPECT_EQ(mutex_unlock(&mutex), EPERM);
        EXPECT_EQ(mutex_destroy(&mutex), 0);
        std::memset(&mutex, 0, sizeof mutex);
        EXPECT_EQ(mutex_init(&mutex, type, nullptr), 0);
        expect_works(mutex);
    }
}

// ROBUST-10: all who wait at that unlock get ENOTRECOVERABLE.
TEST_P(MutexConsistent, S10LossReachesAllWaiters)
{
    for (const int type : kRobustTypes) {
        mutex_t mutex{};
        ASSERT_EQ(mutex_init(&mutex, type, nullptr), 0);
        abandon(mutex);
        ASSERT_EQ(mutex_lock(&mutex), EOWNERDEAD);
        std::atomic<int> arrived{0};
        std::vector<thread_t> waiters;
        for (int i = 0; i < 20; ++i) {
            waiters.push_back(start([&] {
                ++arrived;
                EXPECT_EQ(mutex_lock(&mutex), ENOTRECOVERABLE);
            }));
            if (is_private(type)) {
                ASSERT_TRUE(sleeps_on(waiters.back(), &mutex));
            }
        }
        ASSERT_TRUE(bounded::until([&] { return arrived == 20; }));
        EXPECT_EQ(mutex_unlock(&mutex), 0);
        for (const thread_t id : waiters) {
            join(id);
        }
    }
}

// ROBUST-12: who was to repair it ends before unlock: EOWNERDEAD again.
TEST_P(MutexConsistent, S12EndOfTheRepairer)
{
    for (const int type : kRobustTypes) {
        mutex_t mutex{};
        ASSERT_EQ(mutex_init(&mutex, type, nullptr), 0);
        abandon(mutex);
        abandon(mutex, EOWNERDEAD);
        EXPECT_EQ(mutex_lock(&mutex), EOWNERDEAD) << type;
        EXPECT_EQ(mutex_consistent(&mutex), 0);
        EXPECT_EQ(mutex_unlock(&mutex), 0);
        expect_works(mutex);
    }
}

// ROBUST-13: mutex_consistent by another than the owner gives EINVAL.
// ROBUST-14: so it does for a mutex that is not robust.
// ROBUST-15: and for one that is consistent.
// ROBUST-16: unlock by another than the owner gives EPERM.
TEST_P(MutexConsistent, S13RefusesWhatIsNotTheCallers)
{
    for (const int type : kRobustTypes) {
        mutex_t mutex{};
        ASSERT_EQ(mutex_init(&mutex, type, nullptr), 0);
        EXPECT_EQ(mutex_unlock(&mutex), EPERM) << "free";
        EXPECT_EQ(mutex_consistent(&mutex), EINVAL) << "free";
        abandon(mutex);
        EXPECT_EQ(mutex_consistent(&mutex), EINVAL) << "not taken";
        ASSERT_EQ(mutex_lock(&mutex), EOWNERDEAD);
        join(start([&] {
            EXPECT_EQ(mutex_consistent(&mutex), EINVAL);
            EXPECT_EQ(mutex_unlock(&mutex), EPERM);
        }));
        EXPECT_EQ(mutex_consistent(&mutex), 0);
        EXPECT_EQ(mutex_consistent(&mutex), EINVAL) << "consistent";
        EXPECT_EQ(mutex_unlock(&mutex), 0);
    }
    mutex_t plain = DEFAULTMUTEX;
    ASSERT_EQ(mutex_lock(&plain), 0);
    EXPECT_EQ(mutex_consistent(&plain), EINVAL);
    EXPECT_EQ(mutex_unlock(&plain), 0);
}

// ROBUST-18: cond_wait returns EOWNERDEAD, with the mutex, when the owner has died meanwhile.
// ROBUST-19: ENOTRECOVERABLE, without it, when the mutex was lost.
TEST_P(MutexConsistent, S18ConditionsTellOfTheMutex)
{
    for (const int type : kRobustTypes) {
        mutex_t mutex{};
        cond_t cond = DEFAULTCV;
        ASSERT_EQ(mutex_init(&mutex, type, nullptr), 0);
        EXPECT_EQ(cond_wait(&cond, &mutex), EPERM) << "not held";
        const auto wait = [&](int expected, bool held) {
            return start([&, expected, held] {
                EXPECT_EQ(mutex_lock(&mutex), 0);
                EXPECT_EQ(cond_wait(&cond, &mutex), expected) << type;
                EXPECT_EQ(mutex_held(&mutex) != 0, held);
                if (held) {
                    EXPECT_EQ(mutex_consistent(&mutex), 0);
                    EXPECT_EQ(mutex_unlock(&mutex), 0);
                }
            });
        };
        const thread_t told = wait(EOWNERDEAD, true);
        ASSERT_TRUE(sleeps_on(told, &cond));
        join(start([&] {
            EXPECT_EQ(mutex_lock(&mutex), 0);
            EXPECT_EQ(cond_signal(&cond), 0);
        }));
        join(told);
        expect_works(mutex);

        const thread_t lost = wait(ENOTRECOVERABLE, false);
        ASSERT_TRUE(sleeps_on(lost, &cond));
        abandon(mutex);
        lose(mutex);
        EXPECT_EQ(cond_broadcast(&cond), 0);
        join(lost);
    }
}

// ROBUST-20: as of old, the holder of an inconsistent one repairs it by mutex_init.
TEST_P(MutexConsistent, S20InitRepairs)
{
    for (const int type : kRobustTypes) {
        mutex_t mutex{};
        ASSERT_EQ(mutex_init(&mutex, type, nullptr), 0);
        abandon(mutex);
        ASSERT_EQ(mutex_lock(&mutex), EOWNERDEAD);
        EXPECT_EQ(mutex_init(&mutex, type, nullptr), 0);
        EXPECT_EQ(mutex_unlock(&mutex), 0);
        expect_works(mutex);
    }
}

// ROBUST-25: the depth of a recursive one is gone with its owner.
TEST_P(MutexConsistent, S25DepthStartsAnew)
{
    for (const int robust : kRobustTypes) {
        mutex_t mutex{};
        ASSERT_EQ(mutex_init(&mutex, robust | LOCK_RECURSIVE | LOCK_ERRORCHECK, nullptr), 0);
        join(start([&] {
            for (int i = 0; i < 5; ++i) {
                EXPECT_EQ(mutex_lock(&mutex), 0);
            }
        }));
        EXPECT_EQ(mutex_lock(&mutex), EOWNERDEAD);
        EXPECT_EQ(mutex_lock(&mutex), 0) << "again";
        EXPECT_EQ(mutex_trylock(&mutex), 0) << "again";
        EXPECT_EQ(mutex_consistent(&mutex), 0);
        for (int i = 0; i < 3; ++i) {
            EXPECT_EQ(trylock_elsewhere(mutex), EBUSY);
            EXPECT_EQ(mutex_unlock(&mutex), 0);
        }
        EXPECT_EQ(mutex_unlock(&mutex), EPERM);
        expect_works(mutex);
    }
}

// ROBUST-04: a thread that ends with many leaves none behind.
TEST_P(MutexConsistent, S04ManyAtOnce)
{
    std::vector<mutex_t> mutexes(300);
    for (std::size_t i = 0; i < mutexes.size(); ++i) {
        ASSERT_EQ(mutex_init(&mutexes[i], kRobustTypes[i % 4], nullptr), 0);
    }
    join(start([&] {
        for (mutex_t& mutex : mutexes) {
            EXPECT_EQ(mutex_lock(&mutex), 0);
        }
        for (std::size_t i = 0; i < mutexes.size(); i += 7) {
            EXPECT_EQ(mutex_unlock(&mutexes[i]), 0);
        }
    }));
    for (std::size_t i = 0; i < mutexes.size(); ++i) {
        EXPECT_EQ(mutex_lock(&mutexes[i]), i % 7 == 0 ? 0 : EOWNERDEAD) << i;
        EXPECT_EQ(mutex_consistent(&mutexes[i]), i % 7 == 0 ? EINVAL : 0) << i;
        EXPECT_EQ(mutex_unlock(&mutexes[i]), 0) << i;
    }
}

}  // namespace
}  // namespace conformance
