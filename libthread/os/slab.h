// Records that are never given back to the system: a stale pointer always leads to a record [I9],
// and a debugger reads them all with a few large reads.
#pragma once

#include <libthread/inspect_abi.h>
#include <sys/mman.h>

#include <cstdint>
#include <new>

#include "base/atomic.h"
#include "base/compiler.h"
#include "os/spinlock.h"
#include "os/syscall.h"

namespace lt::os {

// T needs a member `T* next`. Slabs double in size; their table may be the one that is published.
template <class T, std::uint32_t kFirstCount>
class SlabPool {
  public:
    constexpr SlabPool(lwpt_slab* table, std::uint32_t* count) : table_{table}, count_{count} {}

    // nullptr: out of memory. Call in a critical region or where no handler uses the pool.
    T* allocate() noexcept
    {
        const SpinGuard guard{lock_};
        return allocate_locked();
    }

    // Puts up to `wanted` records before `chain`, linked; returns how many there were. As
    // allocate().
    std::uint32_t allocate_chain(std::uint32_t wanted, T*& chain) noexcept
    {
        const SpinGuard guard{lock_};
        std::uint32_t count = 0;
        for (; count < wanted; ++count) {
            T* record = allocate_locked();
            if (record == nullptr) {
                break;
            }
            record->next = chain;
            chain = record;
        }
        return count;
    }

    void release(T* record) noexcept { release_chain(record, record); }

    // Records linked from the first to the last.
    void release_chain(T* first, T* last) noexcept
    {
        const SpinGuard guard{lock_};
        last->next = free_;
        free_ = first;
    }

    // Calls visit(record) for every record there is, free ones included. Slabs are only added.
    template <class Visit>
    void for_each(Visit visit) noexcept
    {
        // acquire: pairs with the release in add_slab(): the entries below are complete.
        const std::uint32_t count = __atomic_load_n(count_, __ATOMIC_ACQUIRE);
        for (std::uint32_t i = 0; i < count; ++i) {
            T* records = reinterpret_cast<T*>(table_[i].address);
            for (std::uint32_t k = 0; k < table_[i].count; ++k) {
                visit(records[k]);
            }
        }
    }

    // Held over a fork.
    void lock() noexcept LT_NO_TSA { lock_.lock(); }
    void unlock() noexcept LT_NO_TSA { lock_.unlock(); }

  private:
    T* allocate_locked() noexcept LT_REQUIRES(lock_)
    {
        if (free_ != nullptr) {
            T* record = free_;
            free_ = record->next;
            record->next = nullptr;
            return record;
        }
        if (fresh_ == fresh_end_ && !add_slab()) {
            return nullptr;
        }
        return new (fresh_++) T{};
    }

    bool add_slab() noexcept LT_REQUIRES(lock_)
    {
        const std::uint32_t index = *count_;
        if (index == LWPT_MAX_SLABS) {
            return false;
        }
        const std::uint32_t records = kFirstCount << (index < 16 ? index : 16);
        const std::size_t bytes = round_up(std::size_t{records} * sizeof(T), kPageSize);
        const long mapped = raw_syscall(SYS_mmap, 0, static_cast<long>(bytes),
                                        PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (mapped < 0 && mapped > -4096) {
            return false;
        }
        // Records are made when first handed out: until then they read as zeros, which is "free".
        fresh_ = reinterpret_cast<T*>(mapped);
        fresh_end_ = fresh_ + records;
        table_[index] = {static_cast<std::uint64_t>(mapped), sizeof(T), records};
        // release: pairs with the acquire in for_each().
        __atomic_store_n(count_, index + 1, __ATOMIC_RELEASE);
        return true;
    }

    SpinLock lock_;  // guards everything below; leaf
    T* free_ LT_GUARDED_BY(lock_) = nullptr;
    T* fresh_ LT_GUARDED_BY(lock_) = nullptr;
    T* fresh_end_ LT_GUARDED_BY(lock_) = nullptr;
    lwpt_slab* table_;
    std::uint32_t* count_;
};

}  // namespace lt::os
