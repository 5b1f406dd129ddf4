// What a pthread's end does and glibc does not export: thread-specific data and robust mutexes.
#include <pthread.h>

#include <cerrno>
#include <climits>

#include "arch/cpu.h"
#include "base/compiler.h"
#include "os/futex.h"
#include "os/tcb.h"
#include "os/tcb_glibc.h"

namespace lt::os {
namespace {

constexpr pthread_key_t kKeysPerBlock = 32;
constexpr std::uint32_t kOwnerMask = 0x3fffffff;  // FUTEX_TID_MASK
constexpr std::uint32_t kOwnerDied = 0x40000000;
constexpr std::uint32_t kWaiters = 0x80000000;
constexpr int kMaxRobust = 2048;  // the kernel's own limit
constexpr std::uintptr_t kPriorityInheriting = 1;
// ThreadSanitizer's run time makes the first key, in whose last round, by glibc, it forgets the
// thread.
constexpr pthread_key_t kFirstKey = kThreadSanitizer ? 1 : 0;

// True if a destructor was called for a key of this block.
bool destroy_block(pthread_key_t first, void (*before_destructor)()) noexcept
{
    bool called = false;
    for (pthread_key_t key = first > kFirstKey ? first : kFirstKey;
         key < first + kKeysPerBlock && key < PTHREAD_KEYS_MAX; ++key) {
        void* value = ::pthread_getspecific(key);
        if (value == nullptr) {
            continue;
        }
        ::pthread_setspecific(key, nullptr);
        void (*destructor)(void*) = glibc.keys[key].destructor;
        if (destructor != nullptr) {
            if (before_destructor != nullptr) {
                before_destructor();
            }
            destructor(value);
            called = true;
        }
    }
    return called;
}

// As the kernel does it for a task that ends: only if the owner is still this one.
void abandon(std::uintptr_t entry, long futex_offset, std::uint32_t owner) noexcept
{
    auto& word = *reinterpret_cast<Atomic<std::uint32_t>*>(
        (entry & ~kPriorityInheriting) + static_cast<std::uintptr_t>(futex_offset));
    // relaxed: the exchange below decides.
    std::uint32_t value = word.load(memory_order_relaxed);
    do {
        if ((value & kOwnerMask) != owner) {
            return;
        }
        // release: the next owner sees what we did to the data; relaxed on failure: we look again.
    } while (!word.compare_exchange_weak(value, (value & kWaiters) | kOwnerDied,
                                         memory_order_release, memory_order_relaxed));
    if ((value & kWaiters) != 0) {
        futex_wake(&word, 1, FutexScope::kShared);
    }
}

LT_NOINLINE bool destroy_values(void* tcb, void (*before_destructor)()) noexcept
{
    bool called = false;
    void* const* blocks = &at<void*>(tcb, glibc.specific);
    for (pthread_key_t first = 0; first < PTHREAD_KEYS_MAX; first += kKeysPerBlock) {
        if (blocks[first / kKeysPerBlock] != nullptr) {
            called = destroy_block(first, before_destructor) || called;
        }
    }
    return called;
}

LT_NOINLINE void abandon_all(void* tcb, RobustHead& head) noexcept
{
    const std::uintptr_t end = address(&head);
    const std::uint32_t owner = tid_of(tcb);
    std::uintptr_t entry = head.list;
    for (int i = 0; i < kMaxRobust && (entry & ~kPriorityInheriting) != end; ++i) {
        // Read before the mutex is let go: its next owner puts it on a list of its own.
        const auto next = *reinterpret_cast<const std::uintptr_t*>(entry & ~kPriorityInheriting);
        if (entry != head.pending) {
            abandon(entry, head.futex_offset, owner);
        }
        entry = next;
    }
    if (head.pending != 0) {
        abandon(head.pending, head.futex_offset, owner);
    }
    head.list = end;
    head.pending = 0;
    // glibc's backward link lies before what the kernel knows.
    at<std::uintptr_t>(tcb, glibc.robust - 8) = end;
}

}  // namespace

void tcb_forbid_cancellation() noexcept
{
    if (LT_UNLIKELY(glibc.cancel_disabled == 0)) {
        ::pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, nullptr);
        return;
    }
    // relaxed, both: who cancels it compares and exchanges the word. A request that comes in
    // between is lost, and was too late. glibc's mark for set*id is never made: all of them are
    // ours, see api/setuid_overrides.cpp.
    auto& word = at<Atomic<std::uint32_t>>(arch::thread_pointer(), glibc.cancel);
    word.store(word.load(memory_order_relaxed) | glibc.cancel_disabled, memory_order_relaxed);
}

void tcb_run_tls_destructors() noexcept
{
    if (LT_LIKELY(glibc.call_tls_dtors != nullptr)) {
        glibc.call_tls_dtors();
    }
}

bool tcb_tsd_used() noexcept
{
    return glibc.specific_used == kUnknown || kThreadSanitizer ||
           at<bool>(arch::thread_pointer(), glibc.specific_used);
}

void tcb_tsd_use() noexcept
{
    if (glibc.specific_used != kUnknown) {
        at<bool>(arch::thread_pointer(), glibc.specific_used) = true;
    }
}

bool tcb_tsd_round(void (*before_destructor)()) noexcept
{
    if (LT_UNLIKELY(glibc.specific == kUnknown || glibc.keys == nullptr)) {
        return false;
    }
    void* tcb = arch::thread_pointer();
    if (glibc.specific_used != kUnknown && !kThreadSanitizer) {
        bool& used = at<bool>(tcb, glibc.specific_used);
        if (LT_LIKELY(!used)) {
            return false;
        }
        // Destructors that set values make another round necessary; glibc sets the flag again.
        used = false;
    }
    return destroy_values(tcb, before_destructor);
}

void tcb_release_robust() noexcept
{
    if (LT_UNLIKELY(glibc.robust == kUnknown)) {
        return;
    }
    void* tcb = arch::thread_pointer();
    auto& head = at<RobustHead>(tcb, glibc.robust);
    if (LT_UNLIKELY(head.list != address(&head) || head.pending != 0)) {
        abandon_all(tcb, head);
    }
}

}  // namespace lt::os
