// thread.h, synch.h, sys/types.h: what they define. What the compiler can decide is decided by it;
// the programs in c89/ do the same for C.
// HDR-03: repeated, and in the other order.
// clang-format off
#include <synch.h>
#include <thread.h>
#include <thread.h>  // NOLINT(readability-duplicate-include): see above
#include <synch.h>   // NOLINT(readability-duplicate-include): see above
// clang-format on

#include <dlfcn.h>
#include <sys/types.h>

#include <cassert>
#include <cerrno>
#include <string>
#include <type_traits>

#include "conformance/fixture.h"

namespace conformance {
namespace {

// HDR-04: thread_t is an unsigned integer of 4 bytes.
static_assert(sizeof(thread_t) == 4 && std::is_unsigned_v<thread_t>);

// HDR-05: so is thread_key_t.
static_assert(sizeof(thread_key_t) == 4 && std::is_unsigned_v<thread_key_t>);

// HDR-06: the sizes of the objects are Solaris'.
static_assert(sizeof(mutex_t) == 24 && alignof(mutex_t) == 8);
static_assert(sizeof(cond_t) == 16 && alignof(cond_t) == 8);
static_assert(sizeof(sema_t) == 48 && alignof(sema_t) == 8);
static_assert(sizeof(rwlock_t) == 64 && alignof(rwlock_t) == 8);

// HDR-07: so are those of the LWP layer's objects.
static_assert(sizeof(lwp_sema_t) == 24);
static_assert(std::is_same_v<lwp_mutex_t, mutex_t> && std::is_same_v<lwp_cond_t, cond_t>);

// HDR-08: the flags of thr_create have Solaris' values, in the preprocessor too.
#if THR_BOUND != 1 || THR_NEW_LWP != 2 || THR_DETACHED != 0x40 || THR_SUSPENDED != 0x80 || \
    THR_DAEMON != 0x100
#error "flags of thr_create"
#endif

// HDR-09: the scopes too.
#if USYNC_THREAD != 0 || USYNC_PROCESS != 1
#error "scopes"
#endif

// HDR-10: and the bits of a mutex's type.
static_assert(LOCK_ERRORCHECK == 2 && LOCK_RECURSIVE == 4 && USYNC_PROCESS_ROBUST == 8);
static_assert(LOCK_PRIO_INHERIT == 0x10 && LOCK_PRIO_PROTECT == 0x20 && LOCK_ROBUST == 0x40);

// HDR-14: 1 unless defined before; c89/assertions.c defines them before.
static_assert(NO_LOCKS_HELD == 1 && NO_COMPETING_THREADS == 1);

// HDR-18: hrtime_t is a signed integer of 64 bits; the other names are struct timespec's.
static_assert(sizeof(hrtime_t) == 8 && std::is_signed_v<hrtime_t> && std::is_integral_v<hrtime_t>);
static_assert(std::is_same_v<timestruc_t, struct timespec>);
static_assert(std::is_same_v<timespec_t, struct timespec>);

// HDR-19: the types of sys/types.h.
static_assert(std::is_same_v<uchar_t, unsigned char> && std::is_same_v<ushort_t, unsigned short>);
static_assert(std::is_same_v<uint_t, unsigned int> && std::is_same_v<ulong_t, unsigned long>);
static_assert(B_FALSE == 0 && B_TRUE == 1 && std::is_same_v<decltype(B_TRUE), boolean_t>);

// HDR-01: with <thread.h> alone, these names are there; c89/thread_alone.c includes nothing else.
static_assert(sizeof(sigset_t) > 0 && sizeof(stack_t) > 0);
static_assert(std::is_same_v<decltype(gethrtime()), hrtime_t>);

class Headers : public ThreadTest {};

INSTANTIATE_TEST_SUITE_P(Threads, Headers, bindings(), binding_name);

// HDR-11: THR_MIN_STACK calls thr_min_stack().
TEST_P(Headers, S11MakesThrMinStackACall)
{
    const std::size_t least = THR_MIN_STACK;
    EXPECT_EQ(least, thr_min_stack());
}

// HDR-12: the static initialisers make objects that can be used.
mutex_t default_mutex = DEFAULTMUTEX;
mutex_t shared_mutex = SHAREDMUTEX;
mutex_t recursive_mutex = RECURSIVEMUTEX;
mutex_t errorcheck_mutex = ERRORCHECKMUTEX;
mutex_t recursive_errorcheck_mutex = RECURSIVE_ERRORCHECKMUTEX;
cond_t default_cond = DEFAULTCV;
cond_t shared_cond = SHAREDCV;
sema_t default_sema = DEFAULTSEMA;
sema_t shared_sema = SHAREDSEMA;
rwlock_t default_rwlock = DEFAULTRWLOCK;
rwlock_t shared_rwlock = SHAREDRWLOCK;

TEST_P(Headers, S12InitialisesStaticObjects)
{
    for (mutex_t* const mutex : {&default_mutex, &shared_mutex, &recursive_mutex, &errorcheck_mutex,
                                 &recursive_errorcheck_mutex}) {
        EXPECT_EQ(mutex_lock(mutex), 0);
        EXPECT_EQ(mutex_unlock(mutex), 0);
    }
    EXPECT_EQ(mutex_lock(&recursive_mutex), 0);
    EXPECT_EQ(mutex_lock(&recursive_mutex), 0);
    EXPECT_EQ(mutex_unlock(&recursive_mutex), 0);
    EXPECT_EQ(mutex_unlock(&recursive_mutex), 0);
    EXPECT_EQ(mutex_unlock(&errorcheck_mutex), EPERM);
    for (cond_t* const cond : {&default_cond, &shared_cond}) {
        EXPECT_EQ(cond_signal(cond), 0);
        EXPECT_EQ(cond_broadcast(cond), 0);
    }
    for (sema_t* const sema : {&default_sema, &shared_sema}) {
        EXPECT_EQ(sema_trywait(sema), EBUSY);
        EXPECT_EQ(sema_post(sema), 0);
        EXPECT_EQ(sema_wait(sema), 0);
    }
    for (rwlock_t* const lock : {&default_rwlock, &shared_rwlock}) {
        EXPECT_EQ(rw_wrlock(lock), 0);
        EXPECT_EQ(rw_unlock(lock), 0);
        EXPECT_EQ(rw_rdlock(lock), 0);
        EXPECT_EQ(rw_unlock(lock), 0);
    }
}

// HDR-13: the *_HELD macros can be called in assertions.
TEST_P(Headers, S13CanAssertThatLocksAreHeld)
{
    mutex_t mutex = DEFAULTMUTEX;
    rwlock_t lock = DEFAULTRWLOCK;
    sema_t sema = DEFAULTSEMA;
    EXPECT_FALSE(MUTEX_HELD(&mutex));
    EXPECT_FALSE(RW_LOCK_HELD(&lock));
    EXPECT_TRUE(SEMA_HELD(&sema));
    mutex_lock(&mutex);
    assert(MUTEX_HELD(&mutex));
    EXPECT_TRUE(MUTEX_HELD(&mutex));
    mutex_unlock(&mutex);
    rw_rdlock(&lock);
    EXPECT_TRUE(RW_READ_HELD(&lock) && RW_LOCK_HELD(&lock) && !RW_WRITE_HELD(&lock));
    rw_unlock(&lock);
    rw_wrlock(&lock);
    EXPECT_TRUE(RW_WRITE_HELD(&lock) && RW_LOCK_HELD(&lock) && !RW_READ_HELD(&lock));
    rw_unlock(&lock);
}

const char* error_name(int error)
{
    switch (error) {
        case ETIME:
            return "ETIME";
        case ELOCKUNMAPPED:
            return "ELOCKUNMAPPED";
        case EOWNERDEAD:
            return "EOWNERDEAD";
        case ENOTRECOVERABLE:
            return "ENOTRECOVERABLE";
        case EDEADLK:
            return "EDEADLK";
        case EINTR:
            return "EINTR";
        case EBUSY:
            return "EBUSY";
        case ETIMEDOUT:
            return "ETIMEDOUT";
        default:
            return "";
    }
}

// HDR-17: the names of errors exist and are distinct: they are cases of one switch.
TEST_P(Headers, S17HasDistinctErrorNames)
{
    EXPECT_STREQ(error_name(ETIME), "ETIME");
    EXPECT_STREQ(error_name(ELOCKUNMAPPED), "ELOCKUNMAPPED");
    EXPECT_STREQ(error_name(ENOTRECOVERABLE), "ENOTRECOVERABLE");
}

// HDR-16: each function has a twin with an underscore before its name.
TEST_P(Headers, S16HasUnderscoredTwins)
{
    const char* const names[] = {
        "thr_create",    "thr_exit",        "thr_join",        "thr_self",
        "thr_main",      "thr_yield",       "thr_kill",        "thr_sigsetmask",
        "thr_continue",  "thr_setprio",     "thr_getprio",     "thr_setconcurrency",
        "thr_keycreate", "thr_setspecific", "thr_getspecific", "thr_getconcurrency",
        "thr_min_stack", "thr_stksegment",  "mutex_init",      "mutex_destroy",
        "mutex_lock",    "mutex_trylock",   "mutex_unlock",    "cond_init",
        "cond_destroy",  "cond_wait",       "cond_timedwait",  "cond_reltimedwait",
        "cond_signal",   "cond_broadcast",  "rwlock_init",     "rwlock_destroy",
        "rw_rdlock",     "rw_wrlock",       "rw_tryrdlock",    "rw_trywrlock",
        "rw_unlock",     "sema_init",       "sema_destroy",    "sema_wait",
        "sema_trywait",  "sema_post",       "mutex_held",      "rw_read_held",
        "rw_write_held", "sema_held"};
    for (const std::string name : names) {
        EXPECT_NE(dlsym(RTLD_DEFAULT, name.c_str()), nullptr) << name;
        EXPECT_NE(dlsym(RTLD_DEFAULT, ("_" + name).c_str()), nullptr) << "_" << name;
    }
    using Self = thread_t (*)();
    const auto twin = reinterpret_cast<Self>(dlsym(RTLD_DEFAULT, "_thr_self"));
    ASSERT_NE(twin, nullptr);
    EXPECT_EQ(twin(), thr_self());
    std::atomic<bool> equal{false};
    join(start([&] { equal.store(twin() == thr_self()); }));
    EXPECT_TRUE(equal.load());
}

}  // namespace
}  // namespace conformance
