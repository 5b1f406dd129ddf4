#include "reader/live_source.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "reader/permission.h"
#include "support/escape.h"
#include "target/attach.h"

namespace lwpi {
namespace {

std::int64_t uptime_of(const TaskStat& stat)
{
    timespec boot{};
    ::clock_gettime(CLOCK_BOOTTIME, &boot);
    const auto per_second = static_cast<std::uint64_t>(std::max(1L, ::sysconf(_SC_CLK_TCK)));
    const auto started =
        static_cast<std::int64_t>(stat.start_ticks * (1'000'000'000U / per_second));
    return std::max<std::int64_t>(0, boot.tv_sec * 1'000'000'000 + boot.tv_nsec - started);
}

}  // namespace

LiveSource::LiveSource(int pid, Demangle demangle)
    : process_(pid),
      memory_(pid),
      unwinder_(memory_),
      symbols_(process_, memory_),
      demangle_(demangle)
{
}

Snapshot LiveSource::take(const SnapshotRequest& request)
{
    return LiveTake(*this, request).run();
}

LiveTake::LiveTake(LiveSource& source, const SnapshotRequest& request)
    : source_(source),
      request_(request),
      process_(source.process_),
      start_(std::chrono::steady_clock::now()),
      deadline_(start_ + request.timeout)
{
    const Now first = now();
    snapshot_.mode = request.mode;
    snapshot_.taken_ns = first.monotonic_ns;
    snapshot_.wall_ns = first.wall_ns;
}

void LiveTake::note(ExitCode code, std::string text)
{
    snapshot_.notes.push_back({code, std::move(text)});
}

bool LiveTake::is_late() const
{
    return std::chrono::steady_clock::now() >= deadline_;
}

Snapshot LiveTake::run()
{
    read_process();
    readable_ = read_maps();
    if (readable_) {
        source_.unwinder_.use(modules_, maps_);
        note_library();
    }
    places_.emplace(modules_, maps_, source_.symbols_, source_.demangle_, snapshot_.places);
    if (library_.layout) {
        records_.emplace(*library_.layout, source_.memory_);
        RecordReader::Threads found = records_->read_threads(request_.max_threads);
        threads_ = std::move(found.records);
        snapshot_.unread_threads = found.unread;
    }
    read_lwps();
    if (library_.layout) {
        claim_threads();
        recheck_unclaimed();
        read_parked();
    }
    // Nothing is read or stopped from here on except words of objects and files with symbols.
    snapshot_.spread_ns = (std::chrono::steady_clock::now() - start_).count();
    add_lwps();
    if (library_.layout) {
        add_threads();
    }
    finish();
    return std::move(snapshot_);
}

void LiveTake::read_process()
{
    const int pid = process_.pid();
    first_stat_ = process_.stat();
    if (!first_stat_) {
        throw TargetError(ExitCode::kNoProcess, fmt::format("{} has exited.", pid));
    }
    const auto tasks = process_.tasks();
    int live = 0;
    for (const int tid : tasks) {
        const auto stat = process_.task_stat(tid);
        if (stat && stat->state != 'Z' && stat->state != 'X') {
            live = tid;
            break;  // the leader comes first
        }
    }
    if (live == 0) {
        throw TargetError(ExitCode::kNoProcess,
                          fmt::format("{} has exited (zombie, parent {} has not collected it).",
                                      pid, first_stat_->parent));
    }
    source_.memory_.use_task(live);
    ProcessInfo& info = snapshot_.process;
    info.pid = pid;
    info.parent = first_stat_->parent;
    info.name = first_stat_->name;
    info.state = first_stat_->state;
    info.uptime_ns = uptime_of(*first_stat_);
    info.command = process_.command_line();
    info.executable = process_.read_link("exe").value_or("");
    const TaskStatus status = process_.status();
    info.uid = status.uid;
    if (info.state == 'T') {
        note(ExitCode::kDone, fmt::format("{} is stopped (SIGSTOP); it will stay so.", pid));
    }
    if (status.tracer != 0 && request_.mode == Mode::kGentle) {
        const FileText tracer =
            read_file_at(-1, fmt::format("/proc/{}/comm", status.tracer).c_str(), 64);
        note(ExitCode::kPartial,
             fmt::format("{} is traced by {} (PID {}), so its running threads cannot be stopped; "
                         "showing what can be read without.",
                         pid, printable(tracer.text.substr(0, tracer.text.find('\n'))),
                         status.tracer));
    }
}

bool LiveTake::read_maps()
{
    const FileText text = process_.maps();
    if (text.error != 0 || text.text.empty()) {
        if (process_.has_ended()) {
            throw TargetError(ExitCode::kNoProcess, fmt::format("{} has exited.", process_.pid()));
        }
        snapshot_.process.library.state = LibraryState::kUnreadable;
        snapshot_.notes.push_back(explain_refusal(process_));
        return false;
    }
    maps_ = parse_maps(text.text);
    modules_ = ModuleTable(maps_, source_.memory_);
    return true;
}

void LiveTake::note_library()
{
    const int pid = process_.pid();
    const int inner = process_.status().inner;
    library_ = find_library(modules_, maps_, source_.memory_, inner != 0 ? inner : pid);
    const LibraryInfo& info = library_.info;
    snapshot_.process.library = info;
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

bool LiveTake::wants_stack(std::uint64_t id) const
{
    return request_.stacks == Stacks::kAll ||
           (request_.stacks == Stacks::kChosen &&
            std::find(request_.threads.begin(), request_.threads.end(), id) !=
                request_.threads.end());
}

bool LiveTake::wants_stack(const LwpObservation& lwp) const
{
    if (request_.stacks == Stacks::kAll) {
        return true;
    }
    const auto& chosen = request_.lwps;
    return request_.stacks == Stacks::kChosen &&
           (std::find(chosen.begin(), chosen.end(), lwp.info.tid) != chosen.end() ||
            (lwp.thread && lwp.thread->id != 0 && wants_stack(lwp.thread->id)));
}

void LiveTake::read_lwps()
{
    LwpReader reader(process_, source_.memory_, source_.unwinder_, maps_,
                     records_ ? &*records_ : nullptr);
    std::unordered_map<std::uint64_t, LwpRecord> by_tid;
    if (records_) {
        for (const LwpRecord& record : records_->read_lwps()) {
            by_tid.emplace(record.tid, record);
        }
    }
    for (const int tid : process_.tasks()) {
        auto lwp = reader.look(tid);
        if (!lwp) {
            continue;
        }
        const auto record = by_tid.find(static_cast<std::uint64_t>(lwp->inner_tid));
        if (record != by_tid.end()) {
            lwp->record = record->second;
            reader.read_records(*lwp);
        }
        lwps_.push_back(std::move(*lwp));
    }
    if (!readable_) {
        for (LwpObservation& lwp : lwps_) {
            lwp.no_stack = StackEnd::kDenied;
        }
        return;
    }
    std::vector<LwpObservation*> running;
    observe(running, reader);
    if (request_.mode == Mode::kGentle && !running.empty()) {
        const LwpPlan plan{request_.mode, request_.depth, deadline_};
        in_stopping_thread([&] {
            for (LwpObservation* lwp : running) {
                reader.observe_running(*lwp, plan, wants_stack(*lwp));
            }
        });
    }
}

// Those asleep; the others are put into `running`.
void LiveTake::observe(std::vector<LwpObservation*>& running, LwpReader& reader)
{
    const LwpPlan plan{request_.mode, request_.depth, deadline_};
    for (LwpObservation& lwp : lwps_) {
        if (!reader.observe_asleep(lwp, plan, wants_stack(lwp))) {
            lwp.info.kernel_state = 'R';
            lwp.no_stack = StackEnd::kRunning;
            running.push_back(&lwp);
        }
    }
}

void LiveTake::claim_threads()
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
void LiveTake::recheck_unclaimed()
{
    for (ThreadRecord& record : threads_) {
        const auto carrier = carriers_.find(record.id);
        if (carrier != carriers_.end()) {
            record = *lwps_[carrier->second].thread;
            continue;
        }
        const auto name = library_.layout->name(LWPT_THREAD_STATE, record.state);
        if (thread_state(name) != ThreadState::kRunning && !record.torn) {
            continue;
        }
        const auto again = records_->read_thread(record.address);
        if (again && again->id == record.id) {
            record = *again;
        }
        record.torn = thread_state(library_.layout->name(LWPT_THREAD_STATE, record.state)) ==
                      ThreadState::kRunning;
    }
}

void LiveTake::read_parked()
{
    std::vector<ThreadRecord> wanted;
    for (const ThreadRecord& record : threads_) {
        const auto state = thread_state(library_.layout->name(LWPT_THREAD_STATE, record.state));
        if (!carriers_.contains(record.id) && state != ThreadState::kZombie &&
            wants_stack(record.id)) {
            wanted.push_back(record);
        }
    }
    asked_stacks_ = wanted.size();
    read_parked_stacks(std::move(wanted), request_.depth, *records_, source_.memory_,
                       source_.unwinder_, deadline_, [&](ParkedStack&& stack) {
                           const std::uint64_t id = stack.record.id;
                           parked_.insert_or_assign(id, std::move(stack));
                       });
}

std::unique_ptr<SnapshotSource> open_live(int pid, Demangle demangle)
{
    constexpr std::uint64_t kKernelThread = 0x00200000;  // PF_KTHREAD
    constexpr std::size_t kElfClass = 4;
    constexpr char kElf32 = 1;
    const Process process(pid);
    const auto stat = process.stat();
    if (stat && (stat->kernel_flags & kKernelThread) != 0) {
        throw TargetError(
            ExitCode::kUnsupported,
            fmt::format("{} ({}) is a kernel thread: no user stacks.", pid, printable(stat->name)));
    }
    const std::string header = process.read_file("exe", 20).text;
    if (header.size() == 20 && header.starts_with("\x7f"
                                                  "ELF")) {
        const bool narrow = header[kElfClass] == kElf32;
        const int machine =
            static_cast<unsigned char>(header[18]) | static_cast<unsigned char>(header[19]) << 8;
        if (narrow || machine != LWPT_ARCH_X86_64) {
            throw TargetError(
                ExitCode::kUnsupported,
                fmt::format("{} runs a {}-bit program (ELF class {}, machine {}); this lwpinspect "
                            "reads x86-64 only.",
                            pid, narrow ? 32 : 64, narrow ? 32 : 64, machine));
        }
    }
    return std::make_unique<LiveSource>(pid, demangle);
}

}  // namespace lwpi
