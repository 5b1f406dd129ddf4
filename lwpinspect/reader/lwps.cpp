#include "reader/lwps.h"

#include <unistd.h>

#include <algorithm>

#include "reader/registers.h"
#include "target/attach.h"

namespace lwpi {
namespace {

constexpr int kTriesAsleep = 3;
constexpr std::uint64_t kFirstCopy = 16 * 1024;
constexpr auto kStopPatience = std::chrono::milliseconds(100);

std::int64_t ticks_to_ns(std::uint64_t ticks)
{
    static const auto kPerSecond = static_cast<std::uint64_t>(std::max(1L, ::sysconf(_SC_CLK_TCK)));
    return static_cast<std::int64_t>(ticks * (1'000'000'000U / kPerSecond));
}

Syscall syscall_of(const SyscallLine& line)
{
    Syscall call;
    call.number = line.number;
    call.name = syscall_name(line.number);
    call.arguments = line.arguments;
    call.sp = line.sp;
    call.pc = line.pc;
    return call;
}

// What changes when it runs; nullopt: it has ended.
std::optional<std::uint64_t> progress(const Process& process, int tid, const RunCounter& runs)
{
    if (const auto count = runs.read()) {
        return count;
    }
    const auto status = process.task_status(tid);
    return status ? status->voluntary_switches : std::nullopt;
}

}  // namespace

bool is_broken(const UnwoundStack& stack)
{
    return stack.end == UnwindEnd::kNoUnwindInfo || stack.end == UnwindEnd::kMemory ||
           stack.end == UnwindEnd::kLoop;
}

std::optional<LwpObservation> LwpReader::look(int tid) const
{
    const auto stat = process_.task_stat(tid);
    const auto status = process_.task_status(tid);
    if (!stat || !status || stat->state == 'Z' || stat->state == 'X') {
        return std::nullopt;
    }
    LwpObservation lwp;
    lwp.info.tid = tid;
    lwp.info.name = stat->name;
    lwp.info.kernel_state = stat->state;
    lwp.info.cpu = stat->cpu;
    lwp.info.cpu_ns = ticks_to_ns(stat->user_ticks + stat->system_ticks);
    lwp.info.run_delay_ns = process_.task_run_delay_ns(tid);
    lwp.info.voluntary_switches = status->voluntary_switches;
    lwp.info.involuntary_switches = status->involuntary_switches;
    lwp.inner_tid = status->inner != 0 ? status->inner : tid;
    return lwp;
}

void LwpReader::read_records(LwpObservation& lwp) const
{
    if (records_ == nullptr || !lwp.record) {
        return;
    }
    lwp.record = records_->read_lwp(lwp.record->address);
    if (lwp.record && lwp.record->tid != static_cast<std::uint64_t>(lwp.inner_tid)) {
        lwp.record.reset();  // the record has gone to another LWP
    }
    lwp.thread.reset();
    if (lwp.record && lwp.record->thread != 0) {
        lwp.thread = records_->read_thread(lwp.record->thread);
    }
}

void LwpReader::copy_stack(const LwpObservation& lwp, std::uint64_t size, Copy& copy) const
{
    const Address sp = copy.registers.sp;
    const Mapping* const map = find_mapping(maps_, sp);
    copy.stack_end = map == nullptr ? sp : map->end;
    if (lwp.thread && lwp.thread->has_on_stack(sp)) {
        copy.stack_end = std::min(copy.stack_end, lwp.thread->stack_hi);
    }
    copy.start = map == nullptr ? sp : std::max(map->start, sp - std::min(sp, kRedZone));
    copy.bytes.resize(std::min(size, copy.stack_end - copy.start));
    copy.bytes.resize(memory_.read(copy.start, copy.bytes));
}

bool LwpReader::copy_asleep(LwpObservation& lwp, std::uint64_t size, Copy& copy) const
{
    const int tid = lwp.info.tid;
    const RunCounter runs(process_, tid);
    const auto before = progress(process_, tid, runs);
    const SyscallLine line = process_.task_syscall(tid);
    if (line.kind != SyscallLine::Kind::kInCall &&
        line.kind != SyscallLine::Kind::kBlockedElsewhere) {
        lwp.no_stack = line.kind == SyscallLine::Kind::kDenied ? StackEnd::kDenied
                       : line.kind == SyscallLine::Kind::kGone ? StackEnd::kGone
                                                               : StackEnd::kRunning;
        return false;
    }
    copy.registers = Registers{};
    copy.registers.pc = line.pc;
    copy.registers.sp = line.sp;
    if (line.kind == SyscallLine::Kind::kInCall) {
        copy.registers.rdi = line.arguments[0];
        copy.registers.rdx = line.arguments[2];
    }
    read_records(lwp);
    copy.bytes.clear();
    if (size != 0) {
        copy_stack(lwp, size, copy);
    }
    if (!before || process_.task_syscall(tid) != line || progress(process_, tid, runs) != before) {
        lwp.no_stack = StackEnd::kMoving;
        return false;
    }
    lwp.sp = line.sp;
    lwp.info.syscall.reset();
    lwp.info.restarting = line.kind == SyscallLine::Kind::kBlockedElsewhere;
    if (line.kind == SyscallLine::Kind::kInCall) {
        lwp.info.syscall = syscall_of(line);
    }
    return true;
}

bool LwpReader::copy_running(LwpObservation& lwp, std::uint64_t size, Copy& copy) const
{
    copy.bytes.reserve(size);
    std::optional<std::chrono::steady_clock::time_point> since;
    {
        const StoppedLwp stopped(lwp.info.tid, kStopPatience);
        if (const auto registers = stopped.registers()) {
            since = stopped.since();
            copy.registers = registers_of(*registers);
            read_records(lwp);
            copy.bytes.clear();
            if (size != 0) {
                copy_stack(lwp, size, copy);
            }
            lwp.sp = registers->rsp;
        } else {
            lwp.no_stack = stopped.result() == StopResult::kDenied    ? StackEnd::kDenied
                           : stopped.result() == StopResult::kTimeout ? StackEnd::kRunning
                                                                      : StackEnd::kGone;
        }
    }
    if (since) {
        lwp.pause_ns += (std::chrono::steady_clock::now() - *since).count();
    }
    return since.has_value();
}

bool LwpReader::observe_asleep(LwpObservation& lwp, const LwpPlan& plan, bool with_stack) const
{
    Copy copy;
    std::uint64_t size = with_stack ? kFirstCopy : 0;
    for (int tries = 0; tries < kTriesAsleep && std::chrono::steady_clock::now() < plan.deadline;) {
        if (!copy_asleep(lwp, size, copy)) {
            if (lwp.no_stack != StackEnd::kMoving) {
                return lwp.no_stack != StackEnd::kRunning;
            }
            ++tries;
            continue;
        }
        if (!with_stack) {
            return true;
        }
        lwp.stack =
            unwinder_.unwind(copy.registers, {copy.start, copy.bytes, copy.stack_end}, plan.depth);
        if (lwp.stack->end != UnwindEnd::kTruncated || size >= kLargestStackCopy) {
            return true;
        }
        size *= 4;
    }
    return true;
}

void LwpReader::observe_running(LwpObservation& lwp, const LwpPlan& plan, bool with_stack) const
{
    Copy copy;
    for (std::uint64_t size = with_stack ? kFirstCopy : 0;
         std::chrono::steady_clock::now() < plan.deadline; size *= 4) {
        if (!copy_running(lwp, size, copy) || !with_stack) {
            return;
        }
        lwp.stack =
            unwinder_.unwind(copy.registers, {copy.start, copy.bytes, copy.stack_end}, plan.depth);
        if (lwp.stack->end != UnwindEnd::kTruncated || size >= kLargestStackCopy) {
            return;
        }
    }
}

}  // namespace lwpi
