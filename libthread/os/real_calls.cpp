#include "os/real_calls.h"

#include <dlfcn.h>

#include "base/atomic.h"
#include "base/check.h"
#include "base/compiler.h"

namespace lt::os {
namespace {

constinit RealCalls calls;
// Every finder stores the same pointers; the flag publishes them.
constinit Atomic<bool> calls_found{false};

template <class Function>
void find_call(Function& function, const char* name)
{
    function = reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
    LT_CHECK(function != nullptr, "libc lacks a function that libthread wraps");
}

LT_NOINLINE void find_all()
{
#define LT_REAL_CALL(name) find_call(calls.name, #name);
    LT_REAL_CALLS(LT_REAL_CALL)
#undef LT_REAL_CALL
    calls_found.store(true, memory_order_release);  // release: the pointers are in place
}

}  // namespace

const RealCalls& real_calls() noexcept
{
    // acquire: pairs with the release above.
    if (LT_UNLIKELY(!calls_found.load(memory_order_acquire))) {
        find_all();
    }
    return calls;
}

}  // namespace lt::os
