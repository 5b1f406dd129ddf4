#include "thread/context_start.h"

#include <sys/mman.h>

#include <cstring>

#include "arch/user_context.h"
#include "os/signal_mask.h"
#include "os/syscall.h"
#include "thread/handlers.h"
#include "thread/life.h"
#include "thread/signals.h"

namespace lt {

LT_TLS void* private_word = nullptr;

namespace {

constexpr std::size_t kCopySize = round_up(sizeof(ucontext_t), kPageSize);

// On the thread's own stack while it runs on the program's.
struct Excursion {
    ucontext_t home{};
    ucontext_t away{};
};
LT_TLS Excursion* excursion = nullptr;

void* copy_of(const ucontext_t& context)
{
    void* const copy =
        ::mmap(nullptr, kCopySize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (copy == MAP_FAILED) {
        return nullptr;
    }
    arch::copy_user_context(*static_cast<ucontext_t*>(copy), context);
    return copy;
}

void free_copy(void* copy)
{
    os::raw_syscall(SYS_munmap, os::syscall_argument(copy), static_cast<long>(kCopySize));
}

std::uint64_t mask_of(const ucontext_t& context)
{
    return os::to_mask(context.uc_sigmask) & os::kAllSignals & ~library_signals();
}

// The thread's start function.
void* start_in_context(void* copy)
{
    Thread& self = *current_thread;
    Excursion here;
    arch::copy_user_context(here.away, *static_cast<const ucontext_t*>(copy));
    free_copy(copy);
    os::from_mask(self.signal_mask, here.away.uc_sigmask);
    const std::uintptr_t lo = self.stack_lo;
    const std::uintptr_t hi = self.stack_hi;
    if (here.away.uc_stack.ss_sp != nullptr) {
        self.stack_lo = reinterpret_cast<std::uintptr_t>(here.away.uc_stack.ss_sp);
        self.stack_hi = self.stack_lo + here.away.uc_stack.ss_size;
    }
    excursion = &here;
    ::swapcontext(&here.home, &here.away);
    excursion = nullptr;
    self.stack_lo = lo;
    self.stack_hi = hi;
    return nullptr;
}

void call_start(void (*start)(void*), void* argument, void* word)
{
    private_word = word;
    start(argument);
    end_context_thread(current());
}

}  // namespace

Error create_in_context(Thread& self, const ContextRequest& request) noexcept
{
    void* const copy = copy_of(*request.context);
    if (copy == nullptr) {
        return Error::kNoMemory;
    }
    const std::uint64_t mask = mask_of(*request.context);
    CreateRequest create;
    create.start = start_in_context;
    create.argument = copy;
    create.flags = request.flags | kFlagBound;
    create.suspended = request.suspended;
    create.signal_mask = &mask;
    create.id = request.id;
    const Error error = create_thread(self, create);
    if (error != Error::kNone) {
        free_copy(copy);
    }
    return error;
}

void make_context(ucontext_t& context, void (*start)(void*), void* argument, void* word) noexcept
{
    const sigset_t mask = context.uc_sigmask;
    const stack_t stack = context.uc_stack;
    ::getcontext(&context);
    context.uc_sigmask = mask;
    context.uc_stack = stack;
    context.uc_link = nullptr;
    ::makecontext(&context, reinterpret_cast<void (*)()>(call_start), 3, start, argument, word);
}

void end_context_thread(Thread& self) noexcept
{
    Excursion* const away = excursion;
    if (away == nullptr) {
        exit_thread(self, nullptr);
    }
    block_all_signals(self);
    os::from_mask(self.signal_mask, away->home.uc_sigmask);
    ::setcontext(&away->home);
    __builtin_unreachable();
}

}  // namespace lt
