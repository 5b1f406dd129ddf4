// The second half of a snapshot: names for what was read, and what to say about it.
#include <fmt/format.h>

#include <algorithm>

#include "reader/live_source.h"
#include "support/syscalls.h"

namespace lwpi {

// Links of /proc are read after everything else: they cost more than all the rest of an LWP.
void LiveTake::name_file(std::optional<Syscall>& call) const
{
    constexpr std::uint64_t kMostDescriptors = 1U << 20U;
    if (!readable_ || !call || call->arguments[0] >= kMostDescriptors ||
        !syscall_form(call->number).signature.starts_with('d')) {
        return;
    }
    const std::string path = fmt::format("fd/{}", call->arguments[0]);
    call->file = process_.read_link(path.c_str()).value_or("");
}

void LiveTake::add_lwps()
{
    const Now now = {snapshot_.taken_ns, snapshot_.wall_ns};
    std::map<int, int> inner_tids;
    for (const LwpObservation& lwp : lwps_) {
        inner_tids.emplace(lwp.inner_tid, lwp.info.tid);
    }
    for (LwpObservation& lwp : lwps_) {
        if (library_.layout) {
            describe_lwp(lwp, *library_.layout, now);
        }
        LwpInfo& info = lwp.info;
        info.wait.name = "-";
        name_file(info.syscall);
        // An idle LWP waits for work, which is no news.
        if (info.syscall && (!lwp.record || info.thread)) {
            info.wait = futex_wait_of(*info.syscall, source_.memory_, inner_tids, now);
            if (info.wait.object) {
                info.wait.object_name = places_->name_at(*info.wait.object, SymbolKind::kData);
            }
        }
        if (lwp.stack) {
            info.stack = places_->resolve(*lwp.stack);
        } else {
            info.stack.end = lwp.no_stack == StackEnd::kNotTaken || wants_stack(lwp) || !readable_
                                 ? lwp.no_stack
                                 : StackEnd::kNotTaken;
        }
        snapshot_.pause_ns += lwp.pause_ns;
        snapshot_.longest_pause_ns = std::max(snapshot_.longest_pause_ns, lwp.pause_ns);
        snapshot_.paused_lwps += lwp.pause_ns > 0 ? 1 : 0;
        snapshot_.lwps.push_back(info);
    }
    std::stable_sort(snapshot_.lwps.begin(), snapshot_.lwps.end(),
                     [](const LwpInfo& a, const LwpInfo& b) {
                         return a.index.value_or(UINT32_MAX) < b.index.value_or(UINT32_MAX);
                     });
}

void LiveTake::add_threads()
{
    const Now now = {snapshot_.taken_ns, snapshot_.wall_ns};
    WaitReader waits(*library_.layout, source_.memory_);
    for (const ThreadRecord& record : threads_) {
        const auto parked = parked_.find(record.id);
        const bool has_parked = parked != parked_.end();
        ThreadInfo info = describe_thread(has_parked ? parked->second.record : record,
                                          *library_.layout, waits, now);
        if (const auto carrier = carriers_.find(record.id); carrier != carriers_.end()) {
            const LwpObservation& lwp = lwps_[carrier->second];
            info.lwp = lwp.info.index;
            info.tid = lwp.info.tid;
            info.syscall = lwp.info.syscall;
            info.sp = lwp.sp;
            info.stack = lwp.stack ? places_->resolve(*lwp.stack) : Stack{{}, lwp.no_stack, ""};
        } else if (info.state == ThreadState::kRunning) {
            info.state = ThreadState::kSwitching;
            info.state_name = "switching";
        }
        if (has_parked) {
            info.stack = parked->second.moving ? Stack{{}, StackEnd::kMoving, ""}
                                               : places_->resolve(parked->second.stack);
            snapshot_.moving_stacks += parked->second.moving ? 1U : 0U;
        }
        if (!wants_stack(record.id)) {
            info.stack = {};
        } else if (info.state == ThreadState::kZombie) {
            info.stack.end = StackEnd::kGone;
        }
        if (info.start && *info.start != 0) {
            info.start_function = places_->name_at(*info.start, SymbolKind::kCode);
        }
        if (info.wait.object) {
            info.wait.object_name = places_->name_at(*info.wait.object, SymbolKind::kData);
        }
        snapshot_.threads.push_back(std::move(info));
    }
}

void LiveTake::finish()
{
    const int pid = process_.pid();
    if (process_.has_ended()) {
        if (snapshot_.threads.empty() && snapshot_.lwps.empty()) {
            throw TargetError(ExitCode::kNoProcess, fmt::format("{} has exited.", pid));
        }
        snapshot_.complete = false;
        note(ExitCode::kPartial,
             library_.layout
                 ? fmt::format("{} exited after {} of {} threads were read; the rest is missing.",
                               pid, snapshot_.threads.size(),
                               library_.info.threads.value_or(snapshot_.threads.size()))
                 : fmt::format("{} exited while it was read.", pid));
        return;
    }
    const auto stat = process_.stat();
    if (stat && first_stat_->stack_start != 0 && stat->stack_start != first_stat_->stack_start) {
        snapshot_.complete = false;
        note(ExitCode::kPartial,
             fmt::format("{} replaced itself by exec while being read; run again.", pid));
    }
    if (parked_.size() < asked_stacks_) {
        snapshot_.complete = false;
        note(ExitCode::kTimeLimit,
             fmt::format("time limit: {} of {} stacks were read.", parked_.size(), asked_stacks_));
    }
    if (snapshot_.unread_threads != 0) {
        snapshot_.complete = false;
        note(ExitCode::kPartial,
             fmt::format("{} threads were not read (--max-threads).", snapshot_.unread_threads));
    }
}

}  // namespace lwpi
