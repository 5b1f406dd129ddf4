#include <gtest/gtest.h>

#include "made_snapshot.h"
#include "model/findings.h"

using namespace lwpi;

namespace {

constexpr std::int64_t kSample = 1'100'000'000;

Snapshot two_samples_apart(const Snapshot& first)
{
    return made::later(first, kSample);
}

// Thread 1 computes on LWP 10; thread 2 is ready.
Snapshot one_computes()
{
    Snapshot snapshot = made::library_snapshot();
    ThreadInfo runner = made::running(1);
    runner.tid = 10;
    ThreadInfo waiting = made::ready(2);
    waiting.since_ns = 1000;
    snapshot.threads = {runner, waiting};
    LwpInfo lwp;
    lwp.tid = 10;
    lwp.thread = 1;
    lwp.kernel_state = 'R';
    lwp.cpu_ns = 0;
    snapshot.lwps = {lwp};
    return snapshot;
}

// Thread 1 holds a mutex that 2 waits for, and is in read(2).
Snapshot holder_in_the_kernel()
{
    Snapshot snapshot = made::library_snapshot();
    ThreadInfo holder = made::running(1);
    holder.tid = 10;
    holder.syscall = Syscall{0, "read", {7, 0, 0, 0, 0, 0}, 0, 0};
    snapshot.threads = {holder, made::on_mutex(2, 0x100, 1)};
    LwpInfo lwp;
    lwp.tid = 10;
    lwp.thread = 1;
    lwp.kernel_state = 'S';
    lwp.voluntary_switches = 3;
    lwp.syscall = holder.syscall;
    snapshot.lwps = {lwp};
    return snapshot;
}

std::vector<Rule> rules_of(const Snapshot& first, const Snapshot& second)
{
    std::vector<Rule> rules;
    for (const Finding& finding : warnings(first, second)) {
        rules.push_back(finding.rule);
    }
    return rules;
}

using Rules = std::vector<Rule>;

}  // namespace

TEST(Warnings, ReadyForMoreThanASecond)
{
    Snapshot first = made::library_snapshot();
    first.threads = {made::ready(2)};
    first.threads[0].since_ns = made::kSecond;
    EXPECT_EQ(rules_of(first, two_samples_apart(first)), Rules{Rule::kReady});
}

TEST(Warnings, NotOfAThreadThatRanInBetween)
{
    Snapshot first = made::library_snapshot();
    first.threads = {made::ready(2)};
    first.threads[0].since_ns = made::kSecond;
    Snapshot second = two_samples_apart(first);
    second.threads[0].seq += 2;
    EXPECT_TRUE(warnings(first, second).empty());
    second = two_samples_apart(first);
    second.threads[0].since_ns = 10;
    EXPECT_TRUE(warnings(first, second).empty());
}

TEST(Warnings, RunsWithoutASwitchWhileOthersAreReady)
{
    const Snapshot first = one_computes();
    Snapshot second = two_samples_apart(first);
    second.lwps[0].cpu_ns = made::kSecond;
    second.threads[1].seq += 2;  // others get their turn, on another LWP
    EXPECT_EQ(rules_of(first, second), Rules{Rule::kRunning});
}

TEST(Warnings, ComputingAloneIsNoFault)
{
    const Snapshot first = one_computes();
    const auto silent = [&](auto change) {
        Snapshot before = first;
        Snapshot second = two_samples_apart(first);
        second.lwps[0].cpu_ns = made::kSecond;
        second.threads[1].since_ns = 1000;
        change(before, second);
        return warnings(before, second).empty();
    };
    EXPECT_FALSE(silent([](Snapshot&, Snapshot&) {}));
    EXPECT_TRUE(silent([](Snapshot&, Snapshot& s) { s.threads.pop_back(); }));
    EXPECT_TRUE(silent([](Snapshot&, Snapshot& s) { ++*s.threads[0].switches; }));
    EXPECT_TRUE(silent([](Snapshot&, Snapshot& s) { s.threads[0].flags = {"bound"}; }));
    EXPECT_TRUE(silent([](Snapshot&, Snapshot& s) { s.lwps[0].cpu_ns = made::kSecond / 10; }));
    EXPECT_TRUE(silent([](Snapshot& b, Snapshot& s) { b.taken_ns = s.taken_ns - 50'000'000; }));
}

TEST(Warnings, AHolderAsleepInTheKernel)
{
    const Snapshot first = holder_in_the_kernel();
    const auto found = warnings(first, two_samples_apart(first));
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].rule, Rule::kHolder);
    EXPECT_NE(found[0].text.find("#1 holds mutex 0x100, which 1 thread waits for, and sleeps in "
                                 "read(7"),
              std::string::npos)
        << found[0].text;
}

TEST(Warnings, NotOfAHolderThatWentOn)
{
    const Snapshot first = holder_in_the_kernel();
    Snapshot second = two_samples_apart(first);
    ++*second.lwps[0].voluntary_switches;
    EXPECT_TRUE(warnings(first, second).empty());
    second = two_samples_apart(first);
    second.threads[1].seq += 2;  // the waiter is another one each time
    EXPECT_TRUE(warnings(first, second).empty());
}

TEST(Warnings, AStackNearlyUsedUp)
{
    Snapshot first = made::library_snapshot();
    first.threads = {made::blocked(1, WaitKind::kCond, "cond", 0x10, {})};
    first.threads[0].stack_lo = 1000;
    first.threads[0].stack_hi = 2000;
    first.threads[0].sp = 1099;
    EXPECT_EQ(rules_of(first, two_samples_apart(first)), Rules{Rule::kStack});
    Snapshot second = two_samples_apart(first);
    second.threads[0].sp = 1100;
    EXPECT_TRUE(warnings(first, second).empty());
    EXPECT_TRUE(warnings(second, first).empty());
}
