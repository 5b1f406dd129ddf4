#include <dlfcn.h>
#include <pthread.h>

#include <cerrno>
#include <clocale>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <thread>

#include "unit/os/tcb_runner.h"

namespace {

using namespace tcb_runner;

struct Counted {
    Counted() { ++made; }
    ~Counted() { ++destroyed; }
    int value = 11;
    static inline int made = 0;
    static inline int destroyed = 0;
};

__thread int with_image = 42;
__thread char zeros[300];
thread_local Counted with_constructor;
thread_local int kept_variable = 1;

[[gnu::noinline]] int throw_and_catch(int value)
{
    try {
        throw std::runtime_error(std::to_string(value));
    } catch (const std::exception& caught) {
        return std::uncaught_exceptions() == 0 ? std::atoi(caught.what()) : -1;
    }
}

struct Inheritance {
    void* block = nullptr;
};

const char* check_fresh(void* argument)
{
    auto& inheritance = *static_cast<Inheritance*>(argument);
    os::tcb_first_run();
    CLAIM(errno == 0);
    CLAIM(reinterpret_cast<void*>(pthread_self()) == lt::arch::thread_pointer());
    CLAIM(with_image == 42 && zeros[0] == 0 && zeros[299] == 0);
    CLAIM(with_constructor.value == 11);
    with_image = 43;
    std::memset(zeros, 1, sizeof(zeros));
    with_constructor.value = 12;
    std::free(inheritance.block);
    inheritance.block = std::malloc(1000);
    CLAIM(inheritance.block != nullptr);
    CLAIM(throw_and_catch(17) == 17);
    CLAIM(std::strtol("99999999999999999999", nullptr, 10) > 0 && errno == ERANGE);
    CLAIM(std::strlen(std::strerror(EDOM)) > 0 && std::isalpha('a') != 0);
    return nullptr;
}

TEST_P(OnModel, ThousandsOfThreadsHaveTheirOwnThreadLocals)
{
    with_model(GetParam(), [] {
        Inheritance inheritance;
        errno = EBADF;
        for (int i = 0; i < 2000; ++i) {
            os::StackSlot* slot = make();
            ASSERT_NE(slot, nullptr) << i;
            ASSERT_EQ(text(run(*slot, check_fresh, &inheritance)), "") << i;
        }
        EXPECT_EQ(errno, EBADF);
        EXPECT_EQ(with_image, 42);
        EXPECT_EQ(Counted::made, 2000);
    });
}

struct Mutexes {
    pthread_mutex_t error_check;
    pthread_mutex_t recursive;
};

void init_mutex(pthread_mutex_t& mutex, int type)
{
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_settype(&attributes, type);
    pthread_mutex_init(&mutex, &attributes);
    pthread_mutexattr_destroy(&attributes);
}

const char* lock_both(void* argument)
{
    auto& mutexes = *static_cast<Mutexes*>(argument);
    CLAIM(pthread_mutex_lock(&mutexes.error_check) == 0);
    CLAIM(pthread_mutex_lock(&mutexes.error_check) == EDEADLK);
    CLAIM(pthread_mutex_lock(&mutexes.recursive) == 0);
    CLAIM(pthread_mutex_lock(&mutexes.recursive) == 0);
    return nullptr;
}

const char* find_both_held(void* argument)
{
    auto& mutexes = *static_cast<Mutexes*>(argument);
    CLAIM(pthread_mutex_trylock(&mutexes.error_check) == EBUSY);
    CLAIM(pthread_mutex_unlock(&mutexes.error_check) == EPERM);
    CLAIM(pthread_mutex_trylock(&mutexes.recursive) == EBUSY);
    return nullptr;
}

const char* unlock_both(void* argument)
{
    auto& mutexes = *static_cast<Mutexes*>(argument);
    CLAIM(pthread_mutex_unlock(&mutexes.recursive) == 0);
    CLAIM(pthread_mutex_unlock(&mutexes.recursive) == 0);
    CLAIM(pthread_mutex_unlock(&mutexes.recursive) == EPERM);
    CLAIM(pthread_mutex_unlock(&mutexes.error_check) == 0);
    return nullptr;
}

TEST_P(OnModel, MutexesTellOwnersOnOneKernelThreadApart)
{
    with_model(GetParam(), [] {
        Mutexes mutexes;
        init_mutex(mutexes.error_check, PTHREAD_MUTEX_ERRORCHECK);
        init_mutex(mutexes.recursive, PTHREAD_MUTEX_RECURSIVE);
        os::StackSlot* owner = make();
        os::StackSlot* other = make();
        EXPECT_EQ(text(run(*owner, lock_both, &mutexes)), "");
        EXPECT_EQ(text(run(*other, find_both_held, &mutexes)), "");
        EXPECT_EQ(text(find_both_held(&mutexes)), "");
        EXPECT_EQ(text(run(*owner, unlock_both, &mutexes)), "");
        EXPECT_EQ(text(run(*other, lock_both, &mutexes)), "");
    });
}

pthread_key_t first_key;
pthread_key_t second_key;
std::vector<int> calls;

void on_first(void*)
{
    calls.push_back(1);
}
void on_second(void* value)
{
    calls.push_back(2);
    // Sets another value once: a second round.
    if (value == &first_key) {
        pthread_setspecific(second_key, &second_key);
    }
}
void note_before()
{
    calls.push_back(0);
}

const char* use_keys(void*)
{
    CLAIM(!os::tcb_tsd_round(nullptr));
    CLAIM(pthread_getspecific(first_key) == nullptr);
    CLAIM(pthread_setspecific(second_key, &first_key) == 0);
    CLAIM(pthread_setspecific(first_key, &first_key) == 0);
    CLAIM(os::tcb_tsd_round(note_before));
    CLAIM(pthread_getspecific(first_key) == nullptr);
    CLAIM(pthread_getspecific(second_key) == &second_key);
    CLAIM(os::tcb_tsd_round(nullptr));
    CLAIM(!os::tcb_tsd_round(nullptr));
    return nullptr;
}

TEST_P(OnModel, KeysGetTheirDestructorsInRounds)
{
    with_model(GetParam(), [] {
        // So many that the second lies in a block of its own.
        pthread_key_create(&first_key, on_first);
        for (int i = 0; i < 100; ++i) {
            pthread_key_create(&second_key, on_second);
        }
        EXPECT_EQ(text(run(*make(), use_keys)), "");
        EXPECT_EQ(calls, (std::vector<int>{0, 1, 0, 2, 2}));
    });
}

const char* spoil_everything(void*)
{
    CLAIM(text(check_fresh(new Inheritance)).empty());
    kept_variable = 2;
    os::tcb_forbid_cancellation();
    int state = -1;
    pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &state);
    CLAIM(state == PTHREAD_CANCEL_DISABLE);
    os::tcb_forbid_cancellation();
    pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, nullptr);
    pthread_setspecific(first_key, &first_key);
    uselocale(newlocale(LC_ALL_MASK, "C.UTF-8", nullptr));
    CLAIM(dlsym(RTLD_DEFAULT, "no_such_symbol_anywhere") == nullptr);
    os::tcb_run_tls_destructors();
    CLAIM(os::tcb_reset_own());
    return nullptr;
}

