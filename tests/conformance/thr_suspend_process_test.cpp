// thr_suspend(3C): the end of the process. A child program.
#include <thread.h>

#include <unistd.h>

#include <cstdlib>

#include "conformance/suspend_support.h"

namespace conformance {
namespace {

class ThrSuspendProcess : public ThreadTest {};

INSTANTIATE_TEST_SUITE_P(Threads, ThrSuspendProcess, bindings(), binding_name);

void* take(void* sema)
{
    sema_wait(static_cast<sema_t*>(sema));
    return nullptr;
}

// Watches that nothing happens, then lets the suspended thread go.
void* watch(void* target)
{
    static_cast<void>(bounded::holds_for(kStandstill, [] { return true; }));
    if (write(STDOUT_FILENO, "alive", 5) != 5) {
        std::abort();
    }
    thr_continue(*static_cast<thread_t*>(target));
    return nullptr;
}

const child::Program keeps_alive{
    "suspended_keeps_alive", [] {
        static sema_t sema{};
        static thread_t target = 0;
        const long flags = child::argument();
        if (thr_create(nullptr, 0, take, &sema, flags, &target) != 0 || thr_suspend(target) != 0 ||
            sema_post(&sema) != 0 ||
            thr_create(nullptr, 0, watch, &target, flags | THR_DAEMON, nullptr) != 0) {
            std::abort();
        }
        thr_exit(nullptr);
        return 1;
    }};

// THR-SUSP-14: a suspended thread keeps the process alive when main has left by thr_exit.
TEST_P(ThrSuspendProcess, S14KeepsTheProcessAlive)
{
    const child::Outcome outcome = child::run(keeps_alive, {.argument = binding()});
    EXPECT_TRUE(outcome.exited) << outcome.describe();
    EXPECT_EQ(outcome.exit_status, 0) << outcome.describe();
    EXPECT_EQ(outcome.output, "alive");
}

}  // namespace
}  // namespace conformance
