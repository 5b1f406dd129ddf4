// pset_create(2), pset_bind(2), pset_info(2), pset_list(2), pset_getloadavg(3C)
#include <sys/processor.h>
#include <sys/pset.h>

#include <cerrno>
#include <vector>

#include "conformance/fixture.h"

namespace conformance {
namespace {

std::vector<processorid_t> processors_of(psetid_t set)
{
    std::vector<processorid_t> list(1024);
    auto count = static_cast<uint_t>(list.size());
    EXPECT_EQ(pset_info(set, nullptr, &count, list.data()), 0);
    list.resize(count);
    return list;
}

psetid_t asked_set(idtype_t idtype = P_LWPID)
{
    psetid_t set = 12345;
    EXPECT_EQ(pset_bind(PS_QUERY, idtype, P_MYID, &set), 0);
    return set;
}

// Each test has a process of its own, and sets are a process's here.
class PsetCreate : public ThreadTest {
  protected:
    void SetUp() override
    {
        if (pset_create(&set_) != 0) {
            GTEST_SKIP() << "sets need a privilege";
        }
        // The last one: the initial thread's is most often the first.
        cpu_ = processors_of(PS_NONE).back();
        can_assign_ = pset_assign(set_, cpu_, nullptr) == 0;
    }

    void TearDown() override
    {
        ThreadTest::TearDown();
        static_cast<void>(pset_destroy(set_));
    }

