#include "report/trace_json.h"

#include <algorithm>
#include <ostream>
#include <vector>

#include "report/json_values.h"

namespace lwpi {
namespace {

// Above any process id of the kernel's.
constexpr std::int64_t kThreadsProcess = std::int64_t{1} << 30U;

struct Event {
    std::int64_t at;
    Timeline::Key key;
    const Span* span;  // or
    const Moment* moment;
};

std::vector<Event> events_of(const Timeline& timeline)
{
    std::vector<Event> events;
    events.reserve(timeline.size());
    for (const auto& [key, track] : timeline.tracks()) {
        for (const Span& span : track.spans) {
            events.push_back({span.begin_ns, key, &span, nullptr});
        }
        for (const Moment& moment : track.moments) {
            events.push_back({moment.at_ns, key, nullptr, &moment});
        }
    }
    std::stable_sort(events.begin(), events.end(),
                     [](const Event& a, const Event& b) { return a.at < b.at; });
    return events;
}

std::int64_t process_of(const Timeline& timeline, TrackKind kind)
{
    return kind == TrackKind::kLwp ? timeline.pid : kThreadsProcess + timeline.pid;
}

double microseconds(std::int64_t ns)
{
    return static_cast<double>(ns) / 1000.0;
}

Json metadata(const char* what, std::int64_t process, const std::string& name)
{
    return {{"ph", "M"}, {"name", what}, {"pid", process}, {"args", {{"name", name}}}};
}

class Writer {
  public:
    explicit Writer(std::ostream& out) : out_(out)
    {
        out_ << "{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n";
    }
    void add(const Json& event)
    {
        std::string line = line_of(event);
        line.pop_back();
        out_ << (first_ ? "" : ",\n") << line;
        first_ = false;
    }
    void end() { out_ << "\n]}\n"; }

  private:
    std::ostream& out_;
    bool first_ = true;
};

Json event_json(const Timeline& timeline, const Event& event, std::int64_t start)
{
    const auto [kind, id] = event.key;
    const std::string& name = event.span != nullptr ? event.span->name : event.moment->name;
    const std::string& detail = event.span != nullptr ? event.span->detail : event.moment->detail;
    Json json{{"ph", event.span != nullptr ? "X" : "i"},
              {"name", name},
              {"cat", kind == TrackKind::kThread ? "thread" : "lwp"},
              {"pid", process_of(timeline, kind)},
              {"tid", id},
              {"ts", microseconds(event.at - start)}};
    if (event.span != nullptr) {
        json["dur"] = microseconds(event.span->end_ns - event.span->begin_ns);
    } else {
        json["s"] = "t";
    }
    if (!detail.empty()) {
        json["args"] = {{"detail", detail}};
    }
    return json;
}

}  // namespace

void write_trace(const Timeline& timeline, std::ostream& out)
{
    Writer writer(out);
    for (const auto& [kind, what] :
         {std::pair{TrackKind::kThread, "threads of "}, std::pair{TrackKind::kLwp, "LWPs of "}}) {
        writer.add(metadata("process_name", process_of(timeline, kind), what + timeline.process));
    }
    for (const auto& [key, track] : timeline.tracks()) {
        Json named = metadata("thread_name", process_of(timeline, key.first), track.name);
        named["tid"] = key.second;
        writer.add(named);
    }
    const std::vector<Event> events = events_of(timeline);
    for (const Event& event : events) {
        writer.add(event_json(timeline, event, events.front().at));
    }
    writer.end();
}

}  // namespace lwpi
