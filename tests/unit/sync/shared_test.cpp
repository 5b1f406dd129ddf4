// Objects that two processes map, at different addresses.
#include "sync/shared.h"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "crew.h"

namespace lt_test {
namespace {

struct Shared {
    mutex_t mutex;
    cond_t cond;
    sema_t sema;
    sema_t done;
    rwlock_t rwlock;
    long total;
    long turn;
};

class Mapped {
  public:
    Mapped() : file_{::memfd_create("objects", 0)}
    {
        EXPECT_EQ(::ftruncate(file_, sizeof(Shared)), 0);
        shared_ = map();
        EXPECT_EQ(mutex_init(&shared_->mutex, USYNC_PROCESS, nullptr), 0);
        EXPECT_EQ(cond_init(&shared_->cond, USYNC_PROCESS, nullptr), 0);
        EXPECT_EQ(sema_init(&shared_->sema, 0, USYNC_PROCESS, nullptr), 0);
        EXPECT_EQ(sema_init(&shared_->done, 0, USYNC_PROCESS, nullptr), 0);
        EXPECT_EQ(rwlock_init(&shared_->rwlock, USYNC_PROCESS, nullptr), 0);
    }
    Mapped(const Mapped&) = delete;
    Mapped& operator=(const Mapped&) = delete;
    ~Mapped()
    {
        ::munmap(shared_, sizeof(Shared));
        ::close(file_);
    }

    Shared* operator->() const { return shared_; }

    // Runs `work` in a child, which sees the objects at another address.
    template <class Work>
    pid_t in_child(Work work)
    {
        const pid_t child = ::fork();
        if (child == 0) {
            ::alarm(170);
            Shared* elsewhere = map();
            const bool moved = elsewhere != shared_;
            ::munmap(shared_, sizeof(Shared));
            ::_exit(moved && work(*elsewhere) ? 0 : 1);
        }
        return child;
    }

  private:
    Shared* map()
    {
        void* address =
            ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED, file_, 0);
        return static_cast<Shared*>(address);
    }