const char* find_everything_new(void*)
{
    CLAIM(text(check_fresh(new Inheritance)).empty());
    CLAIM(kept_variable == 2);
    int state = -1;
    pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &state);
    CLAIM(state == PTHREAD_CANCEL_ENABLE);
    int type = -1;
    pthread_setcanceltype(PTHREAD_CANCEL_DEFERRED, &type);
    CLAIM(type == PTHREAD_CANCEL_DEFERRED);
    CLAIM(pthread_getspecific(first_key) == nullptr);
    CLAIM(uselocale(nullptr) == LC_GLOBAL_LOCALE);
    CLAIM(dlerror() == nullptr);
    return nullptr;
}

TEST_P(OnModel, ResetMakesAThreadBlockNew)
{
    os::tcb_keep_variable(&kept_variable, sizeof(kept_variable));
    with_model(GetParam(), [] {
        pthread_key_create(&first_key, nullptr);
        ASSERT_TRUE(os::tcb_can_reset());
        os::StackSlot* slot = make();
        EXPECT_EQ(text(run(*slot, spoil_everything)), "");
        EXPECT_EQ(Counted::destroyed, 1);
        EXPECT_EQ(text(run(*slot, find_everything_new)), "");
        EXPECT_EQ(Counted::made, 2);
    });
}

