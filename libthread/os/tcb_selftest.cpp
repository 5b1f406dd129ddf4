// Runs code on a fresh TCB, by switching to it on the calling kernel thread, before anybody's
// program depends on it. What fails here makes the library fall back to the next model.
#include <dlfcn.h>
#include <pthread.h>
#include <sched.h>

#include <cerrno>
#include <csetjmp>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "arch/context.h"
#include "arch/cpu.h"
#include "arch/landing.h"
#include "os/signal_mask.h"
#include "os/tcb.h"
#include "os/tcb_glibc.h"

namespace lt::os {
namespace {

constexpr std::size_t kTestStack = std::size_t{64} << 10;

struct SelfTest {
    void* own_tcb = nullptr;  // of the calling kernel thread
    void* test_tcb = nullptr;
    const int* own_errno = nullptr;
    pthread_mutex_t own_mutex;  // held by the caller
    pthread_key_t key = 0;
    bool passed = false;
};

constinit std::uint32_t destructor_calls = 0;

void count_call(void*)
{
    ++destructor_calls;
}

LT_NOINLINE bool identity_is_own(const SelfTest& test) noexcept
{
    const auto self = reinterpret_cast<void*>(::pthread_self());
    if (arch::thread_pointer() != test.test_tcb || self != test.test_tcb ||
        &errno == test.own_errno || errno != 0) {
        return false;
    }
    errno = EDOM;
    return *test.own_errno != EDOM && std::strerror(EDOM) != nullptr && ::sched_getcpu() >= 0;
}

LT_NOINLINE bool malloc_works() noexcept
{
    void* blocks[16];
    for (std::size_t i = 0; i < 16; ++i) {
        blocks[i] = std::malloc(std::size_t{16} << (i % 8));
        if (blocks[i] == nullptr) {
            return false;
        }
        std::memset(blocks[i], 0x5a, std::size_t{16} << (i % 8));
    }
    for (void* block : blocks) {
        std::free(block);
    }
    char text[64];
    return std::snprintf(text, sizeof(text), "%d %.2f", 42, 0.5) == 7 &&
           std::strcmp(text, "42 0.50") == 0;
}

// Owners are told apart by the false id.
LT_NOINLINE bool mutexes_know_us(SelfTest& test) noexcept
{
    pthread_mutexattr_t attributes;
    pthread_mutex_t mutex;
    ::pthread_mutexattr_init(&attributes);
    ::pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
    ::pthread_mutex_init(&mutex, &attributes);
    ::pthread_mutexattr_destroy(&attributes);
    const bool good = ::pthread_mutex_lock(&mutex) == 0 && ::pthread_mutex_lock(&mutex) == 0 &&
                      ::pthread_mutex_unlock(&mutex) == 0 && ::pthread_mutex_unlock(&mutex) == 0 &&
                      ::pthread_mutex_unlock(&mutex) == EPERM &&
                      ::pthread_mutex_trylock(&test.own_mutex) == EBUSY;
    ::pthread_mutex_destroy(&mutex);
    return good;
}

// Also finds the flag by which glibc remembers that a thread has thread-specific data.
LT_NOINLINE bool keys_work(SelfTest& test) noexcept
{
    if (::pthread_getspecific(test.key) != nullptr ||
        glibc.keys[test.key].destructor != count_call) {
        return false;
    }
    constexpr std::ptrdiff_t kBlocks = PTHREAD_KEYS_MAX / 32;
    const std::ptrdiff_t flag = glibc.specific + kBlocks * 8;
    const auto before = at<unsigned char>(test.test_tcb, flag);
    if (::pthread_setspecific(test.key, &test) != 0 || ::pthread_getspecific(test.key) != &test) {
        return false;
    }
    if (before == 0 && at<unsigned char>(test.test_tcb, flag) == 1) {
        glibc.specific_used = flag;
    }
    const std::uint32_t calls = destructor_calls;
    return tcb_tsd_round(nullptr) && destructor_calls == calls + 1 && !tcb_tsd_round(nullptr) &&
           ::pthread_getspecific(test.key) == nullptr;
}

// Finds the bit that keeps a thread from being cancelled, if it lies in a word where 0 undoes all
// that pthread_setcancelstate and pthread_setcanceltype have set.
LT_NOINLINE void examine_cancellation(void* tcb) noexcept
{
    auto& word = at<std::uint32_t>(tcb, glibc.cancel);
    int state = 0;
    int type = 0;
    ::pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, nullptr);
    const std::uint32_t disabled = word;
    ::pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, nullptr);
    word = 0;
    ::pthread_setcanceltype(PTHREAD_CANCEL_DEFERRED, &type);
    ::pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &state);
    bool good = state == PTHREAD_CANCEL_ENABLE && type == PTHREAD_CANCEL_DEFERRED && word == 0;
    word = disabled;
    ::pthread_setcanceltype(PTHREAD_CANCEL_DEFERRED, &type);
    ::pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &state);
    good = good && state == PTHREAD_CANCEL_DISABLE && type == PTHREAD_CANCEL_DEFERRED && word == 0;
    glibc.cancel_disabled = good ? disabled : 0;
}

