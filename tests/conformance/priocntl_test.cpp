// priocntl(2)
#include <sys/priocntl.h>
#include <sys/rtpriocntl.h>
#include <sys/tspriocntl.h>

#include <cerrno>
#include <cstring>

#include "conformance/fixture.h"

namespace conformance {
namespace {

class Priocntl : public ThreadTest {};

INSTANTIATE_TEST_SUITE_P(Threads, Priocntl, testing::Values(static_cast<long>(THR_BOUND)),
                         binding_name);

id_t class_named(const char* name)
{
    pcinfo_t info{};
    std::strcpy(info.pc_clname, name);
    EXPECT_GE(priocntl(P_PID, 0, PC_GETCID, &info), 2) << name;
    return info.pc_cid;
}

pcparms_t own_parameters()
{
    pcparms_t parms{};
    parms.pc_cid = static_cast<id_t>(PC_CLNULL);
    EXPECT_GT(priocntl(P_LWPID, P_MYID, PC_GETPARMS, &parms), 0);
    return parms;
}

template <class Class>
Class class_part(const pcparms_t& parms)
{
    Class part{};
    std::memcpy(&part, parms.pc_clparms, sizeof(part));
    return part;
}

// COMP-PRIO-01: PC_GETCID finds a class by its name, PC_GETCLINFO by its number; unknown ones are
// EINVAL.
TEST_P(Priocntl, S01KnowsTheClasses)
{
    for (const char* const name : {"TS", "RT"}) {
        pcinfo_t info{};
        info.pc_cid = class_named(name);
        EXPECT_GE(priocntl(P_PID, 0, PC_GETCLINFO, &info), 2);
        EXPECT_STREQ(info.pc_clname, name);
        pri_t most = 0;
        std::memcpy(&most, info.pc_clinfo, sizeof(most));
        EXPECT_GT(most, 0);
        pcpri_t range{};
        range.pc_cid = info.pc_cid;
        EXPECT_EQ(priocntl(P_PID, 0, PC_GETPRIRANGE, &range), 0);
        EXPECT_LT(range.pc_clpmin, range.pc_clpmax);
    }
    pcinfo_t info{};
    std::strcpy(info.pc_clname, "XX");
    expect_failure(priocntl(P_PID, 0, PC_GETCID, &info), EINVAL);
    info.pc_cid = 77;
    expect_failure(priocntl(P_PID, 0, PC_GETCLINFO, &info), EINVAL);
}

// COMP-PRIO-02: PC_SETPARMS lowers the priority of the caller's LWP within its class, and
// PC_GETPARMS and PC_GETXPARMS read it back; no other LWP is touched.
TEST_P(Priocntl, S02LowersItsPriority)
{
    const id_t time_sharing = class_named("TS");
    ASSERT_EQ(own_parameters().pc_cid, time_sharing);
    const pri_t others = class_part<tsparms_t>(own_parameters()).ts_upri;
    join(start([=] {
        pcparms_t parms{};
        parms.pc_cid = time_sharing;
        const tsparms_t wanted{TS_NOCHANGE, -30};
        std::memcpy(parms.pc_clparms, &wanted, sizeof(wanted));
        EXPECT_EQ(priocntl(P_LWPID, P_MYID, PC_SETPARMS, &parms), 0);
        EXPECT_EQ(class_part<tsparms_t>(own_parameters()).ts_upri, -30);
        EXPECT_EQ(priocntl(P_LWPID, P_MYID, PC_SETXPARMS, "TS", TS_KY_UPRI, -36, PC_KY_NULL), 0);
        pri_t priority = 0;
        EXPECT_GT(priocntl(P_LWPID, P_MYID, PC_GETXPARMS, "TS", TS_KY_UPRI, &priority, PC_KY_NULL),
                  0);
        EXPECT_EQ(priority, -36);
    }));
    EXPECT_EQ(class_part<tsparms_t>(own_parameters()).ts_upri, others);
}

// COMP-PRIO-03: with the privilege an LWP becomes a real-time one and comes back; without, it is
// EPERM and nothing changes.
TEST_P(Priocntl, S03MovesToRealTime)
{
    const id_t real_time = class_named("RT");
    const id_t time_sharing = class_named("TS");
    join(start([=] {
        pcparms_t parms{};
        parms.pc_cid = real_time;
        const rtparms_t wanted{3, 0, RT_TQDEF};
        std::memcpy(parms.pc_clparms, &wanted, sizeof(wanted));
        if (priocntl(P_LWPID, P_MYID, PC_SETPARMS, &parms) != 0) {
            EXPECT_EQ(errno, EPERM);
            EXPECT_EQ(own_parameters().pc_cid, time_sharing);
            return;
        }
        EXPECT_EQ(own_parameters().pc_cid, real_time);
        EXPECT_EQ(class_part<rtparms_t>(own_parameters()).rt_pri, 3);
        EXPECT_EQ(
            priocntl(P_LWPID, P_MYID, PC_SETXPARMS, "RT", RT_KY_TQNSECS, RT_TQINF, PC_KY_NULL), 0);
        const auto now = class_part<rtparms_t>(own_parameters());
        EXPECT_EQ(now.rt_pri, 3);
        EXPECT_EQ(now.rt_tqnsecs, RT_TQINF);
        EXPECT_EQ(priocntl(P_LWPID, P_MYID, PC_SETXPARMS, "TS", PC_KY_NULL), 0);
        EXPECT_EQ(own_parameters().pc_cid, time_sharing);
    }));
}

// COMP-PRIO-04: bad commands, keys, parameters and ids.
TEST_P(Priocntl, S04ReportsErrors)
{
    const auto myself = P_MYID;
    pcparms_t parms = own_parameters();
    expect_failure(priocntl(P_LWPID, myself, 99, &parms), EINVAL);
    expect_failure(priocntl(P_LWPID, 0x3ffffff0, PC_GETPARMS, &parms), ESRCH);
    expect_failure(priocntl(P_PID, 0x3ffffff0, PC_GETPARMS, &parms), ESRCH);
    expect_failure(priocntl(P_GID, 0, PC_GETPARMS, &parms), ENOTSUP);
    parms.pc_cid = class_named("RT");
    expect_failure(priocntl(P_LWPID, myself, PC_GETPARMS, &parms), ESRCH);
    const rtparms_t wanted{10000, 0, RT_TQDEF};
    std::memcpy(parms.pc_clparms, &wanted, sizeof(wanted));
    expect_failure(priocntl(P_LWPID, myself, PC_SETPARMS, &parms), EINVAL);
    parms.pc_cid = 77;
    expect_failure(priocntl(P_LWPID, myself, PC_SETPARMS, &parms), EINVAL);
    expect_failure(priocntl(P_LWPID, myself, PC_SETXPARMS, "XX", PC_KY_NULL), EINVAL);
    expect_failure(priocntl(P_LWPID, myself, PC_SETXPARMS, "TS", 55, 1, PC_KY_NULL), EINVAL);
}

}  // namespace
}  // namespace conformance
