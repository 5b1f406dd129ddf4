// libthread_db's interface: threads held back, and events.
#include <tuple>

#include "e2e/td_session.h"

namespace {

using td_test::Session;
class Control : public td_test::Quiet {};

void suspend(const td_thrhandle_t& handle)
{
    ASSERT_EQ(td_thr_dbsuspend(&handle), TD_OK);
    ASSERT_EQ(td_thr_dbsuspend(&handle), TD_OK);  // it is no count
    td_thrinfo_t info{};
    ASSERT_EQ(td_thr_get_info(&handle, &info), TD_OK);
    EXPECT_EQ(info.ti_db_suspended, 1);
}

// TDB-06: a sleeping thread that is held back does not take what it is woken for, until it is let
// go; nobody but the debugger is awake to notice.
TEST_F(Control, HoldsBackWhoSleeps)
{
    for (const auto& [name, letter, result] :
         {std::tuple{"held", "u", "got_held"}, std::tuple{"gate", "p", "passed_gate"}}) {
        SCOPED_TRACE(name);
        const td_thrhandle_t handle = session_.thread(name);
        suspend(handle);
        EXPECT_EQ(session_.info(name).ti_state, TD_THR_STOPPED_ASLEEP);
        session_.order(letter);
        EXPECT_TRUE(session_.is_clock_asleep());
        EXPECT_EQ(session_.variable(result), 0U);
        EXPECT_EQ(td_thr_dbresume(&handle), TD_OK);
        EXPECT_TRUE(session_.runs_until([&, r = result] { return session_.variable(r) == 1; }));
        EXPECT_EQ(session_.info(name).ti_db_suspended, 0);
    }
}

// TDB-06: and threads that run.
TEST(ThreadDb, HoldsBackWhoRuns)
{
    Session session({TD_TARGET_PROGRAM});
    ASSERT_EQ(session.open(), TD_OK);
    const auto advances = [&](const char* name) {
        const std::uint64_t before = session.variable(name);
        return session.runs_until([&] { return session.variable(name) > before + 20; });
    };
    ASSERT_TRUE(advances("yielded") && advances("other") && advances("spun"));
    for (const auto& [name, counter] : {std::pair{"yield", "yielded"}, std::pair{"spin", "spun"}}) {
        SCOPED_TRACE(name);
        for (int round = 0; round < 5; ++round) {
            const td_thrhandle_t handle = session.thread(name);
            suspend(handle);
            const std::uint64_t before = session.variable(counter);
            EXPECT_TRUE(advances("other"));
            EXPECT_EQ(session.variable(counter), before);
            EXPECT_EQ(td_thr_dbresume(&handle), TD_OK);
            EXPECT_TRUE(advances(counter));
        }
    }
}

// TDB-10: TD_CREATE and TD_DEATH, one each for each thread.
TEST_F(Control, ReportsCreationsAndDeaths)
{
    td_thr_events_t events{};
    td_event_addset(&events, TD_CREATE);
    td_event_addset(&events, TD_DEATH);
    ASSERT_EQ(td_ta_set_event(session_.agent(), &events), TD_OK);
    td_thrhandle_t initial{};
    ASSERT_EQ(td_ta_map_id2thr(session_.agent(), 1, &initial), TD_OK);
    // Whom it makes inherits that.
    ASSERT_EQ(td_thr_event_enable(&initial, 1), TD_OK);
    for (const td_event_e event : {TD_CREATE, TD_DEATH}) {
        td_notify_t notify{};
        ASSERT_EQ(td_ta_event_addr(session_.agent(), event, &notify), TD_OK);
        ASSERT_EQ(notify.type, NOTIFY_BPT);
        session_.process().set_breakpoint(notify.u.bptaddr);
    }
    std::vector<unsigned> made, created, died;
    session_.target().send("c");
    bool done = false;
    ASSERT_TRUE(session_.runs_until([&] {
        if (session_.process().serve()) {
            td_event_msg_t message{};
            while (td_ta_event_getmsg(session_.agent(), &message) == TD_OK) {
                td_thrinfo_t info{};
                const bool create = message.event == TD_CREATE;
                EXPECT_EQ(td_thr_get_info(create ? message.msg.th : message.th_p, &info), TD_OK);
                (create ? created : died).push_back(info.ti_tid);
            }
            session_.process().pass_breakpoints();
        }
        while (!done && session_.target().has_line()) {
            const std::string line = session_.target().next_line();
            done = line == "done";
            if (line.rfind("made ", 0) == 0) {
                made.push_back(static_cast<unsigned>(std::stoul(line.substr(5))));
            }
        }
        return done;
    }));
    EXPECT_EQ(made.size(), 3U);
    EXPECT_EQ(created, made);
    EXPECT_EQ(died, made);

    ASSERT_EQ(td_ta_clear_event(session_.agent(), &events), TD_OK);
    session_.order("c");  // nobody serves a breakpoint now
    td_event_msg_t message{};
    EXPECT_EQ(td_ta_event_getmsg(session_.agent(), &message), TD_NOMSG);
}

}  // namespace