// Whether an error, and nothing else, makes the word that is taken for the last error's not null.
LT_NOINLINE void examine_error_text(void* tcb) noexcept
{
    if (glibc.dlerror_result == 0) {
        return;
    }
    void* const& result = at<void*>(tcb, glibc.dlerror_result);
    const bool none = result == nullptr;
    // An error that takes no lock of the loader's: a constructor may make the first thread.
    constexpr int kNoMode = -1;
    const bool failed = ::dlopen(nullptr, kNoMode) == nullptr;
    if (!none || !failed || result == nullptr || ::dlerror() == nullptr) {
        glibc.dlerror_result = 0;
    }
    ::dlerror();
}

// Whether a buffer that libc has filled leads back to this place.
LT_NOINLINE void examine_jump_buffers() noexcept
{
    constexpr std::uintptr_t kNear = 4096;
    jmp_buf buffer;
    if (::_setjmp(buffer) == 0) {
        const std::uintptr_t stack = arch::jump_word(buffer, arch::kJumpStackPointer);
        const std::uintptr_t code = arch::jump_word(buffer, arch::kJumpProgramCounter);
        const auto here = reinterpret_cast<std::uintptr_t>(&examine_jump_buffers);
        glibc.jump_buffers_known =
            address(&buffer) - stack + kNear < 2 * kNear && code - here < kNear;
    }
}

LT_NOINLINE bool run_tests(SelfTest& test) noexcept
{
    tcb_first_run();
    const bool good =
        identity_is_own(test) && malloc_works() && mutexes_know_us(test) && keys_work(test);
    examine_cancellation(test.test_tcb);
    examine_error_text(test.test_tcb);
    examine_jump_buffers();
    tcb_run_tls_destructors();
    tcb_release_robust();
    return good && (!tcb_can_reset() || (tcb_reset_own() && errno == 0));
}

void on_test_stack(void* argument) noexcept
{
    auto& test = *static_cast<SelfTest*>(argument);
    set_fs_base(test.test_tcb);
    const bool good = run_tests(test);
    set_fs_base(test.own_tcb);
    test.passed = good;
}

bool run_twice(SelfTest& test, const StackSlot& slot) noexcept
{
    test.test_tcb = slot.tcb;
    for (int run = 0; run < 2; ++run) {
        test.passed = false;
        arch_call_on(reinterpret_cast<void*>(slot.stack_hi), on_test_stack, &test);
        if (!test.passed) {
            return false;
        }
    }
    return true;
}

bool test_on_slot(StackSlot& slot) noexcept
{
    SelfTest test{};
    test.own_tcb = arch::thread_pointer();
    test.own_errno = &errno;
    pthread_mutexattr_t attributes;
    ::pthread_mutexattr_init(&attributes);
    ::pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
    ::pthread_mutex_init(&test.own_mutex, &attributes);
    ::pthread_mutexattr_destroy(&attributes);
    if (::pthread_key_create(&test.key, count_call) != 0) {
        return false;
    }
    ::pthread_mutex_lock(&test.own_mutex);
    // No handler may find a thread that the library does not know.
    const std::uint64_t before = set_kernel_mask(kAllSignals);
    const bool good = run_twice(test, slot);
    set_kernel_mask(before);
    ::pthread_mutex_unlock(&test.own_mutex);
    ::pthread_mutex_destroy(&test.own_mutex);
    ::pthread_key_delete(test.key);
    return good;
}

}  // namespace

Error tcb_self_test() noexcept
{
    Error error = Error::kNone;
    StackSlot* slot = stack_slot_allocate(kTestStack, error);
    if (slot == nullptr) {
        return error;
    }
    error = tcb_create(*slot);
    if (error != Error::kNone) {
        stack_slot_free(slot);
        return error;
    }
    if (!test_on_slot(*slot)) {
        // Whatever is wrong with it: nobody shall meet it again.
        return Error::kUnsupported;
    }
    tcb_destroy(*slot);
    stack_slot_free(slot);
    return Error::kNone;
}

}  // namespace lt::os
