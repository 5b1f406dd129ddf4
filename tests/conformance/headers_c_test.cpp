// thread.h, synch.h: programs in C, as compilers of several ages take it. c89/CMakeLists.txt says
// how each is compiled.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/debug.h>

#include "support/child.h"

namespace conformance {
namespace {

#define LT_C_PROGRAM(name)                                                             \
    extern "C" int c_program_##name();                                                 \
    const child::Program name{"c_program_" #name, +[] { return c_program_##name(); }}; \
    static_assert(true)

LT_C_PROGRAM(thread_alone);
LT_C_PROGRAM(c17_thread_alone);
LT_C_PROGRAM(before_ansi);
LT_C_PROGRAM(synch_alone);
LT_C_PROGRAM(strict_synch);
LT_C_PROGRAM(both_orders);
LT_C_PROGRAM(assertions);
LT_C_PROGRAM(initialisers);
LT_C_PROGRAM(c17_initialisers);
LT_C_PROGRAM(twins);
LT_C_PROGRAM(old_names);
LT_C_PROGRAM(c17_old_names);
LT_C_PROGRAM(atomics);
LT_C_PROGRAM(called_atomics);
LT_C_PROGRAM(c17_atomics);

void expect_success(const child::Program& program)
{
    const child::Outcome outcome = child::run(program);
    EXPECT_TRUE(outcome.exited && outcome.exit_status == 0) << outcome.describe();
}

// HDR-01: <thread.h> alone brings the types and functions, in C89.
TEST(HeadersInC, S01ThreadAloneInC89)
{
    expect_success(thread_alone);
}

// HDR-01: and in C17.
TEST(HeadersInC, S01ThreadAloneInC17)
{
    expect_success(c17_thread_alone);
}

// HDR-01, HDR-09: and in a program without prototypes that passes NULL and 0 for each other.
TEST(HeadersInC, S01AProgramFromBeforeAnsi)
{
    expect_success(before_ansi);
}

// HDR-02: <synch.h> alone brings the synchronisation types and functions.
TEST(HeadersInC, S02SynchAlone)
{
    expect_success(synch_alone);
}

// HDR-02: also without the names of X/Open.
TEST(HeadersInC, S02SynchAloneInStrictC89)
{
    expect_success(strict_synch);
}

// HDR-03, HDR-08, HDR-10, HDR-18: either order, again; values in the preprocessor; sizes.
TEST(HeadersInC, S03BothOrders)
{
    expect_success(both_orders);
}

// HDR-13, HDR-14, HDR-17, HDR-19: assertions on locks; names of errors; scalar types.
TEST(HeadersInC, S13Assertions)
{
    expect_success(assertions);
}

// HDR-12: every static initialiser makes an object that is ready.
TEST(HeadersInC, S12InitialisersInC89)
{
    expect_success(initialisers);
}

// HDR-12: in C17 too.
TEST(HeadersInC, S12InitialisersInC17)
{
    expect_success(c17_initialisers);
}

// HDR-16: the names with an underscore before them do the same.
TEST(HeadersInC, S16Twins)
{
    expect_success(twins);
}

// COMP-HDR-01: sources for Solaris find their types, constants and calls in the headers named as
// there, sysinfo among them.
// SIG-21: the sigwait of one argument returns the signal's number, where POSIX' is not asked for.
TEST(HeadersInC, S21OldNames)
{
    expect_success(old_names);
    expect_success(c17_old_names);
}

const child::Program verifies{"verifies", [] {
                                  VERIFY3S(6 * 7, ==, 43);
                                  return 0;
                              }};

// COMP-HDR-01: an assertion that does not hold is reported, and ends the process by SIGABRT.
TEST(HeadersInC, AnAssertionThatDoesNotHold)
{
    const child::Outcome outcome = child::run(verifies);
    EXPECT_EQ(outcome.signal, SIGABRT) << outcome.describe();
    EXPECT_NE(outcome.output.find("6 * 7 == 43"), std::string::npos) << outcome.describe();
}

// COMP-11: the atomic operations give the same results expanded in place and called, in C89.
TEST(HeadersInC, S20Atomics)
{
    expect_success(atomics);
    expect_success(called_atomics);
}

// COMP-11: and in C17.
TEST(HeadersInC, S20AtomicsInC17)
{
    expect_success(c17_atomics);
}

}  // namespace
}  // namespace conformance
