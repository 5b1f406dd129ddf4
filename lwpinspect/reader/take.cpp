#include "reader/take.h"

#include <fmt/format.h>

#include <algorithm>

namespace lwpi {

Take::Take(const Tools& tools, const SnapshotRequest& request)
    : tools_(tools),
      request_(request),
      start_(std::chrono::steady_clock::now()),
      deadline_(start_ + request.timeout),
      chosen_threads_(request.threads.begin(), request.threads.end()),
      chosen_lwps_(request.lwps.begin(), request.lwps.end())
{
    const Now first = now();
    snapshot_.mode = request.mode;
    snapshot_.taken_ns = first.monotonic_ns;
    snapshot_.wall_ns = first.wall_ns;
}

void Take::note(ExitCode code, std::string text)
{
    snapshot_.notes.push_back({code, std::move(text)});
}

bool Take::is_late() const
{
    return std::chrono::steady_clock::now() >= deadline_;
}

ThreadState Take::state_of(const ThreadRecord& record) const
{
    return thread_state(library_.layout->name(LWPT_THREAD_STATE, record.state));
}

void Take::find_the_library(int pid)
{
    library_ = find_library(modules_, maps_, tools_.memory, pid);
    snapshot_.process.library = library_.info;
    note_library();
}

void Take::note_library()
{
    const int pid = snapshot_.process.pid;
    const LibraryInfo& info = library_.info;
    switch (info.state) {
        case LibraryState::kNone:
            note(
                ExitCode::kDone,
                fmt::format("{} does not use libthread (no LWPT note in {} module{}): showing LWPs "
                            "only.",
                            pid, info.modules_searched, info.modules_searched == 1 ? "" : "s"));
            break;
        case LibraryState::kNotStarted:
            note(ExitCode::kDone, fmt::format("{} has the library loaded but no thread system yet "
                                              "(descriptor empty): showing LWPs only.",
                                              pid));
            break;
        case LibraryState::kForkedChild:
            note(ExitCode::kDone,
                 fmt::format("descriptor belongs to parent {} (fork without exec): LWPs only.",
                             info.pid_at_init));
            break;
        case LibraryState::kOtherMajor:
            note(ExitCode::kOtherVersion,
                 fmt::format("{} uses descriptor {}.{}; this lwpinspect reads {}.x. Use the "
                             "lwpinspect of its libthread. Showing LWPs only.",
                             pid, info.abi_major, info.abi_minor, LWPT_ABI_MAJOR));
            break;
        case LibraryState::kDamaged:
            note(ExitCode::kPartial,
                 fmt::format("descriptor at {:#x} fails its checks ({}): LWPs only.",
                             info.descriptor, info.damage));
            break;
        case LibraryState::kPresent:
            if (!info.damage.empty()) {
                note(ExitCode::kPartial,
                     fmt::format("descriptor at {:#x}: {}; threads may be missing.",
                                 info.descriptor, info.damage));
            }
            if (info.abi_minor > LWPT_ABI_MINOR) {
                note(ExitCode::kDone,
                     fmt::format("descriptor {}.{} is newer than {}.{}: fields unknown to this "
                                 "lwpinspect are not shown.",
                                 info.abi_major, info.abi_minor, LWPT_ABI_MAJOR, LWPT_ABI_MINOR));
            }
            break;
        case LibraryState::kUnreadable:
            break;
    }
}

void Take::prepare()
{
    tools_.unwinder.use(modules_, maps_);
    places_.emplace(modules_, maps_, tools_.symbols, snapshot_.places);
    if (library_.layout) {
        records_.emplace(*library_.layout, tools_.memory, request_.max_threads);
    }
}

void Take::read_threads()
{
    if (records_) {
        RecordReader::Threads found = records_->read_threads();
        threads_ = std::move(found.records);
        snapshot_.unread_threads = found.unread;
    }
}

bool Take::wants_stack(std::uint64_t id) const
{
    return request_.stacks == Stacks::kAll ||
           (request_.stacks == Stacks::kChosen && chosen_threads_.contains(id));
}

bool Take::wants_stack(const LwpObservation& lwp) const
{
    return request_.stacks == Stacks::kAll ||
           (request_.stacks == Stacks::kChosen &&
            (chosen_lwps_.contains(lwp.info.tid) ||
             (lwp.thread && lwp.thread->id != 0 && wants_stack(lwp.thread->id))));
}

void Take::claim_threads()
{
    const CarrierIndex index(*library_.layout, threads_);
    for (std::size_t i = 0; i < lwps_.size(); ++i) {
        LwpObservation& lwp = lwps_[i];
        const Carried carried = index.carried_by(lwp);
        lwp.info.switching = carried.kind == Carried::Kind::kSwitching;
        if (carried.kind != Carried::Kind::kThread) {
            continue;
        }
        // Two LWPs, observed one after the other, may both have carried it: the later one counts.
        const auto [entry, fresh] = carriers_.try_emplace(carried.id, i);
        if (!fresh) {
            lwps_[entry->second].info.thread.reset();
            lwps_[entry->second].info.switching = true;
            entry->second = i;
        }
        lwp.info.thread = carried.id;
    }
}

// Threads that ran when the slabs were read and were met on no LWP: look again.
void Take::recheck_unclaimed()
{
    for (ThreadRecord& record : threads_) {
        const auto carrier = carriers_.find(record.id);
        if (carrier != carriers_.end()) {
            record = *lwps_[carrier->second].thread;
            continue;
        }
        // At an instant that is past nothing can be looked up again.
        const bool past = snapshot_.mode == Mode::kInstant && record.torn;
        if ((state_of(record) != ThreadState::kRunning && !record.torn) || past) {
            continue;
        }
        const auto again = records_->read_thread(record.address);
        if (again && again->id == record.id) {
            record = *again;
        }
        record.torn = state_of(record) == ThreadState::kRunning;
    }
}

void Take::read_parked()
{
    std::vector<ThreadRecord> wanted;
    for (const ThreadRecord& record : threads_) {
        if (!carriers_.contains(record.id) && state_of(record) != ThreadState::kZombie &&
            wants_stack(record.id)) {
            wanted.push_back(record);
        }
    }
    asked_stacks_ = wanted.size();
    read_parked_stacks(std::move(wanted), request_.depth, *records_, tools_.memory, tools_.unwinder,
                       deadline_, [&](ParkedStack&& stack) {
                           const std::uint64_t id = stack.record.id;
                           parked_.insert_or_assign(id, std::move(stack));
                       });
}

}  // namespace lwpi
