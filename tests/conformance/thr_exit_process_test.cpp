// thr_exit(3C): threads' ends and the end of the process. Each case is a child program.
#include <thread.h>

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "conformance/fixture.h"

namespace conformance {
namespace {

class ThrExitProcess : public ThreadTest {
  protected:
    // Runs a program whose threads are to be made with the parameter.
    static child::Outcome run(const child::Program& program)
    {
        return child::run(program, {.argument = binding()});
    }
};

INSTANTIATE_TEST_SUITE_P(Threads, ThrExitProcess, bindings(), binding_name);

thread_t create(void* (*function)(void*), void* argument, long flags = 0)
{
    thread_t id = 0;
    if (thr_create(nullptr, 0, function, argument, child::argument() | flags, &id) != 0) {
        std::abort();
    }
    return id;
}

// Unlike printf, not held in a buffer.
void say(std::string_view text)
{
    if (write(STDOUT_FILENO, text.data(), text.size()) < 0) {
        std::abort();
    }
}

bool contains(const child::Outcome& outcome, std::string_view text)
{
    return outcome.output.find(text) != std::string::npos;
}

constexpr thread_t kMain = 1;

void* outlive_main(void* /*argument*/)
{
    if (!bounded::until([] { return !is_alive(kMain); }, 10s)) {
        std::exit(1);
    }
    say("main has ended");
    std::exit(42);
}

// THR-EXIT-03: the process lives on after main's thr_exit while another thread does.
const child::Program main_exits_first{"main_exits_first", [] {
                                          create(outlive_main, nullptr);
                                          thr_exit(nullptr);
                                          return 2;
                                      }};

TEST_P(ThrExitProcess, S03OutlivesMain)
{
    const child::Outcome outcome = run(main_exits_first);
    EXPECT_EQ(outcome.exit_status, 42) << outcome.describe();
    EXPECT_TRUE(contains(outcome, "main has ended")) << outcome.describe();
}

void* exit_with_nine(void* /*argument*/)
{
    static_cast<void>(bounded::until([] { return !is_alive(kMain); }, 10s));
    thr_exit(as_pointer(9));
}

void say_atexit()
{
    say("atexit ran\n");
}

// THR-EXIT-04: after the last thread's end the process exits with 0, whatever the threads gave.
// THR-EXIT-05: exit handlers run and standard output is flushed.
const child::Program last_thread_ends{"last_thread_ends", [] {
                                          std::atexit(say_atexit);
                                          std::printf("left in the buffer");
                                          create(exit_with_nine, nullptr);
                                          create(exit_with_nine, nullptr);
                                          thr_exit(as_pointer(7));
                                          return 2;
                                      }};

TEST_P(ThrExitProcess, S04ExitsWithZeroAfterTheLastThread)
{
    const child::Outcome outcome = run(last_thread_ends);
    EXPECT_TRUE(outcome.exited) << outcome.describe();
    EXPECT_EQ(outcome.exit_status, 0) << outcome.describe();
    EXPECT_TRUE(contains(outcome, "atexit ran")) << outcome.describe();
    EXPECT_TRUE(contains(outcome, "left in the buffer")) << outcome.describe();
}

// THR-EXIT-04: so it does when main is the only thread and has created none.
const child::Program only_main_exits{"only_main_exits", [] {
                                         std::atexit(say_atexit);
                                         thr_exit(as_pointer(7));
                                         return 2;
                                     }};

TEST_P(ThrExitProcess, S04ExitsWithZeroWhenMainIsAlone)
{
    const child::Outcome outcome = run(only_main_exits);
    EXPECT_EQ(outcome.exit_status, 0) << outcome.describe();
    EXPECT_TRUE(contains(outcome, "atexit ran")) << outcome.describe();
}

void* wait_for_ever(void* gate)
{
    for (;;) {
        static_cast<latch::Gate*>(gate)->wait(1000s);
    }
}

latch::Gate never_opened;

// THR-EXIT-06: daemons do not keep the process alive.
const child::Program only_daemons_left{"only_daemons_left", [] {
                                           create(wait_for_ever, &never_opened, THR_DAEMON);
                                           create(wait_for_ever, &never_opened, THR_DAEMON);
                                           create(exit_with_nine, nullptr);
                                           thr_exit(nullptr);
                                           return 2;
                                       }};

TEST_P(ThrExitProcess, S06EndsWhenOnlyDaemonsAreLeft)
{
    const child::Outcome outcome = run(only_daemons_left);
    EXPECT_TRUE(outcome.exited) << outcome.describe();
    EXPECT_EQ(outcome.exit_status, 0) << outcome.describe();
}

// Runs until the process ends, and has its turn taken by others meanwhile.
void* count_for_ever(void* number)
{
    static_cast<std::atomic<int>*>(number)->fetch_add(1);
    for (;;) {
        thr_yield();
    }
}

// THR-EXIT-07: returning from main ends the process with main's value, threads or not.
const child::Program main_returns{"main_returns", [] {
                                      std::atomic<int> running{0};
                                      create(count_for_ever, &running);
                                      create(count_for_ever, &running, THR_DETACHED);
                                      return bounded::until([&] { return running >= 2; }) ? 7 : 1;
                                  }};

TEST_P(ThrExitProcess, S07EndsWithMainsValue)
{
    const child::Outcome outcome = run(main_returns);
    EXPECT_EQ(outcome.exit_status, 7) << outcome.describe();
}

void* exit_with_eleven(void* /*argument*/)
{
    std::exit(11);
}

// THR-EXIT-08: exit in any thread ends the process with its value.
const child::Program thread_calls_exit{"thread_calls_exit", [] {
                                           create(wait_for_ever, &never_opened);
                                           thr_join(create(exit_with_eleven, nullptr), nullptr,
                                                    nullptr);
                                           return 2;
                                       }};

TEST_P(ThrExitProcess, S08EndsWithTheValueGivenToExitInAThread)
{
    const child::Outcome outcome = run(thread_calls_exit);
    EXPECT_EQ(outcome.exit_status, 11) << outcome.describe();
}

void* return_argument(void* argument)
{
    return argument;
}

// THR-EXIT-15: an ordinary thread's end runs no exit handlers.
const child::Program ordinary_end{"ordinary_end", [] {
                                      std::atexit(say_atexit);
                                      thr_join(create(return_argument, nullptr), nullptr, nullptr);
                                      say("joined\n");
                                      return 3;
                                  }};

TEST_P(ThrExitProcess, S15RunsNoExitHandlersForOneThread)
{
    const child::Outcome outcome = run(ordinary_end);
    EXPECT_EQ(outcome.exit_status, 3) << outcome.describe();
    const std::size_t joined = outcome.output.find("joined");
    const std::size_t handler = outcome.output.find("atexit ran");
    ASSERT_NE(joined, std::string::npos) << outcome.describe();
    ASSERT_NE(handler, std::string::npos) << outcome.describe();
    EXPECT_LT(joined, handler) << outcome.describe();
}

thread_key_t last_key = THR_ONCE_KEY;

void say_destructor(void* /*value*/)
{
    say("destructor ran\n");
}

void say_specific()
{
    void* value = nullptr;
    thr_getspecific(last_key, &value);
    say(value == as_pointer(123) ? "value is there\n" : "value is lost\n");
}

void* end_last(void* /*argument*/)
{
    static_cast<void>(bounded::until([] { return !is_alive(kMain); }, 10s));
    thr_setspecific(last_key, as_pointer(123));
    thr_exit(nullptr);
}

// THR-EXIT-16: the last thread's data are still there in exit handlers, no destructor having run.
const child::Program last_thread_has_data{"last_thread_has_data", [] {
                                              thr_keycreate_once(&last_key, say_destructor);
                                              std::atexit(say_specific);
                                              create(end_last, nullptr);
                                              thr_exit(nullptr);
                                              return 2;
                                          }};

TEST_P(ThrExitProcess, S16KeepsTheLastThreadsDataForExitHandlers)
{
    const child::Outcome outcome = run(last_thread_has_data);
    EXPECT_EQ(outcome.exit_status, 0) << outcome.describe();
    EXPECT_TRUE(contains(outcome, "value is there")) << outcome.describe();
    EXPECT_FALSE(contains(outcome, "destructor ran")) << outcome.describe();
}

void* join_main(void* /*argument*/)
{
    thread_t departed = 0;
    void* status = nullptr;
    const int error = thr_join(kMain, &departed, &status);
    std::exit(error == 0 && departed == kMain && status == as_pointer(31) ? 5 : 6);
}

// THR-EXIT-17: main can be joined after its thr_exit.
const child::Program main_is_joined{"main_is_joined", [] {
                                        create(join_main, nullptr);
                                        thr_exit(as_pointer(31));
                                        return 2;
                                    }};

TEST_P(ThrExitProcess, S17LetsMainBeJoined)
{
    const child::Outcome outcome = run(main_is_joined);
    EXPECT_EQ(outcome.exit_status, 5) << outcome.describe();
}

}  // namespace
}  // namespace conformance
