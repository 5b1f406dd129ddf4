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
      files_(process_),
      symbols_(files_, memory_),
      demangle_(demangle)
{
}

Snapshot LiveSource::take(const SnapshotRequest& request)
{
    return LiveTake(*this, request).run();
}

LiveTake::LiveTake(LiveSource& source, const SnapshotRequest& request)
    : Take({source.memory_, source.unwinder_, source.symbols_, source.demangle_}, request),
      source_(source),
      process_(source.process_),
      descriptors_(source.process_)
{
}

Snapshot LiveTake::run()
{
    read_process();
    readable_ = read_maps();
    if (readable_) {
        const int inner = process_.status().inner;
        find_the_library(inner != 0 ? inner : process_.pid());
    }
    prepare();
    if (request_.mode == Mode::kInstant && readable_) {
        read_instant();
    } else {
        read_threads();
        read_lwps();
    }
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
    show_names();
    add_lines();
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
    if (status.tracer != 0 && request_.mode != Mode::kNostop) {
        const FileText tracer =
            read_file_at(-1, fmt::format("/proc/{}/comm", status.tracer).c_str(), 64);
        note(request_.mode == Mode::kInstant ? ExitCode::kPermission : ExitCode::kPartial,
             fmt::format("{} is traced by {} (PID {}), so its running threads cannot be stopped; "
                         "showing what can be read without.",
                         pid, printable(tracer.text.substr(0, tracer.text.find('\n'))),
                         status.tracer));
    }
}

bool LiveTake::read_maps()
{
    const FileText text = process_.maps();
    // Without memory it is ending, whatever is left of it.
    const bool has_none = text.error == 0 && text.text.empty();
    if (has_none || (text.error != 0 && process_.has_ended())) {
        throw TargetError(ExitCode::kNoProcess, fmt::format("{} has exited.", process_.pid()));
    }
    if (text.error != 0) {
        snapshot_.process.library.state = LibraryState::kUnreadable;
        snapshot_.notes.push_back(explain_refusal(process_));
        return false;
    }
    maps_ = parse_maps(text.text);
    modules_ = ModuleTable(maps_, source_.memory_);
    return true;
}

void LiveTake::look_at_tasks(const LwpReader& reader)
{
    for (const int tid : process_.tasks()) {
        if (auto lwp = reader.look(tid)) {
            lwps_.push_back(std::move(*lwp));
        }
    }
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
    look_at_tasks(reader);
    for (LwpObservation& lwp : lwps_) {
        const auto record = by_tid.find(static_cast<std::uint64_t>(lwp.inner_tid));
        if (record != by_tid.end()) {
            lwp.record = record->second;
            reader.read_records(lwp);
        }
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
        } else if (request_.may_interrupt && lwp.stack && is_broken(*lwp.stack)) {
            running.push_back(&lwp);
        }
    }
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
