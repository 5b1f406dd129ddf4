// libthread_db's interface, by a debugger that is this program: what it shows.
#include <set>

#include "e2e/td_session.h"

namespace {

using Quiet = td_test::Quiet;
using td_test::Session;

int count_visits(const td_thrhandle_t* thread, void* argument)
{
    auto& all = *static_cast<std::vector<psaddr_t>*>(argument);
    all.push_back(thread->th_unique);
    return 0;
}

std::vector<psaddr_t> visit(Session& session, td_thr_state_e state = TD_THR_ANY_STATE,
                            unsigned flags = TD_THR_ANY_USER_FLAGS)
{
    std::vector<psaddr_t> all;
    EXPECT_EQ(td_ta_thr_iter(session.agent(), count_visits, &all, state, TD_THR_LOWEST_PRIORITY,
                             TD_SIGNO_MASK, flags),
              TD_OK);
    return all;
}

// TDB-01: td_init.
TEST(ThreadDb, Initialises)
{
    EXPECT_EQ(td_init(), TD_OK);
    td_log();
}

// TDB-02: a process without the library.
TEST(ThreadDb, ProcessWithoutTheLibrary)
{
    Session session({PTHREAD_STUCK_PROGRAM, "plain", "2"});
    EXPECT_EQ(session.open(), TD_NOLIBTHREAD);
    EXPECT_EQ(session.agent(), nullptr);
    EXPECT_EQ(td_ta_new(nullptr, nullptr), TD_BADPH);
}

// TDB-03: every live and ended thread once; a call-back ends the visit; filters.
TEST_F(Quiet, VisitsEveryThreadOnce)
{
    const auto all = visit(session_);
    EXPECT_EQ(all.size(), 6U);  // five and the initial thread
    EXPECT_EQ(std::set<psaddr_t>(all.begin(), all.end()).size(), all.size());
    EXPECT_NE(std::count(all.begin(), all.end(), session_.thread("zombie").th_unique), 0);
    int count = 0;
    EXPECT_EQ(td_ta_get_nthreads(session_.agent(), &count), TD_OK);
    EXPECT_EQ(count, 6);

    int visits = 0;
    EXPECT_EQ(td_ta_thr_iter(
                  session_.agent(),
                  [](const td_thrhandle_t*, void* argument) {
                      return ++*static_cast<int*>(argument) == 2 ? 1 : 0;
                  },
                  &visits, TD_THR_ANY_STATE, 0, nullptr, TD_THR_ANY_USER_FLAGS),
              TD_OK);
    EXPECT_EQ(visits, 2);

    EXPECT_EQ(visit(session_, TD_THR_ZOMBIE),
              std::vector<psaddr_t>{session_.thread("zombie").th_unique});
    EXPECT_EQ(visit(session_, TD_THR_ANY_STATE, THR_DETACHED | THR_DAEMON),
              std::vector<psaddr_t>{session_.thread("cond").th_unique});
    std::vector<psaddr_t> high;
    EXPECT_EQ(td_ta_thr_iter(session_.agent(), count_visits, &high, TD_THR_ANY_STATE, 1, nullptr,
                             TD_THR_ANY_USER_FLAGS),
              TD_OK);
    EXPECT_TRUE(high.empty());
    sigset_t full;
    sigfillset(&full);
    EXPECT_EQ(td_ta_thr_iter(session_.agent(), count_visits, &high, TD_THR_ANY_STATE, 0, &full,
                             TD_THR_ANY_USER_FLAGS),
              TD_OK);
    EXPECT_TRUE(high.empty());
}

// TDB-04: an unknown id; and LWPs.
TEST_F(Quiet, FindsThreadsByIdAndLwp)
{
    td_thrhandle_t handle{};
    EXPECT_EQ(td_ta_map_id2thr(session_.agent(), 99999, &handle), TD_NOTHR);
    EXPECT_EQ(td_ta_map_id2thr(session_.agent(), 0, &handle), TD_NOTHR);
    // The initial thread stays on its LWP, in read().
    ASSERT_EQ(td_ta_map_id2thr(session_.agent(), 1, &handle), TD_OK);
    td_thrinfo_t info{};
    ASSERT_TRUE(session_.runs_until(
        [&] { return td_thr_get_info(&handle, &info) == TD_OK && info.ti_lid != 0; }));
    const lwpid_t lwp = info.ti_lid;
    EXPECT_EQ(td_ta_map_lwp2thr(session_.agent(), lwp, &handle), TD_OK);
    EXPECT_EQ(td_thr_get_info(&handle, &info), TD_OK);
    EXPECT_EQ(info.ti_tid, 1U);
    EXPECT_EQ(info.ti_lid, lwp);
    EXPECT_EQ(td_ta_map_lwp2thr(session_.agent(), 1, &handle), TD_NOLWP);
    EXPECT_EQ(td_thr_validate(&handle), TD_OK);
    ++handle.th_unique;
    EXPECT_EQ(td_thr_validate(&handle), TD_NOTHR);
}

// TDB-05: id, start function, state, flags and stack.
TEST_F(Quiet, TellsWhatAThreadIs)
{
    const td_thrinfo_t held = session_.info("held");
    EXPECT_EQ(held.ti_tid, session_.id("held"));
    EXPECT_EQ(held.ti_startfunc, session_.start("held"));
    EXPECT_EQ(held.ti_state, TD_THR_SLEEP);
    EXPECT_EQ(held.ti_user_flags, 0U);
    EXPECT_EQ(held.ti_type, TD_THR_USER);
    EXPECT_EQ(held.ti_lid, 0U);
    EXPECT_EQ(held.ti_db_suspended, 0);
    EXPECT_EQ(sigismember(&held.ti_sigmask, SIGUSR1), 0);
    EXPECT_GE(held.ti_stksize, 1L << 20);
    EXPECT_LT(held.ti_sp, held.ti_stkbase);
    EXPECT_GT(held.ti_sp, held.ti_stkbase - static_cast<psaddr_t>(held.ti_stksize));

    EXPECT_EQ(session_.info("gate").ti_user_flags, static_cast<unsigned>(THR_BOUND));
    EXPECT_EQ(session_.info("cond").ti_user_flags,
              static_cast<unsigned>(THR_DETACHED | THR_DAEMON));
    EXPECT_EQ(session_.info("stopped").ti_state, TD_THR_STOPPED);
    EXPECT_EQ(session_.info("zombie").ti_state, TD_THR_ZOMBIE);

    prgregset_t registers{};
    const td_thrhandle_t handle = session_.thread("held");
    EXPECT_EQ(td_thr_getgregs(&handle, registers), TD_PARTIALREG);
    EXPECT_EQ(registers[offsetof(user_regs_struct, rip) / sizeof(prgreg_t)], held.ti_pc);
    EXPECT_EQ(td_thr_setgregs(&handle, registers), TD_PARTIALREG);  // as they are
    prfpregset_t floating{};
    EXPECT_EQ(td_thr_getfpregs(&handle, &floating), TD_NOFPREGS);
    int size = 0;
    EXPECT_EQ(td_thr_getxregsize(&handle, &size), TD_NOXREGS);
}

// TDB-07: no event, no message.
TEST_F(Quiet, HasNoMessageWithoutAnEvent)
{
    td_event_msg_t message{};
    EXPECT_EQ(td_ta_event_getmsg(session_.agent(), &message), TD_NOMSG);
    const td_thrhandle_t handle = session_.thread("held");
    EXPECT_EQ(td_thr_event_getmsg(&handle, &message), TD_NOMSG);
    td_notify_t notify{};
    EXPECT_EQ(td_ta_event_addr(session_.agent(), TD_LOCK_TRY, &notify), TD_NOEVENT);
}

// TDB-08: a thread's value, and none.
TEST_F(Quiet, ReadsThreadSpecificData)
{
    const td_thrhandle_t has = session_.thread("held");
    const td_thrhandle_t lacks = session_.thread("gate");
    const auto key = static_cast<thread_key_t>(session_.place("key"));
    void* value = nullptr;
    EXPECT_EQ(td_thr_tsd(&has, key, &value), TD_OK);
    EXPECT_EQ(reinterpret_cast<psaddr_t>(value), session_.place("held"));
    EXPECT_EQ(td_thr_tsd(&lacks, key, &value), TD_NOTSD);
    EXPECT_EQ(td_thr_tsd(&has, 900, &value), TD_BADKEY);
    std::set<thread_key_t> keys;
    EXPECT_EQ(td_ta_tsd_iter(
                  session_.agent(),
                  [](thread_key_t one, void (*)(void*), void* argument) {
                      static_cast<std::set<thread_key_t>*>(argument)->insert(one);
                      return 0;
                  },
                  &keys),
              TD_OK);
    EXPECT_EQ(keys.count(key), 1U);

    // Its own TLS, in the program's block, which is module 1.
    psaddr_t mine = 0;
    psaddr_t initial = 0;
    td_thrhandle_t first{};
    ASSERT_EQ(td_ta_map_id2thr(session_.agent(), 1, &first), TD_OK);
    ASSERT_EQ(td_thr_tlsbase(&has, 1, &mine), TD_OK);
    ASSERT_EQ(td_thr_tlsbase(&first, 1, &initial), TD_OK);
    int number = 0;
    EXPECT_EQ(ps_pdread(&session_.process(), mine + (session_.place("own_number") - initial),
                        &number, sizeof number),
              PS_OK);
    EXPECT_EQ(number, 43);
    EXPECT_EQ(td_thr_tlsbase(&has, 0, &mine), TD_NOTLS);
    EXPECT_EQ(td_thr_tlsbase(&has, 100000, &mine), TD_TLSDEFER);
}

// TDB-09: a held mutex, its owner and who waits for it.
TEST_F(Quiet, TellsWhatAnObjectIs)
{
    td_synchandle_t object{};
    ASSERT_EQ(td_ta_map_addr2sync(session_.agent(), session_.place("held"), &object), TD_OK);
    td_syncinfo_t info{};
    ASSERT_EQ(td_sync_get_info(&object, &info), TD_OK);
    EXPECT_EQ(info.si_type, TD_SYNC_MUTEX);
    EXPECT_EQ(info.si_state.mutex_locked, 1);
    EXPECT_EQ(info.si_has_waiters, 1);
    EXPECT_EQ(info.si_size, static_cast<int>(sizeof(mutex_t)));
    td_thrinfo_t owner{};
    ASSERT_EQ(td_thr_get_info(&info.si_owner, &owner), TD_OK);
    EXPECT_EQ(owner.ti_tid, 1U);

    std::vector<psaddr_t> waiters;
    EXPECT_EQ(td_sync_waiters(&object, count_visits, &waiters), TD_OK);
    EXPECT_EQ(waiters, std::vector<psaddr_t>{session_.thread("held").th_unique});
    const td_thrhandle_t waiter = session_.thread("held");
    td_synchandle_t waited_for{};
    EXPECT_EQ(td_thr_sleepinfo(&waiter, &waited_for), TD_OK);
    EXPECT_EQ(waited_for.sh_unique, object.sh_unique);
    EXPECT_EQ(td_thr_sleepinfo(&info.si_owner, &waited_for), TD_ERR);

    std::vector<psaddr_t> objects;
    const auto note = [](const td_synchandle_t* one, void* argument) {
        static_cast<std::vector<psaddr_t>*>(argument)->push_back(one->sh_unique);
        return 0;
    };
    EXPECT_EQ(td_thr_lockowner(&info.si_owner, note, &objects), TD_OK);
    EXPECT_EQ(objects, std::vector<psaddr_t>{object.sh_unique});
    objects.clear();
    EXPECT_EQ(td_ta_sync_iter(session_.agent(), note, &objects), TD_OK);
    const std::set<psaddr_t> expected{session_.place("held"), session_.place("gate"),
                                      session_.place("never")};
    EXPECT_EQ(std::set<psaddr_t>(objects.begin(), objects.end()), expected);

    ASSERT_EQ(td_ta_map_addr2sync(session_.agent(), session_.place("written"), &object), TD_OK);
    ASSERT_EQ(td_sync_get_info(&object, &info), TD_OK);
    EXPECT_EQ(info.si_type, TD_SYNC_RWLOCK);
    EXPECT_EQ(info.si_is_wlock, 1);
    EXPECT_EQ(info.si_state.nreaders, -1);
    EXPECT_EQ(td_ta_map_addr2sync(session_.agent(), session_.start("held"), &object), TD_BADSH);
    EXPECT_EQ(td_ta_map_addr2sync(session_.agent(), 8, &object), TD_BADSH);
}

// One that processes share, and whose owner is of this one.
TEST_F(Quiet, KnowsTheOwnerOfASharedMutex)
{
    td_synchandle_t object{};
    ASSERT_EQ(td_ta_map_addr2sync(session_.agent(), session_.place("shared"), &object), TD_OK);
    td_syncinfo_t info{};
    ASSERT_EQ(td_sync_get_info(&object, &info), TD_OK);
    EXPECT_EQ(info.si_state.mutex_locked, 1);
    EXPECT_EQ(info.si_ownerpid, session_.target().pid());
    td_thrinfo_t owner{};
    ASSERT_EQ(td_thr_get_info(&info.si_owner, &owner), TD_OK);
    EXPECT_EQ(owner.ti_tid, 1U);
}

// Each call is a look, from when it is asked for on.
TEST_F(Quiet, AveragesOverItsLooks)
{
    td_ta_stats_t stats{};
    ASSERT_EQ(td_ta_get_stats(session_.agent(), &stats), TD_OK);
    EXPECT_EQ(stats.nlwps_den, 0);
    int threads = 0;
    EXPECT_EQ(td_ta_get_nthreads(session_.agent(), &threads), TD_OK);
    EXPECT_EQ(stats.nthreads, threads);
    EXPECT_EQ(stats.r_concurrency, 2);
    ASSERT_EQ(td_ta_enable_stats(session_.agent(), 1), TD_OK);
    for (int look = 1; look <= 3; ++look) {
        ASSERT_EQ(td_ta_get_stats(session_.agent(), &stats), TD_OK);
        EXPECT_EQ(stats.nlwps_den, look);
        EXPECT_EQ(stats.nidle_den, look);
        EXPECT_EQ(stats.nlwps_num, stats.a_concurrency_num + stats.nidle_num);
    }
    EXPECT_GE(stats.nlwps_num, 3);  // main reads its input on one
    ASSERT_EQ(td_ta_reset_stats(session_.agent()), TD_OK);
    ASSERT_EQ(td_ta_get_stats(session_.agent(), &stats), TD_OK);
    EXPECT_EQ(stats.nrunnable_den, 1);
    ASSERT_EQ(td_ta_enable_stats(session_.agent(), 0), TD_OK);
    ASSERT_EQ(td_ta_get_stats(session_.agent(), &stats), TD_OK);
    EXPECT_EQ(stats.a_concurrency_den, 0);
    EXPECT_EQ(td_ta_enable_stats(nullptr, 1), TD_BADTA);
}

// What the library does not do is said so.
TEST_F(Quiet, SaysWhatItCannotDo)
{
    const td_thrhandle_t handle = session_.thread("held");
    EXPECT_EQ(td_ta_sync_tracking_enable(session_.agent(), 1), TD_OK);
    EXPECT_EQ(td_thr_setprio(&handle, 1), TD_NOCAPAB);
    EXPECT_EQ(td_ta_setconcurrency(session_.agent(), 4), TD_OK);
    EXPECT_EQ(td_ta_setconcurrency(nullptr, 4), TD_BADTA);
    EXPECT_EQ(td_thr_validate(nullptr), TD_BADTH);
    EXPECT_EQ(td_sync_get_info(nullptr, nullptr), TD_ERR);
    ps_prochandle* process = nullptr;
    EXPECT_EQ(td_ta_get_ph(session_.agent(), &process), TD_OK);
    EXPECT_EQ(process, &session_.process());
}

}  // namespace
