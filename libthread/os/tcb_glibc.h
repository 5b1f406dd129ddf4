// What os/tcb*.cpp know of glibc: symbols found at run time and offsets found by looking at a real
// thread. Private to these files. Constant once tcb_start has returned.
#pragma once

#include <pthread.h>

#include <cstddef>
#include <cstdint>

#include "arch/context.h"
#include "base/atomic.h"
#include "base/compiler.h"
#include "os/stack_map.h"

namespace lt::os {

inline constexpr std::ptrdiff_t kUnknown = -1;

// Above any id the kernel gives (pid_max is at most 2^22), inside the futex owner mask, and
// positive: glibc takes zero and less for "has ended".
inline constexpr std::uint32_t kFirstFalseId = 0x00800000;
inline constexpr std::uint32_t kLastFalseId = 0x3ffffffe;

// Places that are the same in every libc so far and part of its ABI: tcbhead_t.
inline constexpr std::ptrdiff_t kHeaderTcb = 0;
inline constexpr std::ptrdiff_t kHeaderDtv = 8;
inline constexpr std::ptrdiff_t kHeaderSelf = 16;

// A pthread key as glibc keeps it: in use while `sequence` is odd.
struct PthreadKey {
    std::uintptr_t sequence;
    void (*destructor)(void*);
};

// The kernel's struct robust_list_head.
struct RobustHead {
    std::uintptr_t list;
    long futex_offset;
    std::uintptr_t pending;
};

struct ListNode {
    ListNode* next;
    ListNode* prev;
};

struct Glibc {
    void* (*allocate_tls)(void* tcb) = nullptr;
    void (*deallocate_tls)(void* tcb, bool with_tcb) = nullptr;
    void (*call_tls_dtors)() = nullptr;
    void (*ctype_init)() = nullptr;
    // glibc's own, past any interposer.
    decltype(&::pthread_create) create = nullptr;
    decltype(&::pthread_join) join = nullptr;
    const PthreadKey* keys = nullptr;
    ListNode* user_stacks = nullptr;  // head of the list of pthreads on stacks of others

    std::size_t tcb_bytes = 0;  // struct pthread
    std::size_t tls_bytes = 0;  // static TLS with surplus, below it
    std::size_t align = 0;

    // Offsets in struct pthread; kUnknown where not found.
    std::ptrdiff_t tid = kUnknown;
    std::ptrdiff_t list = kUnknown;
    std::ptrdiff_t cancel = kUnknown;
    std::ptrdiff_t specific = kUnknown;       // 32 pointers to blocks of 32 entries
    std::ptrdiff_t specific_used = kUnknown;  // a flag
    std::ptrdiff_t robust = kUnknown;
    std::ptrdiff_t stackblock = kUnknown;  // address, then size
    std::ptrdiff_t res = kUnknown;         // resolver state
    // Relative to the TCB, in TLS or beyond it.
    std::ptrdiff_t resp = 0;  // the pointer to that state; 0: none
    std::ptrdiff_t rseq = 0;  // the rseq area; 0: none
    std::ptrdiff_t dlerror_result =
        0;  // nullptr: nothing for dlerror to tell or free; 0: not found
    // In the word at `cancel`, where 0 means enabled and deferred; 0: not so, or not found.
    std::uint32_t cancel_disabled = 0;
    bool jump_buffers_known = false;  // as arch/landing.h describes them
};

extern Glibc glibc;

// Right above each TCB we make, on a cache line of its own.
struct TcbTail {
    std::uint32_t false_id;
    // Husk: 1 while its kernel thread lives; the kernel clears it.
    Atomic<std::uint32_t> kernel_thread;
    // Husk: its frames under start_thread, and what the husk saw of itself.
    ArchContext context;
    void* tcb;
    std::uintptr_t tid_address;
    std::uintptr_t robust_head;
    std::uint32_t kernel_id;
    std::uint32_t padding;
};

static_assert(sizeof(TcbTail) <= kCacheLine);

template <class T>
T& at(void* tcb, std::ptrdiff_t offset)
{
    return *reinterpret_cast<T*>(static_cast<char*>(tcb) + offset);
}

inline std::uintptr_t address(const void* pointer)
{
    return reinterpret_cast<std::uintptr_t>(pointer);
}

inline TcbTail& tail_of(void* tcb)
{
    return *reinterpret_cast<TcbTail*>(round_up(address(tcb) + glibc.tcb_bytes, kCacheLine));
}

// One past the highest byte that glibc may use in a slot; the tail fits above.
inline std::uintptr_t tcb_top(const StackSlot& slot)
{
    return slot.hi - slot.colour - kCacheLine;
}

// Where glibc, and we, put the TCB in a slot.
inline void* tcb_place(const StackSlot& slot)
{
    return reinterpret_cast<void*>((tcb_top(slot) - glibc.tcb_bytes) & ~(glibc.align - 1));
}

inline std::uint32_t& tid_of(void* tcb)
{
    return at<std::uint32_t>(tcb, glibc.tid);
}
inline ListNode& node_of(void* tcb)
{
    return at<ListNode>(tcb, glibc.list);
}

// --- tcb.cpp

// Puts a hand-made TCB on glibc's list of threads, and takes it out: a walker may still be on it.
void tcb_link(void* tcb) noexcept;
void tcb_unlink(void* tcb) noexcept;

// --- tcb_discover.cpp

// Finds symbols and sizes. False: not a glibc we know.
bool find_glibc() noexcept;

// Looks at a husk whose kernel thread has just ended. False: not as we know it.
bool examine_specimen(const StackSlot& slot) noexcept;

// Makes the template for hand-made TCBs from that specimen.
bool make_template(const StackSlot& slot) noexcept;

// Writes a TCB from the template, but for the list node and the id. No TLS yet.
void write_from_template(void* tcb) noexcept;

// Says that no kernel thread updates this TCB's rseq area.
void disown_rseq(void* tcb) noexcept;

std::uint32_t next_false_id() noexcept;

// --- tcb_husk.cpp

// A pthread on the slot's stack whose kernel thread has ended. Sets slot.tcb and slot.stack_hi; the
// tid is still the kernel's.
Error make_husk(StackSlot& slot) noexcept;

// Lets a husk end as a pthread: all that glibc allocated for it is freed. False: the kernel gives
// no task; the husk stays as it was.
bool bury_husk(StackSlot& slot) noexcept;

// Runs the end of a pthread on a hand-made TCB: frees what libc keeps per thread.
void bury_hand(void* tcb) noexcept;

// Makes a pthread that does nothing and waits for its end: glibc's lock on its lists was taken and
// let go meanwhile. False: the kernel gives no task.
bool pass_list_lock() noexcept;

// --- tcb_selftest.cpp

// Makes a TCB in the way tcb_model() says and runs code on it.
Error tcb_self_test() noexcept;

// --- tcb_tls_reset.cpp

// Finds out whether and how TLS can be reset. kNoMemory: it could not.
Error start_tls_reset() noexcept;

// --- tls_modules.cpp; around fork

void lock_tls_reset() noexcept;
void unlock_tls_reset() noexcept;

}  // namespace lt::os
