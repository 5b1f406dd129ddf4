// Timelines from looks and from what perf prints, and the file that trace viewers read.
#include "model/timeline.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "made_snapshot.h"
#include "reader/perf_script.h"
#include "report/trace_json.h"

using namespace lwpi;

namespace {

constexpr std::int64_t kMs = 1'000'000;

std::vector<Span> spans(const Timeline& timeline, TrackKind kind, std::uint64_t id)
{
    const auto found = timeline.tracks().find({kind, id});
    return found == timeline.tracks().end() ? std::vector<Span>() : found->second.spans;
}

// What a viewer needs: one object, events in order of time, none longer than allowed by the next
// one on its track, every track named.
nlohmann::json checked_trace(const Timeline& timeline)
{
    std::ostringstream out;
    write_trace(timeline, out);
    const nlohmann::json trace = nlohmann::json::parse(out.str());
    std::set<std::pair<std::int64_t, std::uint64_t>> named;
    std::map<std::pair<std::int64_t, std::uint64_t>, double> ends;
    double latest = 0;
    for (const nlohmann::json& event : trace.at("traceEvents")) {
        const std::int64_t pid = event.at("pid");
        if (event.at("ph") == "M") {
            if (event.at("name") == "thread_name") {
                named.insert({pid, event.at("tid")});
            }
            continue;
        }
        const std::pair track{pid, event.at("tid").get<std::uint64_t>()};
        EXPECT_EQ(named.count(track), 1U);
        const double at = event.at("ts");
        EXPECT_GE(at, latest);
        latest = at;
        if (event.at("ph") == "X") {
            EXPECT_GE(at + 1e-6, ends[track]);
            ends[track] = at + event.at("dur").get<double>();
        }
    }
    return trace;
}

Timeline from_perf(const std::string& text, std::size_t events)
{
    Timeline timeline;
    std::istringstream in(text);
    EXPECT_EQ(read_perf_script(in, timeline), events);
    return timeline;
}

}  // namespace

TEST(Timeline, WhoDoesNotRunIsOneSpan)
{
    Snapshot snapshot = made::library_snapshot();
    snapshot.threads = {made::on_mutex(2, 0x1000, 1)};
    Timeline timeline;
    Looks looks(timeline);
    for (int i = 0; i < 10; ++i) {
        looks.add(snapshot);
        snapshot = made::later(snapshot, 10 * kMs);
    }
    timeline.finish(snapshot.taken_ns);
    const auto seen = spans(timeline, TrackKind::kThread, 2);
    ASSERT_EQ(seen.size(), 1U);
    EXPECT_EQ(seen[0].name, "blocked: mutex 0x1000");
    EXPECT_EQ(seen[0].detail, "owner #1");
    EXPECT_EQ(seen[0].end_ns - seen[0].begin_ns, 100 * kMs);
    checked_trace(timeline);
}

TEST(Timeline, WhoRanBetweenTwoLooksDidSo)
{
    Snapshot snapshot = made::library_snapshot();
    snapshot.threads = {made::on_mutex(2, 0x1000, 1)};
    Timeline timeline;
    Looks looks(timeline);
    looks.add(snapshot);
    const std::int64_t first = snapshot.taken_ns;
    snapshot.taken_ns += 10 * kMs;
    ThreadInfo& thread = snapshot.threads[0];
    thread.seq += 4;
    *thread.switches += 2;
    thread.since_ns = 4 * kMs;
    looks.add(snapshot);
    timeline.finish(snapshot.taken_ns);
    const auto seen = spans(timeline, TrackKind::kThread, 2);
    ASSERT_EQ(seen.size(), 3U);
    EXPECT_EQ(seen[1].name, "ran");
    EXPECT_EQ(seen[1].detail, "2 switches");
    EXPECT_EQ(seen[1].begin_ns, first);
    EXPECT_EQ(seen[1].end_ns, first + 6 * kMs);
    EXPECT_EQ(seen[2].begin_ns, first + 6 * kMs);
    EXPECT_EQ(seen[2].end_ns, first + 10 * kMs);
    checked_trace(timeline);
}

TEST(Timeline, WhoIsGoneEndsWhereItWasSeenLast)
{
    Snapshot snapshot = made::library_snapshot();
    snapshot.threads = {made::running(1), made::ready(2)};
    snapshot.lwps = {made::lwp_on_mutex(4711, 0x2000, std::nullopt)};
    snapshot.lwps[0].name = "shop \"\x1b[31m\xff";
    Timeline timeline;
    Looks looks(timeline);
    looks.add(snapshot);
    const std::int64_t first = snapshot.taken_ns;
    snapshot.threads.pop_back();
    snapshot.taken_ns += 10 * kMs;
    looks.add(snapshot);
    timeline.finish(snapshot.taken_ns);
    EXPECT_EQ(spans(timeline, TrackKind::kThread, 2).back().end_ns, first);
    EXPECT_EQ(spans(timeline, TrackKind::kThread, 1).back().end_ns, first + 10 * kMs);
    const nlohmann::json trace = checked_trace(timeline);  // whatever bytes a name has
    EXPECT_GT(trace.at("traceEvents").size(), 4U);
}