const char* leave_robust_locked(void* argument)
{
    auto* mutexes = static_cast<pthread_mutex_t*>(argument);
    CLAIM(pthread_mutex_lock(&mutexes[0]) == 0 && pthread_mutex_lock(&mutexes[1]) == 0);
    os::tcb_release_robust();
    return nullptr;
}

TEST_P(OnModel, RobustMutexesSeeTheirOwnerEnd)
{
    with_model(GetParam(), [] {
        pthread_mutex_t mutexes[2];
        pthread_mutexattr_t attributes;
        pthread_mutexattr_init(&attributes);
        pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
        for (pthread_mutex_t& mutex : mutexes) {
            pthread_mutex_init(&mutex, &attributes);
        }
        EXPECT_EQ(text(run(*make(), leave_robust_locked, mutexes)), "");
        for (pthread_mutex_t& mutex : mutexes) {
            EXPECT_EQ(pthread_mutex_lock(&mutex), EOWNERDEAD);
            EXPECT_EQ(pthread_mutex_consistent(&mutex), 0);
            EXPECT_EQ(pthread_mutex_unlock(&mutex), 0);
        }
    });
}

const char* write_thread_local(void* argument)
{
    CLAIM(with_image == 42);
    with_image = *static_cast<int*>(argument);
    return nullptr;
}

const char* read_thread_local(void* argument)
{
    CLAIM(with_image == *static_cast<int*>(argument));
    CLAIM(throw_and_catch(with_image) == with_image);
    return fill_malloc_cache(nullptr);
}

TEST_P(OnModel, ThreadLocalsFollowToOtherKernelThreads)
{
    with_model(GetParam(), [] {
        constexpr int kThreads = 200;
        os::StackSlot* slots[kThreads];
        int numbers[kThreads];
        for (int i = 0; i < kThreads; ++i) {
            slots[i] = make();
            numbers[i] = 1000 + i;
            ASSERT_EQ(text(run(*slots[i], write_thread_local, &numbers[i])), "");
        }
        const char* failed[2] = {};
        const auto read_all = [&](int first) {
            for (int round = 0; round < 50; ++round) {
                for (int i = first; i < kThreads && failed[first] == nullptr; i += 2) {
                    failed[first] = run(*slots[i], read_thread_local, &numbers[i]);
                }
            }
        };
        std::thread even{read_all, 0};
        std::thread odd{read_all, 1};
        even.join();
        odd.join();
        EXPECT_EQ(text(failed[0]), "");
        EXPECT_EQ(text(failed[1]), "");
    });
}

TEST(Tcb, CanBeStartedByAnyThread)
{
    forked::run([] {
        lt::Error error = lt::Error::kInvalid;
        std::thread starter{[&] { error = os::tcb_start(os::TcbModel::kHand); }};
        starter.join();
        EXPECT_EQ(error, lt::Error::kNone);
        EXPECT_EQ(os::tcb_model(), os::TcbModel::kHand);
        Inheritance inheritance;
        EXPECT_EQ(text(run(*make(), check_fresh, &inheritance)), "");
    });
}

TEST(Tcb, BoundModelMakesNone)
{
    forked::run([] {
        EXPECT_EQ(os::tcb_start(os::TcbModel::kBound), lt::Error::kNone);
        EXPECT_EQ(os::tcb_model(), os::TcbModel::kBound);
        os::StackSlot slot;
        EXPECT_EQ(os::tcb_create(slot), lt::Error::kUnsupported);
        os::tcb_forbid_cancellation();
        int state = -1;
        pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &state);
        EXPECT_EQ(state, PTHREAD_CANCEL_DISABLE);
    });
}

INSTANTIATE_TEST_SUITE_P(Tcb, OnModel, testing::Values(os::TcbModel::kHand, os::TcbModel::kHusk),
                         [](const auto& model) {
                             return std::string{os::tcb_model_name(model.param)};
                         });

}  // namespace
