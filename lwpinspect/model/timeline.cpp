#include "model/timeline.h"

#include <fmt/format.h>

#include <algorithm>

namespace lwpi {

void Timeline::name_track(Key key, const std::string& name)
{
    tracks_[key].name = name;
}

void Timeline::enter(Key key, std::int64_t at, const std::string& name, const std::string& detail)
{
    Track& track = tracks_[key];
    if (track.open && track.spans.back().name == name && track.spans.back().detail == detail) {
        track.spans.back().end_ns = std::max(at, track.spans.back().end_ns);
        return;
    }
    if (!track.spans.empty()) {
        at = std::max(at, track.open ? track.spans.back().begin_ns : track.spans.back().end_ns);
    }
    leave(key, at);
    if (!is_full()) {
        track.spans.push_back({at, at, name, detail});
        track.open = true;
        ++size_;
    }
}

void Timeline::reach(Key key, std::int64_t at)
{
    Track& track = tracks_[key];
    if (track.open) {
        track.spans.back().end_ns = std::max(at, track.spans.back().end_ns);
    }
}

void Timeline::leave(Key key, std::int64_t at)
{
    Track& track = tracks_[key];
    if (track.open) {
        track.spans.back().end_ns = std::max(at, track.spans.back().begin_ns);
        track.open = false;
    }
}

void Timeline::mark(Key key, std::int64_t at, const std::string& name, const std::string& detail)
{
    if (!is_full()) {
        tracks_[key].moments.push_back({at, name, detail});
        ++size_;
    }
}

void Timeline::finish(std::int64_t at)
{
    for (const auto& [key, track] : tracks_) {
        leave(key, at);
    }
}

std::string Timeline::now(Key key) const
{
    const auto found = tracks_.find(key);
    return found == tracks_.end() || !found->second.open ? std::string()
                                                         : found->second.spans.back().name;
}

namespace {

std::string doing(const ThreadInfo& thread)
{
    switch (thread.state) {
        case ThreadState::kBlocked:
            return "blocked: " + describe(thread.wait);
        case ThreadState::kRunning:
            return thread.syscall ? "in " + thread.syscall->name
                                  : fmt::format("running on lwp {}", thread.lwp.value_or(0));
        case ThreadState::kUnknown:
        case ThreadState::kStopped:
        case ThreadState::kReady:
        case ThreadState::kZombie:
        case ThreadState::kSwitching:
            break;
    }
    return thread.state_name;
}

std::string owner_detail(const Wait& wait)
{
    const std::string owner = describe_owner(wait);
    return owner == "-" ? std::string() : "owner " + owner;
}

}  // namespace

// A look sees where a thread is now, and since when if it does not run. If it was seen somewhere
// else before, it ran in between.
void Looks::add_thread(const ThreadInfo& thread, std::int64_t now)
{
    const Timeline::Key key{TrackKind::kThread, thread.id};
    const auto [entry, fresh] = seen_.try_emplace(thread.id);
    Seen& seen = entry->second;
    const std::string name = thread.name.empty() ? thread.start_function : thread.name;
    if (fresh) {
        timeline_.name_track(key, fmt::format("#{} {}", thread.id, name));
    }
    const bool moved = fresh || seen.seq != thread.seq;
    std::int64_t begin = now;
    if (thread.since_ns && thread.state != ThreadState::kRunning) {
        begin = std::max(now - *thread.since_ns, fresh ? last_ : seen.at);
    }
    if (moved && !fresh && thread.switches && *thread.switches > seen.switches) {
        timeline_.enter(key, seen.at, "ran",
                        fmt::format("{} switches", *thread.switches - seen.switches));
    }
    if (moved) {
        timeline_.leave(key, begin);
    }
    timeline_.enter(key, begin, doing(thread), owner_detail(thread.wait));
    timeline_.reach(key, now);
    seen = {thread.seq, thread.switches.value_or(0), now};
}

void Looks::add_lwp(const LwpInfo& lwp, std::int64_t now)
{
    const Timeline::Key key{TrackKind::kLwp, static_cast<std::uint64_t>(lwp.tid)};
    timeline_.name_track(key, lwp.name);
    const std::string call = lwp.syscall ? "in " + lwp.syscall->name : std::string();
    if (lwp.thread) {
        timeline_.enter(key, now, fmt::format("#{}", *lwp.thread), call);
    } else {
        const std::string kernel(1, lwp.kernel_state);
        timeline_.enter(key, now,
                        lwp.state_name.empty() ? "kernel state " + kernel : lwp.state_name, call);
    }
    timeline_.reach(key, now);
}

void Looks::add(const Snapshot& snapshot)
{
    const std::int64_t now = snapshot.taken_ns;
    timeline_.pid = snapshot.process.pid;
    timeline_.process = snapshot.process.name;
    last_ = last_ == 0 ? now : last_;
    for (const ThreadInfo& thread : snapshot.threads) {
        add_thread(thread, now);
    }
    for (const LwpInfo& lwp : snapshot.lwps) {
        add_lwp(lwp, now);
    }
    // Who was not seen is gone.
    for (const auto& [key, track] : timeline_.tracks()) {
        if (track.open && track.spans.back().end_ns < now) {
            timeline_.leave(key, track.spans.back().end_ns);
        }
    }
    last_ = now;
}

}  // namespace lwpi
