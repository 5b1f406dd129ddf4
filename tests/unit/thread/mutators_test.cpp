// thr_setmutator and its kin, thr_getstate and thr_setstate.
#include <gtest/gtest.h>
#include <libthread/mutator.h>

#include <array>
#include <atomic>
#include <cerrno>

#include "support/bounded.h"
#include "support/insight.h"

namespace {

using namespace std::chrono_literals;

struct Worker {
    std::atomic<unsigned long> steps{0};
    std::atomic<bool> ready{false};
    std::atomic<bool> ends{false};
    bool yields = true;
    thread_t id = 0;

    [[nodiscard]] bool moves()
    {
        const auto before = steps.load();
        return bounded::until([&] { return steps.load() != before; });
    }
    [[nodiscard]] bool stands_still()
    {
        const auto before = steps.load();
        return bounded::holds_for(20ms, [&] { return steps.load() == before; });
    }
};

void* work_as_mutator(void* argument)
{
    Worker& worker = *static_cast<Worker*>(argument);
    if (thr_setmutator(0, 1) == 0) {
        worker.ready = true;
        while (!worker.ends) {
            ++worker.steps;
            if (worker.yields) {
                thr_yield();
            }
        }
    }
    return nullptr;
}

// The flags that its threads are made with.
class Mutators : public testing::TestWithParam<long> {
  protected:
    static void start(Worker& worker)
    {
        ASSERT_EQ(thr_create(nullptr, 0, work_as_mutator, &worker, GetParam(), &worker.id), 0);
    }
    static void start_ready(Worker& worker)
    {
        start(worker);
        ASSERT_TRUE(bounded::until([&] { return worker.ready.load(); }));
    }
    static void finish(Worker& worker)
    {
        worker.ends = true;
        EXPECT_EQ(thr_join(worker.id, nullptr, nullptr), 0);
    }
};

INSTANTIATE_TEST_SUITE_P(Threads, Mutators, testing::Values(0L, static_cast<long>(THR_BOUND)));

constexpr thread_t kNeverIssued = 0x3ffffff0;

TEST_P(Mutators, AreSuspendedAndContinuedOneByOne)
{
    Worker worker;
    start_ready(worker);
    EXPECT_EQ(thr_wait_mutator(worker.id, 1), EWOULDBLOCK);
    EXPECT_EQ(thr_suspend_mutator(worker.id), 0);
    EXPECT_EQ(thr_wait_mutator(worker.id, 1), 0);
    EXPECT_TRUE(worker.stands_still());
    EXPECT_EQ(thr_continue(worker.id), 0);  // not its business
    EXPECT_TRUE(worker.stands_still());
    EXPECT_EQ(thr_suspend(worker.id), 0);
    EXPECT_EQ(thr_continue_mutator(worker.id), 0);
    EXPECT_TRUE(worker.stands_still());  // suspended in the other way still
    EXPECT_EQ(thr_continue(worker.id), 0);
    EXPECT_TRUE(worker.moves());
    finish(worker);
}

TEST_P(Mutators, AreSuspendedTogether)
{
    std::array<Worker, 4> workers;
    for (Worker& worker : workers) {
        start_ready(worker);
    }
    EXPECT_EQ(thr_continue_allmutators(), EINVAL);
    EXPECT_EQ(thr_suspend_allmutators(), 0);
    EXPECT_EQ(thr_suspend_allmutators(), EINVAL);
    for (Worker& worker : workers) {
        EXPECT_TRUE(worker.stands_still());
        EXPECT_EQ(thr_wait_mutator(worker.id, 0), 0);
    }
    Worker late;
    start(late);  // waits to become one
    EXPECT_TRUE(bounded::holds_for(20ms, [&] { return !late.ready.load(); }));
    EXPECT_EQ(thr_continue_allmutators(), 0);
    for (Worker& worker : workers) {
        EXPECT_TRUE(worker.moves());
        finish(worker);
    }
    EXPECT_TRUE(bounded::until([&] { return late.ready.load(); }));
    finish(late);
}

TEST_P(Mutators, AreContinuedAlsoWhenTheyAreNoneAnyMore)
{
    Worker worker;
    Worker other;
    start_ready(worker);
    start_ready(other);
    EXPECT_EQ(thr_suspend_mutator(worker.id), 0);
    EXPECT_EQ(thr_setmutator(worker.id, 0), 0);
    EXPECT_EQ(thr_continue_mutator(worker.id), 0);
    EXPECT_TRUE(worker.moves());
    EXPECT_EQ(thr_continue_mutator(worker.id), EINVAL);
    EXPECT_EQ(thr_suspend_allmutators(), 0);
    EXPECT_EQ(thr_setmutator(other.id, 0), 0);
    EXPECT_EQ(thr_continue_allmutators(), 0);
    EXPECT_TRUE(other.moves());
    finish(worker);
    finish(other);
}

TEST_P(Mutators, WaitBeforeABarrier)
{
    thr_mutators_barrier(1);
    Worker worker;
    start(worker);
    EXPECT_TRUE(bounded::holds_for(20ms, [&] { return !worker.ready.load(); }));
    thr_mutators_barrier(0);
    EXPECT_TRUE(bounded::until([&] { return worker.ready.load(); }));
    finish(worker);
}

TEST_P(Mutators, AreToldFromOthers)
{
    EXPECT_EQ(thr_suspend_mutator(kNeverIssued), ESRCH);
    EXPECT_EQ(thr_continue_mutator(kNeverIssued), ESRCH);
    EXPECT_EQ(thr_setmutator(kNeverIssued, 1), ESRCH);
    EXPECT_EQ(thr_wait_mutator(kNeverIssued, 1), ESRCH);
    Worker worker;
    start_ready(worker);
    EXPECT_EQ(thr_setmutator(worker.id, 0), EINVAL);  // it runs
    EXPECT_EQ(thr_suspend(worker.id), 0);
    EXPECT_EQ(thr_setmutator(worker.id, 0), 0);
    EXPECT_EQ(thr_continue(worker.id), 0);
    EXPECT_EQ(thr_suspend_mutator(worker.id), EINVAL);
    EXPECT_EQ(thr_wait_mutator(worker.id, 1), EINVAL);
    finish(worker);
}

TEST_P(Mutators, EndWhileOthersWaitForThem)
{
    static Worker worker;
    worker.ready = worker.ends = false;
    start_ready(worker);
    std::atomic<int> result{-1};
    thread_t waiter = 0;
    ASSERT_EQ(thr_create(
                  nullptr, 0,
                  [](void* where) -> void* {
                      static_cast<std::atomic<int>*>(where)->store(thr_wait_mutator(worker.id, 0));
                      return nullptr;
                  },
                  &result, GetParam(), &waiter),
              0);
    EXPECT_TRUE(bounded::until([&] { return insight::is_blocked(waiter); }));
    finish(worker);
    EXPECT_EQ(thr_join(waiter, nullptr, nullptr), 0);
    EXPECT_EQ(result.load(), ESRCH);
}

bool lies_in(greg_t address, const stack_t& stack)
{
    const auto hi = reinterpret_cast<std::uintptr_t>(stack.ss_sp);
    const auto where = static_cast<std::uintptr_t>(address);
    return where < hi && where >= hi - stack.ss_size;
}

TEST_P(Mutators, ShowTheirRegistersWhenInterrupted)
{
    Worker worker;
    worker.yields = false;
    start_ready(worker);
    int flag = -1;
    gregset_t registers{};
    EXPECT_EQ(thr_getstate(worker.id, &flag, nullptr, nullptr, nullptr), 0);
    EXPECT_EQ(flag, TRS_INVALID);
    EXPECT_EQ(thr_suspend(worker.id), 0);
    lwpid_t lwp = 0;
    stack_t stack{};
    EXPECT_EQ(thr_getstate(worker.id, &flag, &lwp, &stack, registers), 0);
    EXPECT_EQ(flag, TRS_VALID);
    EXPECT_TRUE(lies_in(registers[REG_RSP], stack));
    EXPECT_EQ(thr_setstate(worker.id, TRS_NONVOLATILE, registers), EINVAL);
    EXPECT_EQ(thr_setstate(worker.id, TRS_VALID, registers), 0);
    EXPECT_EQ(thr_continue(worker.id), 0);
    EXPECT_TRUE(worker.moves());
    EXPECT_EQ(thr_setstate(worker.id, TRS_VALID, registers), EINVAL);
    EXPECT_EQ(thr_getstate(kNeverIssued, &flag, nullptr, nullptr, nullptr), ESRCH);
    finish(worker);
}

sema_t sema;

void* sleep_on_sema(void*)
{
    sema_wait(&sema);
    return nullptr;
}

TEST_P(Mutators, ShowWhereTheySleep)
{
    sema_init(&sema, 0, USYNC_THREAD, nullptr);
    thread_t id = 0;
    ASSERT_EQ(thr_create(nullptr, 0, sleep_on_sema, nullptr, GetParam(), &id), 0);
    EXPECT_TRUE(bounded::until([&] { return insight::is_blocked(id, &sema); }));
    EXPECT_EQ(thr_suspend(id), 0);
    int flag = -1;
    stack_t stack{};
    gregset_t registers{};
    EXPECT_EQ(thr_getstate(id, &flag, nullptr, &stack, registers), 0);
    EXPECT_EQ(flag, TRS_NONVOLATILE);
    EXPECT_TRUE(lies_in(registers[REG_RSP], stack));
    EXPECT_NE(registers[REG_RIP], 0);
    sema_post(&sema);
    EXPECT_EQ(thr_getstate(id, &flag, nullptr, &stack, registers), 0);
    EXPECT_EQ(flag, TRS_NONVOLATILE);
    EXPECT_TRUE(lies_in(registers[REG_RSP], stack));
    EXPECT_EQ(thr_continue(id), 0);
    EXPECT_EQ(thr_join(id, nullptr, nullptr), 0);
}

}  // namespace
