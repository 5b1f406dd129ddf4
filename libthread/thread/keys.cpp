#include "thread/keys.h"

#include <pthread.h>

#include "os/slab.h"
#include "os/tcb.h"
#include "sched/critical.h"
#include "thread/fork.h"
#include "thread/life.h"
#include "thread/signals.h"

namespace lt {
namespace {

constexpr std::uint32_t kOwnKeys = 1024;
constexpr std::uint32_t kFirstOwnKey = PTHREAD_KEYS_MAX;

// One thread's values of our own keys.
struct ValueBlock {
    ValueBlock* next = nullptr;
    void* values[kOwnKeys] = {};
};

constinit lwpt_slab block_slabs[LWPT_MAX_SLABS] = {};
constinit std::uint32_t block_slab_count = 0;
constinit os::SlabPool<ValueBlock, 4> value_blocks{block_slabs, &block_slab_count};

// Grows only. release by the creator after its destructor is in place, acquire by everyone else.
constinit Atomic<std::uint32_t> own_key_count{0};
constinit KeyDestructor own_destructors[kOwnKeys] = {};
// Set once, by delete_key under the lock; such a key is no key from then on, and not made again.
constinit Atomic<bool> own_deleted[kOwnKeys] = {};
// Guards the making of keys, once-keys included. Never held while user code runs; ranks first.
constinit SpinLock keys_lock;

bool is_own_key(std::uint32_t key)
{
    // acquire: pairs with create_own_key().
    return key >= kFirstOwnKey && key - kFirstOwnKey < own_key_count.load(memory_order_acquire) &&
           !own_deleted[key - kFirstOwnKey].load(memory_order_relaxed);  // relaxed: a mark
}

Error create_own_key(std::uint32_t& key, KeyDestructor destructor) LT_REQUIRES(keys_lock)
{
    const std::uint32_t count = own_key_count.load(memory_order_relaxed);  // relaxed: locked
    if (count == kOwnKeys) {
        return Error::kLimit;
    }
    own_destructors[count] = destructor;
    own_key_count.store(count + 1, memory_order_release);  // release: the destructor is in place
    key = kFirstOwnKey + count;
    return Error::kNone;
}

Error create_locked(std::uint32_t& key, KeyDestructor destructor) LT_REQUIRES(keys_lock)
{
    pthread_key_t made = 0;
    // Key 0 is kept back: the interface has no such key.
    while (::pthread_key_create(&made, destructor) == 0) {
        if (made != 0) {
            key = made;
            return Error::kNone;
        }
    }
    return create_own_key(key, destructor);
}

// True if a destructor was called.
bool destroy_own_values(Thread& self)
{
    auto* block = static_cast<ValueBlock*>(self.own_values);
    bool called = false;
    const std::uint32_t count =
        own_key_count.load(memory_order_acquire);  // acquire: see is_own_key()
    for (std::uint32_t i = 0; i < count; ++i) {
        void* value = block->values[i];
        block->values[i] = nullptr;
        if (value != nullptr && own_destructors[i] != nullptr &&
            !own_deleted[i].load(memory_order_relaxed)) {  // relaxed: a mark
            block_all_signals(self);
            own_destructors[i](value);
            called = true;
        }
    }
    if (!called) {
        self.own_values = nullptr;
        const CriticalRegion region{self};
        value_blocks.release(block);
    }
    return called;
}

}  // namespace

void lock_keys() noexcept LT_NO_TSA
{
    keys_lock.lock();
    value_blocks.lock();
}

void unlock_keys() noexcept LT_NO_TSA
{
    value_blocks.unlock();
    keys_lock.unlock();
}

namespace {

void block_before_destructor()
{
    block_all_signals(*current_thread);
}

}  // namespace

Error create_key(std::uint32_t& key, KeyDestructor destructor) noexcept
{
    const CriticalRegion region{current()};
    const SpinGuard guard{keys_lock};
    return create_locked(key, destructor);
}

Error create_key_once(std::uint32_t& key, KeyDestructor destructor) noexcept
{
    auto& shared = reinterpret_cast<Atomic<std::uint32_t>&>(key);
    constexpr std::uint32_t kNotMade = ~std::uint32_t{0};
    // acquire: pairs with the release below.
    if (shared.load(memory_order_acquire) != kNotMade) {
        return Error::kNone;
    }
    const CriticalRegion region{current()};
    const SpinGuard guard{keys_lock};
    if (shared.load(memory_order_relaxed) != kNotMade) {  // relaxed: under the lock
        return Error::kNone;
    }
    std::uint32_t made = 0;
    const Error error = create_locked(made, destructor);
    if (error == Error::kNone) {
        shared.store(made, memory_order_release);  // release: the key is usable
    }
    return error;
}

Error delete_key(std::uint32_t key) noexcept
{
    if (key == 0) {
        return Error::kInvalid;
    }
    if (key < kFirstOwnKey) {
        return ::pthread_key_delete(key) == 0 ? Error::kNone : Error::kInvalid;
    }
    const CriticalRegion region{current()};
    const SpinGuard guard{keys_lock};
    if (!is_own_key(key)) {
        return Error::kInvalid;
    }
    own_deleted[key - kFirstOwnKey].store(true, memory_order_relaxed);  // relaxed: a mark
    return Error::kNone;
}

Error set_specific(Thread& self, std::uint32_t key, void* value) noexcept
{
    if (key == 0) {
        return Error::kInvalid;
    }
    if (key < kFirstOwnKey) {
        const int result = ::pthread_setspecific(key, value);
        return result == 0 ? Error::kNone : result == ENOMEM ? Error::kNoMemory : Error::kInvalid;
    }
    if (!is_own_key(key)) {
        return Error::kInvalid;
    }
    if (self.own_values == nullptr) {
        const CriticalRegion region{self};
        self.own_values = value_blocks.allocate();
        if (self.own_values == nullptr) {
            return Error::kNoMemory;
        }
    }
    static_cast<ValueBlock*>(self.own_values)->values[key - kFirstOwnKey] = value;
    return Error::kNone;
}

Error get_specific(Thread& self, std::uint32_t key, void*& value) noexcept
{
    if (key == 0) {
        return Error::kInvalid;
    }
    if (key < kFirstOwnKey) {
        value = ::pthread_getspecific(key);
        return Error::kNone;
    }
    if (!is_own_key(key)) {
        return Error::kInvalid;
    }
    value = self.own_values != nullptr
                ? static_cast<ValueBlock*>(self.own_values)->values[key - kFirstOwnKey]
                : nullptr;
    return Error::kNone;
}

bool run_tsd_destructors(Thread& self) noexcept
{
    if (LT_LIKELY(self.own_values == nullptr)) {
        return os::tcb_tsd_round(block_before_destructor);
    }
    const bool called = os::tcb_tsd_round(block_before_destructor);
    return destroy_own_values(self) || called;
}

}  // namespace lt
