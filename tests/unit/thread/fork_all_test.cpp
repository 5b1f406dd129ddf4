// forkall: what a copy of all kernel tasks has to get right beside the threads themselves.
#include <synch.h>
#include <thread.h>

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <functional>
#include <string_view>

#include "support/bounded.h"
#include "unit/io/child.h"

namespace {

constexpr unsigned kSeconds = 170;

// Threads that run `body` until the object goes.
class Background {
  public:
    Background(int count, std::function<void()> body, long flags = 0) : body_{std::move(body)}
    {
        for (int i = 0; i < count; ++i) {
            EXPECT_EQ(thr_create(nullptr, 0, run, this, flags, &ids_[i]), 0);
            count_ = i + 1;
        }
    }
    ~Background()
    {
        over_ = true;
        for (int i = 0; i < count_; ++i) {
            thr_join(ids_[i], nullptr, nullptr);
        }
    }
    Background(const Background&) = delete;
    Background& operator=(const Background&) = delete;

  private:
    static void* run(void* argument)
    {
        auto& self = *static_cast<Background*>(argument);
        while (!self.over_) {
            self.body_();
        }
        return nullptr;
    }

    std::function<void()> body_;
    std::atomic<bool> over_{false};
    thread_t ids_[8] = {};
    int count_ = 0;
};

// The status of a child that exits with what `live` returns; -1: no child, or it was killed.
template <class Function>
int status_of_child(Function live)
{
    const pid_t child = forkall();
    if (child == 0) {
        alarm(kSeconds);
        std::_Exit(live());
    }
    int status = 0;
    pid_t ended = 0;
    do {
        ended = waitpid(child, &status, 0);
    } while (ended < 0 && errno == EINTR);
    return child > 0 && ended == child && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void* nothing(void* argument)
{
    return argument;
}

int make_and_join(long flags)
{
    thread_t id = 0;
    return thr_create(nullptr, 0, nothing, nullptr, flags, &id) == 0 &&
                   thr_join(id, nullptr, nullptr) == 0
               ? 0
               : 1;
}

// Those that ask every task wait for each other without being in each other's way.
TEST(ForkAll, WorksFromSeveralThreadsAtOnceAndBesideSetuid)
{
    const pid_t parent = getpid();
    const Background identities{1, [] {
                                    EXPECT_EQ(seteuid(geteuid()), 0);
                                    thr_yield();
                                }};
    std::atomic<int> failures{0};
    const auto fork_often = [&] {
        for (int i = 0; i < 4 && getpid() == parent; ++i) {
            const int status = status_of_child([] { return make_and_join(0); });
            // In a child of the other thread this one has no child.
            failures += status != 0 && getpid() == parent ? 1 : 0;
        }
    };
    struct Forker {
        const decltype(fork_often)* body;
        static void* run(void* argument)
        {
            (*static_cast<Forker*>(argument)->body)();
            return nullptr;
        }
    } forker{&fork_often};
    thread_t ids[2];
    ASSERT_EQ(thr_create(nullptr, 0, Forker::run, &forker, 0, &ids[0]), 0);
    ASSERT_EQ(thr_create(nullptr, 0, Forker::run, &forker, THR_BOUND, &ids[1]), 0);
    thr_join(ids[0], nullptr, nullptr);
    thr_join(ids[1], nullptr, nullptr);
    EXPECT_EQ(failures.load(), 0);
}

// The dynamic linker's locks name the kernel ids of their owners, which are others in the child.
TEST(ForkAll, LeavesNoLockOfTheDynamicLinkerHeld)
{
    const auto visit = [](dl_phdr_info*, std::size_t, void*) { return 0; };
    const Background users{2,
                           [&] {
                               dl_iterate_phdr(visit, nullptr);
                               dlclose(dlopen("libm.so.6", RTLD_NOW));
                               make_and_join(THR_BOUND);
                           },
                           THR_BOUND};
    for (int i = 0; i < 12; ++i) {
        EXPECT_EQ(status_of_child([&] {
                      dl_iterate_phdr(visit, nullptr);
                      return dlopen("libm.so.6", RTLD_NOW) != nullptr ? make_and_join(THR_BOUND)
                                                                      : 2;
                  }),
                  0);
    }
}

// Holds a mutex of each kind over a forkall; what giving them up returns then.
struct Holder {
    static constexpr int kKinds[] = {PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_RECURSIVE,
                                     PTHREAD_MUTEX_ERRORCHECK};
    pthread_mutex_t mutexes[3] = {};
    int errors[3] = {-1, -1, -1};
    sema_t held = DEFAULTSEMA;
    sema_t go_on = DEFAULTSEMA;
    thread_t id = 0;

    explicit Holder(long flags)
    {
        for (int i = 0; i < 3; ++i) {
            pthread_mutexattr_t attributes;
            pthread_mutexattr_init(&attributes);
            pthread_mutexattr_settype(&attributes, kKinds[i]);
            pthread_mutex_init(&mutexes[i], &attributes);
            pthread_mutexattr_destroy(&attributes);
        }
        EXPECT_EQ(thr_create(nullptr, 0, run, this, flags, &id), 0);
        EXPECT_EQ(sema_wait(&held), 0);
    }

    static void* run(void* argument)
    {
        auto& self = *static_cast<Holder*>(argument);
        for (pthread_mutex_t& mutex : self.mutexes) {
            pthread_mutex_lock(&mutex);
        }
        sema_post(&self.held);
        while (sema_wait(&self.go_on) != 0) {}
        for (int i = 0; i < 3; ++i) {
            self.errors[i] = pthread_mutex_unlock(&self.mutexes[i]);
        }
        return nullptr;
    }

    // Whether those with an owner had it still, or none had.
    bool ends_with(int error)
    {
        sema_post(&go_on);
        return thr_join(id, nullptr, nullptr) == 0 && errors[0] == 0 && errors[1] == error &&
               errors[2] == error;
    }
};

// glibc's mutexes name their owners by kernel ids: those of bound threads are others in the child,
// where such a mutex is nobody's, and giving it up an error, as in any child of fork. Unbound
// threads have ids that stay.
TEST(ForkAll, KeepsOwnersOfGlibcsMutexesThatUnboundThreadsHold)
{
    const char* model = std::getenv("LIBTHREAD_MODEL");
    const bool is_bound_model = model != nullptr && std::string_view{model} == "bound";
    Holder bound{THR_BOUND};
    Holder unbound{0};
    const int status = status_of_child([&] {
        return (bound.ends_with(EPERM) ? 0 : 1) +
               (unbound.ends_with(is_bound_model ? EPERM : 0) ? 0 : 2);
    });
    EXPECT_EQ(status, 0);
    EXPECT_TRUE(bound.ends_with(0));
    EXPECT_TRUE(unbound.ends_with(0));
}

// The helpers are there too: deadlines pass in the child, and blocked LWPs are made up for.
TEST(ForkAll, TakesTheLibrarysOwnTasksAlong)
{
    static mutex_t mutex;
    static cond_t cond;
    static std::atomic<int> timeouts;
    const Background sleepers{3, [] {
                                  mutex_lock(&mutex);
                                  const timestruc_t moment{0, 1'000'000};
                                  timeouts += cond_reltimedwait(&cond, &mutex, &moment) == ETIME;
                                  mutex_unlock(&mutex);
                              }};
    EXPECT_EQ(status_of_child([] {
                  const int before = timeouts;
                  return bounded::until([&] { return timeouts > before + 6; }) ? 0 : 1;
              }),
              0);
}

// The process that a thread waits for is a sister of the copy's.
TEST(ForkAll, EndsWaitsForTheParentsChildren)
{
    const io_test::Child child{0};
    std::atomic<int> error{-1};
    io_test::Crew crew;
    const thread_t waiter = crew.start([&] {
        errno = 0;
        waitpid(child.pid(), nullptr, 0);
        error = errno;
    });
    ASSERT_TRUE(io_test::asleep(waiter));
    EXPECT_EQ(status_of_child([&] {
                  return bounded::until([&] { return error != -1; }) && error == ECHILD &&
                                 io_test::watches().empty()
                             ? 0
                             : 1;
              }),
              0);
    EXPECT_EQ(error, -1);
    child.tell();
    crew.join();
    EXPECT_EQ(error, 0);
}

void* exit_alone(void*)
{
    thr_yield();
    std::_Exit(7);
}

// Its task leads the child. The process goes on after its end, and can be asked.
TEST(ForkAll, LetsTheThreadThatForkedEnd)
{
    std::atomic<int> status{-1};
    struct Forker {
        static void* run(void* argument)
        {
            const pid_t child = forkall();
            if (child == 0) {
                alarm(kSeconds);
                thread_t id = 0;
                if (thr_create(nullptr, 0, exit_alone, nullptr, THR_SUSPENDED, &id) != 0 ||
                    thr_continue(id) != 0) {
                    std::_Exit(1);
                }
                thr_exit(nullptr);
            }
            int seen = 0;
            waitpid(child, &seen, 0);
            *static_cast<std::atomic<int>*>(argument) = WIFEXITED(seen) ? WEXITSTATUS(seen) : -2;
            return nullptr;
        }
    };
    const pid_t parent = getpid();
    for (const long flags : {0L, static_cast<long>(THR_BOUND)}) {
        thread_t id = 0;
        ASSERT_EQ(thr_create(nullptr, 0, Forker::run, &status, flags, &id), 0);
        thr_join(id, nullptr, nullptr);
        while (getpid() != parent) {
            thr_yield();  // the copy of this thread
        }
        EXPECT_EQ(status.load(), 7);
    }
}

}  // namespace
