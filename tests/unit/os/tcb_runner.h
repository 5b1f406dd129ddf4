// Running test code on TCBs made by os/tcb, one after another on the calling kernel thread.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "arch/context.h"
#include "arch/cpu.h"
#include "os/tcb.h"
#include "unit/os/forked.h"

// Inside a body: leaves it with the text of a claim that does not hold.
#define CLAIM(condition)       \
    do {                       \
        if (!(condition)) {    \
            return #condition; \
        }                      \
    } while (false)

namespace tcb_runner {

namespace os = lt::os;

inline constexpr std::size_t kStack = std::size_t{64} << 10;

// What a thread runs on a TCB: returns nullptr, or which claim failed. GoogleTest itself stays off
// these TCBs.
using Body = const char* (*)(void* argument);

struct Call {
    Body body;
    void* argument;
    void* tcb;
    void* own_tcb;
    const char* failed;
};

// Not inlined: no address of a thread-local variable may be carried over a change of the FS base.
[[gnu::noinline]] inline const char* call_body(const Call& call)
{
    return call.body(call.argument);
}

[[gnu::noinline]] inline void on_stack(void* argument)
{
    auto& call = *static_cast<Call*>(argument);
    os::set_fs_base(call.tcb);
    const char* failed = call_body(call);
    os::set_fs_base(call.own_tcb);
    call.failed = failed;
}

// Runs `body` on the TCB and stack of `slot`.
inline const char* run(const os::StackSlot& slot, Body body, void* argument = nullptr)
{
    Call call{body, argument, slot.tcb, lt::arch::thread_pointer(), nullptr};
    lt::arch_call_on(reinterpret_cast<void*>(slot.stack_hi), on_stack, &call);
    return call.failed;
}

inline std::string text(const char* failed)
{
    return failed == nullptr ? "" : failed;
}

// As a test body: in a child, `body` after tcb_start(model).
inline void with_model(os::TcbModel model, void (*body)())
{
    forked::run([=] {
        ASSERT_EQ(os::tcb_start(model), lt::Error::kNone);
        ASSERT_EQ(os::tcb_model(), model) << "the self-test failed";
        body();
    });
}

inline os::StackSlot* make()
{
    constexpr int kAttempts = 1'000;  // for as long as other programs have all the kernel's tasks
    lt::Error error = lt::Error::kNone;
    os::StackSlot* slot = os::stack_slot_allocate(kStack, error);
    for (int i = 0; slot != nullptr && i < kAttempts; ++i) {
        error = os::tcb_create(*slot);
        if (error != lt::Error::kLimit) {
            return error == lt::Error::kNone ? slot : nullptr;
        }
        usleep(1'000);
    }
    return nullptr;
}

inline void destroy(os::StackSlot* slot)
{
    os::tcb_destroy(*slot);
    os::stack_slot_free(slot);
}

class OnModel : public testing::TestWithParam<os::TcbModel> {};

// Leaves the thread's malloc cache full of blocks of many sizes.
inline const char* fill_malloc_cache(void*)
{
    void* blocks[7];
    for (std::size_t size = 16; size <= 1024; size += 16) {
        for (void*& block : blocks) {
            block = std::malloc(size);
        }
        for (void* block : blocks) {
            std::free(block);
        }
    }
    CLAIM(std::strlen(std::strerror(12345)) > 0);
    return nullptr;
}

}  // namespace tcb_runner