// Lines as perf 6.1 prints them.
TEST(Timeline, ReadsWhatPerfPrints)
{
    const Timeline timeline = from_perf(
        "# captured on: some day\n"
        "  shop 4711 [000]  2156.248599:  sdt_lwpt:thread__create: (7fb466dff47e) arg1=2 arg2=1 "
        "arg3=9\n"
        "  lwp/clock 4714 [001]  2156.261969:  sdt_lwpt:lwp__start: (7fb466df2e08) arg1=3 "
        "arg2=4714\n"
        "  a b 4714 [001]  2156.262000: sdt_lwpt:thread__switch_1: (7fb4) arg1=0 arg2=2 arg3=3 "
        "arg4=3\n"
        "  lwp/3 4714 [001]  2156.262500:   sdt_lwpt:lock__contend: (7fb4) arg1=2 arg2=4096 "
        "arg3=1\n"
        "  lwp/3 4714 [001]  2156.263000:   sdt_lwpt:thread__sleep: (7fb4) arg1=2 arg2=1 arg3=4096 "
        "arg4=0\n"
        "  lwp/3 4714/4715 [001]  2156.263001: sdt_lwpt:thread__switch: (7fb4) arg1=2 arg2=0 "
        "arg3=3 "
        "arg4=4\n"
        "  shop 4711 2156.264000: sdt_lwpt:signal__send: (7fb4) arg1=2 arg2=10 arg3=1\n"
        "  shop 4711 [000] 2156.265000: sched:sched_switch: arg1=2\n"
        "  shop 4711 [000] 2156.266: sdt_lwpt:thread__ready: (7fb4) arg1=2 arg2=1\n"
        "nonsense lwpt:\n : sdt_lwpt:thread__exit: arg1=2\n",
        8);
    const auto seen = spans(timeline, TrackKind::kThread, 2);
    ASSERT_EQ(seen.size(), 4U);
    EXPECT_EQ(seen[0].name, "ready");
    EXPECT_EQ(seen[0].detail, "created by #1");
    EXPECT_EQ(seen[1].name, "running on a b");
    EXPECT_EQ(seen[1].begin_ns, 2156'262'000'000);
    EXPECT_EQ(seen[2].name, "blocked: mutex 0x1000");
    EXPECT_EQ(seen[2].begin_ns, 2156'263'000'000);
    EXPECT_EQ(seen[3].name, "ready");
    EXPECT_EQ(seen[3].begin_ns, 2156'266'000'000);
    const auto lwp = spans(timeline, TrackKind::kLwp, 4714);
    ASSERT_GE(lwp.size(), 2U);
    EXPECT_EQ(lwp[0].name, "searching");
    EXPECT_EQ(lwp[1].name, "#2");
    const auto& moments = timeline.tracks().at({TrackKind::kThread, 2}).moments;
    ASSERT_EQ(moments.size(), 2U);
    EXPECT_EQ(moments[0].name, "lock contended");
    EXPECT_EQ(moments[1].name, "signal 10 sent");
    checked_trace(timeline);
}

TEST(Timeline, AThreadThatHasEndedDoesNothingMore)
{
    const Timeline timeline = from_perf(
        "  lwp/3 4714 [001]  1.000001: sdt_lwpt:thread__switch: (7f) arg1=0 arg2=2 arg3=3 arg4=3\n"
        "  lwp/3 4714 [001]  1.000002: sdt_lwpt:thread__exit: (7f) arg1=2 arg2=0\n"
        "  lwp/3 4714 [001]  1.000003: sdt_lwpt:thread__switch: (7f) arg1=2 arg2=3 arg3=3 arg4=3\n"
        "  lwp/3 4714 [001]  1.000004: sdt_lwpt:lwp__exit: (7f) arg1=3 arg2=4714\n",
        4);
    const auto seen = spans(timeline, TrackKind::kThread, 2);
    ASSERT_EQ(seen.size(), 1U);
    EXPECT_EQ(seen[0].end_ns, 1'000'002'000);
    checked_trace(timeline);
}

TEST(Timeline, IsEmptyWhereNothingWas)
{
    Timeline timeline;
    EXPECT_EQ(checked_trace(timeline).at("traceEvents").size(), 2U);
    from_perf("", 0);
    from_perf(
        "sdt_lwpt:\n: lwpt:\n: 1.1: lwpt:x\n 9 99999999999999999999.1: lwpt:thread__exit: arg1=2\n",
        0);
}