    psetid_t set_ = PS_NONE;
    processorid_t cpu_ = 0;
    bool can_assign_ = false;
};

INSTANTIATE_TEST_SUITE_P(Threads, PsetCreate, testing::Values(static_cast<long>(THR_BOUND)),
                         binding_name);

// COMP-SET-01: pset_create makes an empty set, which pset_list shows until pset_destroy.
TEST_P(PsetCreate, S01MakesASet)
{
    psetid_t other = PS_NONE;
    ASSERT_EQ(pset_create(&other), 0);
    EXPECT_NE(other, set_);
    EXPECT_TRUE(processors_of(other).empty());
    psetid_t list[2] = {PS_NONE, PS_NONE};
    uint_t count = 2;
    EXPECT_EQ(pset_list(list, &count), 0);
    EXPECT_EQ(count, 2U);
    EXPECT_TRUE(list[0] == set_ && list[1] == other);
    EXPECT_EQ(pset_destroy(other), 0);
    count = 0;
    EXPECT_EQ(pset_list(nullptr, &count), 0);
    EXPECT_EQ(count, 1U);
    expect_failure(pset_destroy(other), EINVAL);
}

// COMP-SET-02: pset_assign moves a processor: it is in the set alone, and who is not bound to the
// set does not run there. With one processor it is EBUSY.
TEST_P(PsetCreate, S02MovesAProcessor)
{
    if (!can_assign_) {
        EXPECT_EQ(processors_of(PS_NONE).size(), 1U);
        expect_failure(pset_assign(set_, cpu_, nullptr), EBUSY);
        return;
    }
    EXPECT_EQ(processors_of(set_), std::vector<processorid_t>{cpu_});
    for (const processorid_t left : processors_of(PS_NONE)) {
        EXPECT_NE(left, cpu_);
    }
    psetid_t before = 12345;
    EXPECT_EQ(pset_assign(PS_QUERY, cpu_, &before), 0);
    EXPECT_EQ(before, set_);
    join(start([this] {
        for (int round = 0; round < 100; ++round) {
            ASSERT_NE(getcpuid(), cpu_);
            thr_yield();
        }
    }));
    EXPECT_EQ(pset_assign(PS_NONE, cpu_, &before), 0);
    EXPECT_EQ(before, set_);
    EXPECT_TRUE(processors_of(set_).empty());
    EXPECT_EQ(processors_of(PS_NONE).back(), cpu_);
}

// COMP-SET-03: pset_bind binds an LWP to a set, PS_QUERY asks, PS_NONE ends it; new threads of that
// thread inherit it.
TEST_P(PsetCreate, S03BindsTheCaller)
{
    if (!can_assign_) {
        GTEST_SKIP() << "one processor";
    }
    join(start([this] {
        EXPECT_EQ(asked_set(), PS_NONE);
        psetid_t before = 12345;
        ASSERT_EQ(pset_bind(set_, P_LWPID, P_MYID, &before), 0);
        EXPECT_EQ(before, PS_NONE);
        EXPECT_EQ(asked_set(), set_);
        for (int round = 0; round < 100; ++round) {
            ASSERT_EQ(getcpuid(), cpu_);
            thr_yield();
        }
        join(start([this] { EXPECT_EQ(asked_set(), set_); }));
        EXPECT_EQ(pset_bind(PS_NONE, P_LWPID, P_MYID, &before), 0);
        EXPECT_EQ(before, set_);
        EXPECT_NE(getcpuid(), cpu_);
    }));
}

// COMP-SET-04: an LWP bound to a set cannot be bound to a processor outside, nor an unbound one to
// a processor inside: EINVAL. A set in use keeps its last processor: EBUSY.
TEST_P(PsetCreate, S04KeepsInsideAndOutsideApart)
{
    if (!can_assign_) {
        GTEST_SKIP() << "one processor";
    }
    const processorid_t outside = processors_of(PS_NONE).front();
    join(start([this, outside] {
        expect_failure(processor_bind(P_LWPID, P_MYID, cpu_, nullptr), EINVAL);
        ASSERT_EQ(pset_bind(set_, P_LWPID, P_MYID, nullptr), 0);
        expect_failure(processor_bind(P_LWPID, P_MYID, outside, nullptr), EINVAL);
        expect_failure(pset_assign(PS_NONE, cpu_, nullptr), EBUSY);
        EXPECT_EQ(pset_bind(PS_NONE, P_LWPID, P_MYID, nullptr), 0);
    }));
}

// COMP-SET-05: pset_destroy leaves what was bound to the set unbound.
TEST_P(PsetCreate, S05FreesWhatWasBound)
{
    if (!can_assign_) {
        GTEST_SKIP() << "one processor";
    }
    ASSERT_EQ(pset_bind(set_, P_PID, P_MYID, nullptr), 0);
    EXPECT_EQ(asked_set(P_PID), set_);
    EXPECT_EQ(pset_destroy(set_), 0);
    EXPECT_EQ(asked_set(), PS_NONE);
    join(start([] { EXPECT_EQ(asked_set(), PS_NONE); }));
    EXPECT_EQ(processors_of(PS_NONE).back(), cpu_);
}

// COMP-SET-06: pset_info gives a set's type, and no more processors than there is room for.
TEST_P(PsetCreate, S06Describes)
{
    int type = 0;
    uint_t count = 0;
    EXPECT_EQ(pset_info(set_, &type, &count, nullptr), 0);
    EXPECT_EQ(type, PS_PRIVATE);
    EXPECT_EQ(count, can_assign_ ? 1U : 0U);
    processorid_t list[2] = {-5, -5};
    count = 1;
    EXPECT_EQ(pset_info(PS_NONE, &type, &count, list), 0);
    EXPECT_EQ(type, PS_SYSTEM);
    EXPECT_EQ(count, processors_of(PS_NONE).size());
    EXPECT_GE(list[0], 0);
    EXPECT_EQ(list[1], -5);
}

// COMP-SET-07: errors: unknown sets and kinds of ids, empty sets, other processes.
TEST_P(PsetCreate, S07ReportsErrors)
{
    psetid_t empty = PS_NONE;
    ASSERT_EQ(pset_create(&empty), 0);
    expect_failure(pset_bind(empty, P_LWPID, P_MYID, nullptr), EINVAL);
    EXPECT_EQ(pset_destroy(empty), 0);
    expect_failure(pset_bind(empty, P_LWPID, P_MYID, nullptr), EINVAL);
    expect_failure(pset_assign(empty, cpu_, nullptr), EINVAL);
    expect_failure(pset_assign(set_, 1 << 20, nullptr), EINVAL);
    expect_failure(pset_info(empty, nullptr, nullptr, nullptr), EINVAL);
    expect_failure(pset_bind(PS_QUERY, P_GID, P_MYID, nullptr), EINVAL);
    expect_failure(pset_bind(PS_QUERY, P_LWPID, 0x3ffffff0, nullptr), ESRCH);
    expect_failure(pset_bind(PS_QUERY, P_PID, 0x3ffffff0, nullptr), ESRCH);
    expect_failure(pset_bind(PS_NONE, P_PID, 1, nullptr), EPERM);
}

// COMP-SET-08: pset_getloadavg gives up to three numbers, of PS_NONE too.
TEST_P(PsetCreate, S08GivesLoadAverages)
{
    double load[4] = {-1, -1, -1, -1};
    EXPECT_EQ(pset_getloadavg(PS_NONE, load, 4), 3);
    EXPECT_TRUE(load[0] >= 0 && load[2] >= 0 && load[3] < 0);
    EXPECT_EQ(pset_getloadavg(set_, load, 1), 1);
    expect_failure(pset_getloadavg(12345, load, 1), EINVAL);
}

}  // namespace
}  // namespace conformance
