// Threads that start in a context of the program's, as _lwp_create makes them.
#pragma once

#include <ucontext.h>

#include <cstdint>

#include "base/compiler.h"
#include "base/error.h"
#include "sched/thread.h"

namespace lt {

struct ContextRequest {
    const ucontext_t* context = nullptr;  // copied
    std::uint32_t flags = 0;              // ThreadFlag
    bool suspended = false;
    std::uint32_t* id = nullptr;
};

// Starts a bound thread in the context given, with the context's signal mask.
Error create_in_context(Thread& self, const ContextRequest& request) noexcept;

// Makes a context that calls start(argument) and then end_context_thread().
void make_context(ucontext_t& context, void (*start)(void*), void* argument, void* word) noexcept;

// Ends the calling thread. One that create_in_context() made leaves the context's stack first, and
// none of the frames there is unwound.
[[noreturn]] void end_context_thread(Thread& self) noexcept;

// _lwp_getprivate: one word of the thread's.
extern LT_TLS void* private_word;

}  // namespace lt
