#include "reader/perf_script.h"

#include <fmt/format.h>
#include <libthread/inspect_abi.h>

#include <array>
#include <charconv>
#include <istream>
#include <optional>
#include <set>
#include <string_view>

namespace lwpi {
namespace {

// sched/thread_state.h of the library, by the names that it publishes.
constexpr std::uint64_t kBlocked = 4;
constexpr std::string_view kProvider = "lwpt:";
constexpr std::size_t kMaxLine = 4096;

struct ProbeHit {
    std::string_view task;  // its name
    int tid = 0;
    std::int64_t at = 0;
    std::string_view probe;
    std::array<std::uint64_t, 4> arguments{};
};

std::string wait_name(std::uint64_t kind)
{
    switch (kind) {
#define LWPT_FIELD(structure, name, type, member)
#define LWPT_NAME_OF_LWPT_WAIT_KIND(name, value) \
    case value:                                  \
        return name;
#define LWPT_NAME_OF_LWPT_THREAD_STATE(name, value)
#define LWPT_NAME_OF_LWPT_LWP_STATE(name, value)
#define LWPT_NAME_OF_LWPT_THREAD_FLAG(name, value)
#define LWPT_NAME_OF_LWPT_CONSTANT(name, value)
#define LWPT_NAME(enumeration, name, value) LWPT_NAME_OF_##enumeration(name, value)
#include <libthread/inspect_fields.def>
#undef LWPT_FIELD
#undef LWPT_NAME
        default:
            return fmt::format("wait_{}", kind);
    }
}

template <typename Number>
bool take_number(std::string_view& text, Number& number)
{
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return error == std::errc();
}

std::string_view trimmed(std::string_view text)
{
    const std::size_t from = text.find_first_not_of(' ');
    const std::size_t to = text.find_last_not_of(' ');
    return from == std::string_view::npos ? std::string_view() : text.substr(from, to - from + 1);
}

// "name  4711 [000]  2156.248599" -> task, tid, at. The name may hold blanks.
bool parse_head(std::string_view head, ProbeHit& hit)
{
    std::string_view time = head.substr(head.find_last_of(' ') + 1);
    std::int64_t seconds = 0;
    std::int64_t fraction = 0;
    if (!take_number(time, seconds) || seconds < 0 || seconds > 1'000'000'000 || time.empty()) {
        return false;
    }
    time.remove_prefix(1);
    std::size_t digits = time.size();
    if (!take_number(time, fraction) || digits > 9) {
        return false;
    }
    for (; digits < 9; ++digits) {
        fraction *= 10;
    }
    hit.at = seconds * 1'000'000'000 + fraction;
    head = trimmed(head.substr(0, head.find_last_of(' ')));
    if (head.ends_with(']')) {
        head = trimmed(head.substr(0, head.find_last_of('[')));
    }
    const std::size_t blank = head.find_last_of(' ');
    std::string_view tid = blank == std::string_view::npos ? head : head.substr(blank + 1);
    if (const std::size_t slash = tid.find('/'); slash != std::string_view::npos) {
        tid.remove_prefix(slash + 1);  // pid/tid
    }
    hit.task =
        blank == std::string_view::npos ? std::string_view() : trimmed(head.substr(0, blank));
    return take_number(tid, hit.tid);
}

// "thread__switch: (7fb4) arg1=2 arg2=4"; perf numbers further places of a probe: "lwp__start_1".
bool parse_event(std::string_view text, ProbeHit& hit)
{
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) {
        return false;
    }
    hit.probe = text.substr(0, colon);
    const std::size_t last = hit.probe.find_last_not_of("0123456789");
    if (last != std::string_view::npos && last + 1 < hit.probe.size() && hit.probe[last] == '_') {
        hit.probe = hit.probe.substr(0, last);
    }
    for (std::size_t n = 0; n < hit.arguments.size(); ++n) {
        const std::string name = fmt::format(" arg{}=", n + 1);
        const std::size_t at = text.find(name);
        if (at == std::string_view::npos) {
            break;
        }
        std::string_view value = text.substr(at + name.size());
        const bool hex = value.starts_with("0x");
        const bool negative = value.starts_with('-');
        value.remove_prefix(hex ? 2 : negative ? 1 : 0);
        std::from_chars(value.data(), value.data() + value.size(), hit.arguments.at(n),
                        hex ? 16 : 10);
    }
    return true;
}

std::optional<ProbeHit> parse(std::string_view line)
{
    const std::size_t at = line.find(kProvider);
    const std::size_t colon = at == std::string_view::npos ? at : line.rfind(": ", at);
    ProbeHit hit;
    if (colon == std::string_view::npos || line.size() > kMaxLine ||
        !parse_head(line.substr(0, colon), hit) ||
        !parse_event(line.substr(at + kProvider.size()), hit)) {
        return std::nullopt;
    }
    return hit;
}

class PerfReader {
  public:
    explicit PerfReader(Timeline& timeline) : timeline_(timeline) {}

