// processor_bind(2), processor_info(2), p_online(2)
#include <sys/processor.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "conformance/fixture.h"

namespace conformance {
namespace {

// Bindings are an LWP's: each thread here has its own, and a test that fails spoils no other.
class ProcessorBind : public ThreadTest {
  protected:
    // Runs work(cpu) in a bound thread without a binding; `cpu` is on line.
    template <class Work>
    void in_free_thread(Work work)
    {
        join(start(
            [work] {
                ASSERT_EQ(processor_bind(P_LWPID, P_MYID, PBIND_NONE, nullptr), 0);
                work(getcpuid());
            },
            THR_BOUND));
    }
};

INSTANTIATE_TEST_SUITE_P(Threads, ProcessorBind, testing::Values(static_cast<long>(THR_BOUND)),
                         binding_name);

processorid_t asked_binding(idtype_t idtype = P_LWPID, id_t id = P_MYID)
{
    processorid_t binding = 12345;
    EXPECT_EQ(processor_bind(idtype, id, PBIND_QUERY, &binding), 0);
    return binding;
}

// COMP-04: processor_bind(P_LWPID, P_MYID, cpu, &old) binds the bound thread and gives the old
// binding: none first, then the one before.
TEST_P(ProcessorBind, S04BindsTheCaller)
{
    in_free_thread([](processorid_t cpu) {
        processorid_t old = 12345;
        EXPECT_EQ(processor_bind(P_LWPID, P_MYID, cpu, &old), 0);
        EXPECT_EQ(old, PBIND_NONE);
        for (int round = 0; round < 100; ++round) {
            ASSERT_EQ(getcpuid(), cpu);
            thr_yield();
        }
        EXPECT_EQ(processor_bind(P_LWPID, thr_self(), cpu, &old), 0);
        EXPECT_EQ(old, cpu);
    });
}

// COMP-04: P_PID binds all LWPs of the process; an id instead of P_MYID does the same.
TEST_P(ProcessorBind, S04BindsTheProcess)
{
    const processorid_t cpu = getcpuid();
    ASSERT_EQ(processor_bind(P_PID, P_MYID, PBIND_NONE, nullptr), 0);
    ASSERT_EQ(processor_bind(P_PID, static_cast<id_t>(getpid()), cpu, nullptr), 0);
    EXPECT_EQ(asked_binding(P_PID), cpu);
    EXPECT_EQ(asked_binding(), cpu);
    join(start([cpu] {
        EXPECT_EQ(asked_binding(), cpu);
        EXPECT_EQ(getcpuid(), cpu);
    }));
    // An LWP that is being made meanwhile may have its maker's old binding.
    EXPECT_TRUE(bounded::until([] { return platform::lwps_are_settled(); }));
    EXPECT_EQ(processor_bind(P_PID, P_MYID, PBIND_NONE, nullptr), 0);
    EXPECT_EQ(asked_binding(P_PID), PBIND_NONE);
}

// COMP-05: PBIND_QUERY changes nothing and gives the binding.
TEST_P(ProcessorBind, S05Asks)
{
    in_free_thread([](processorid_t cpu) {
        EXPECT_EQ(asked_binding(), PBIND_NONE);
        EXPECT_EQ(asked_binding(), PBIND_NONE);
        EXPECT_EQ(processor_bind(P_LWPID, P_MYID, cpu, nullptr), 0);
        EXPECT_EQ(asked_binding(), cpu);
        EXPECT_EQ(asked_binding(), cpu);
    });
}

// COMP-06: PBIND_NONE ends the binding.
TEST_P(ProcessorBind, S06EndsTheBinding)
{
    in_free_thread([](processorid_t cpu) {
        EXPECT_EQ(processor_bind(P_LWPID, P_MYID, cpu, nullptr), 0);
        processorid_t old = 12345;
        EXPECT_EQ(processor_bind(P_LWPID, P_MYID, PBIND_NONE, &old), 0);
        EXPECT_EQ(old, cpu);
        EXPECT_EQ(asked_binding(), PBIND_NONE);
    });
}

// COMP-07: a processor that is absent, or a number that is none: EINVAL.
TEST_P(ProcessorBind, S07FailsWithEinvalForAProcessorThatIsNotThere)
{
    for (const processorid_t absent : {1 << 20, -77}) {
        expect_failure(processor_bind(P_LWPID, P_MYID, absent, nullptr), EINVAL);
        processor_info_t info;
        expect_failure(processor_info(absent, &info), EINVAL);
        expect_failure(p_online(absent, P_STATUS), EINVAL);
    }
}

// COMP-08: an undefined kind of id: EINVAL.
TEST_P(ProcessorBind, S08FailsWithEinvalForABadIdType)
{
    expect_failure(processor_bind(P_GID, P_MYID, PBIND_QUERY, nullptr), EINVAL);
    expect_failure(processor_bind(static_cast<idtype_t>(30), P_MYID, PBIND_NONE, nullptr), EINVAL);
}

// COMP-09: an LWP or process that does not exist: ESRCH.
TEST_P(ProcessorBind, S09FailsWithEsrchForAnUnknownId)
{
    expect_failure(processor_bind(P_LWPID, 0x3ffffff0, PBIND_QUERY, nullptr), ESRCH);
    expect_failure(processor_bind(P_PID, 0x3ffffff0, PBIND_QUERY, nullptr), ESRCH);
}

// COMP-10: the child of a fork has the binding of the LWP that forked.
TEST_P(ProcessorBind, S10IsInheritedByFork)
{
    in_free_thread([](processorid_t cpu) {
        EXPECT_EQ(processor_bind(P_LWPID, P_MYID, cpu, nullptr), 0);
        const pid_t pid = fork1();
        if (pid == 0) {
            processorid_t binding = 12345;
            const int result = processor_bind(P_LWPID, P_MYID, PBIND_QUERY, &binding);
            _exit(result == 0 && binding == cpu && getcpuid() == cpu ? 0 : 1);
        }
        int status = -1;
        ASSERT_EQ(waitpid(pid, &status, 0), pid);
        EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
    });
}

// COMP-CPU-01: processor_info describes a processor that is on line.
TEST_P(ProcessorBind, S01Describes)
{
    processor_info_t info{};
    EXPECT_EQ(processor_info(getcpuid(), &info), 0);
    EXPECT_EQ(info.pi_state, P_ONLINE);
    EXPECT_STRNE(info.pi_processor_type, "");
    EXPECT_GE(info.pi_clock, 0);
}

// COMP-CPU-02: p_online tells the state, and changes nothing when that is what is asked for; an
// undefined flag is EINVAL.
TEST_P(ProcessorBind, S02TellsTheState)
{
    const processorid_t cpu = getcpuid();
    EXPECT_EQ(p_online(cpu, P_STATUS), P_ONLINE);
    EXPECT_EQ(p_online(cpu, P_ONLINE), P_ONLINE);
    expect_failure(p_online(cpu, 99), EINVAL);
}

}  // namespace
}  // namespace conformance