    int file_;
    Shared* shared_ = nullptr;
};

bool succeeded(pid_t child)
{
    int status = 0;
    return ::waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST(Shared, MutexExcludesBetweenProcesses)
{
    constexpr long kRounds = 50'000;
    Mapped objects;
    const auto count = [](Shared& shared) {
        for (long i = 0; i < kRounds; ++i) {
            if (mutex_lock(&shared.mutex) != 0) {
                return false;
            }
            shared.total = shared.total + 1;
            if (mutex_unlock(&shared.mutex) != 0) {
                return false;
            }
        }
        return true;
    };
    const pid_t one = objects.in_child(count);
    const pid_t two = objects.in_child(count);
    EXPECT_TRUE(succeeded(one));
    EXPECT_TRUE(succeeded(two));
    EXPECT_EQ(objects->total, 2 * kRounds);
}

TEST(Shared, MutexKnowsTheOwnersProcess)
{
    Mapped objects;
    ASSERT_EQ(mutex_init(&objects->mutex, USYNC_PROCESS | LOCK_ERRORCHECK, nullptr), 0);
    ASSERT_EQ(mutex_lock(&objects->mutex), 0);
    EXPECT_NE(mutex_held(&objects->mutex), 0);
    // The child's thread has the same id as its parent.
    EXPECT_TRUE(succeeded(objects.in_child([](Shared& shared) {
        return mutex_held(&shared.mutex) == 0 && mutex_unlock(&shared.mutex) == EPERM &&
               mutex_trylock(&shared.mutex) == EBUSY;
    })));
    EXPECT_EQ(mutex_unlock(&objects->mutex), 0);
}

TEST(Shared, OwnersThatDieKeepTheMutex)
{
    Mapped objects;
    EXPECT_TRUE(
        succeeded(objects.in_child([](Shared& shared) { return mutex_lock(&shared.mutex) == 0; })));
    EXPECT_EQ(mutex_trylock(&objects->mutex), EBUSY);
}

TEST(Shared, CondPassesATurnBetweenProcesses)
{
    constexpr long kRounds = 2000;
    Mapped objects;
    const auto play = [](Shared& shared, long side) {
        for (long i = 0; i < kRounds; ++i) {
            mutex_lock(&shared.mutex);
            while (shared.turn % 2 != side) {
                if (const int error = cond_wait(&shared.cond, &shared.mutex); error != 0) {
                    return false;
                }
            }
            ++shared.turn;
            mutex_unlock(&shared.mutex);
            cond_broadcast(&shared.cond);
        }
        return true;
    };
    const pid_t one = objects.in_child([&](Shared& shared) { return play(shared, 0); });
    const pid_t two = objects.in_child([&](Shared& shared) { return play(shared, 1); });
    EXPECT_TRUE(succeeded(one));
    EXPECT_TRUE(succeeded(two));
    EXPECT_EQ(objects->turn, 2 * kRounds);
}

TEST(Shared, SemaPassesBetweenProcesses)
{
    constexpr int kRounds = 5000;
    Mapped objects;
    const pid_t child = objects.in_child([](Shared& shared) {
        for (int i = 0; i < kRounds; ++i) {
            if (sema_wait(&shared.sema) != 0 || sema_post(&shared.done) != 0) {
                return false;
            }
        }
        return true;
    });
    for (int i = 0; i < kRounds; ++i) {
        ASSERT_EQ(sema_post(&objects->sema), 0);
        ASSERT_EQ(sema_wait(&objects->done), 0);
    }
    EXPECT_TRUE(succeeded(child));
    EXPECT_EQ(sema_trywait(&objects->sema), EBUSY);
}

TEST(Shared, WriterInOneProcessKeepsReadersOfAnotherOut)
{
    Mapped objects;
    const pid_t child = objects.in_child([](Shared& shared) {
        if (rw_wrlock(&shared.rwlock) != 0) {
            return false;
        }
        sema_post(&shared.done);
        sema_wait(&shared.sema);
        shared.total = 1;
        return rw_unlock(&shared.rwlock) == 0;
    });
    ASSERT_EQ(sema_wait(&objects->done), 0);
    EXPECT_EQ(rw_tryrdlock(&objects->rwlock), EBUSY);
    EXPECT_EQ(rw_unlock(&objects->rwlock), EPERM);
    EXPECT_EQ(rw_write_held(&objects->rwlock), 0);
    ASSERT_EQ(sema_post(&objects->sema), 0);
    EXPECT_EQ(rw_rdlock(&objects->rwlock), 0);
    EXPECT_EQ(objects->total, 1);
    EXPECT_EQ(rw_unlock(&objects->rwlock), 0);
    EXPECT_TRUE(succeeded(child));
}

TEST(Shared, AReaderGetsPastAWriterThatDiedWaiting)
{
    Mapped objects;
    ASSERT_EQ(rw_rdlock(&objects->rwlock), 0);
    const pid_t child = objects.in_child([](Shared& shared) {
        sema_post(&shared.done);
        return rw_wrlock(&shared.rwlock) == 0;
    });
    ASSERT_EQ(sema_wait(&objects->done), 0);
    lt::RwlockWords& words = lt::words_of(&objects->rwlock);
    ASSERT_TRUE(bounded::until([&] { return words.writers_waiting.load() == 1; }));
    ASSERT_EQ(::kill(child, SIGKILL), 0);
    ASSERT_EQ(::waitpid(child, nullptr, 0), child);
    EXPECT_EQ(rw_unlock(&objects->rwlock), 0);
    EXPECT_EQ(rw_rdlock(&objects->rwlock), 0);
    EXPECT_EQ(rw_unlock(&objects->rwlock), 0);
}

TEST(Shared, ACopyAfterForkIsIndependent)
{
    static mutex_t own = DEFAULTMUTEX;
    ASSERT_EQ(mutex_lock(&own), 0);
    Mapped objects;
    EXPECT_TRUE(succeeded(objects.in_child([](Shared&) { return mutex_unlock(&own) == 0; })));
    EXPECT_NE(mutex_held(&own), 0);
    EXPECT_EQ(mutex_unlock(&own), 0);
}

}  // namespace
}  // namespace lt_test