    void add(const ProbeHit& hit)
    {
        const auto& [a, b, c, d] = hit.arguments;
        const Timeline::Key self{TrackKind::kThread, a};
        timeline_.name_track({TrackKind::kLwp, static_cast<std::uint64_t>(hit.tid)},
                             std::string(hit.task));
        if (hit.probe == "thread__switch") {
            add_switch(hit);
        } else if (hit.probe.starts_with("lwp__")) {
            add_lwp(hit);
        } else if (hit.probe == "thread__create") {
            name(a);
            timeline_.enter(self, hit.at, "ready", fmt::format("created by #{}", b));
        } else if (hit.probe == "thread__start" || hit.probe == "thread__wake") {
            name(a);
            run(hit, a);
        } else if (hit.probe == "thread__sleep") {
            name(a);
            const std::string object = c != 0 ? fmt::format(" {:#x}", c) : std::string();
            timeline_.enter(self, hit.at, "blocked: " + wait_name(b) + object,
                            d != 0 ? fmt::format("target {}", d) : "");
        } else if (hit.probe == "thread__ready") {
            name(a);
            timeline_.enter(self, hit.at, "ready", fmt::format("by #{}", b));
        } else if (hit.probe == "thread__exit") {
            timeline_.leave(self, hit.at);
            ended_.insert(a);
        } else if (hit.probe == "lock__contend") {
            timeline_.mark(self, hit.at, "lock contended", fmt::format("{:#x} word {:#x}", b, c));
        } else if (hit.probe == "signal__send") {
            timeline_.mark(self, hit.at, fmt::format("signal {} sent", b),
                           fmt::format("by #{}", c));
        } else if (hit.probe == "signal__deliver") {
            timeline_.mark(self, hit.at, fmt::format("signal {} delivered", b), "");
        }
    }

  private:
    void name(std::uint64_t id)
    {
        timeline_.name_track({TrackKind::kThread, id}, fmt::format("#{}", id));
    }

    void run(const ProbeHit& hit, std::uint64_t id)
    {
        timeline_.enter({TrackKind::kThread, id}, hit.at,
                        fmt::format("running on {}", std::string(hit.task)));
        timeline_.enter({TrackKind::kLwp, static_cast<std::uint64_t>(hit.tid)}, hit.at,
                        fmt::format("#{}", id));
    }

    void add_switch(const ProbeHit& hit)
    {
        const auto& [from, to, lwp, state] = hit.arguments;
        // A sleeper has said so itself, with what it sleeps on.
        if (from != 0 && state != kBlocked && ended_.count(from) == 0) {
            name(from);
            timeline_.enter({TrackKind::kThread, from}, hit.at, "ready", "yielded");
        }
        if (to != 0) {
            name(to);
            run(hit, to);
        } else {
            timeline_.enter({TrackKind::kLwp, static_cast<std::uint64_t>(hit.tid)}, hit.at,
                            "searching");
        }
    }

    void add_lwp(const ProbeHit& hit)
    {
        const Timeline::Key lwp{TrackKind::kLwp, static_cast<std::uint64_t>(hit.tid)};
        if (hit.probe == "lwp__exit") {
            timeline_.leave(lwp, hit.at);
        } else {
            timeline_.enter(lwp, hit.at, hit.probe == "lwp__park" ? "parked" : "searching");
        }
    }

    Timeline& timeline_;
    std::set<std::uint64_t> ended_;
};

}  // namespace

std::size_t read_perf_script(std::istream& in, Timeline& timeline)
{
    PerfReader reader(timeline);
    std::size_t events = 0;
    std::int64_t latest = 0;
    for (std::string line; std::getline(in, line) && !timeline.is_full();) {
        if (const auto hit = parse(line)) {
            reader.add(*hit);
            latest = std::max(latest, hit->at);
            ++events;
        }
    }
    timeline.finish(latest);
    return events;
}

}  // namespace lwpi
