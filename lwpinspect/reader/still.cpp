#include "reader/still.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "reader/registers.h"

namespace lwpi {

Snapshot StillTake::run()
{
    readable_ = true;
    snapshot_.process = image_.process;
    snapshot_.notes = image_.notes;
    maps_ = image_.maps;
    modules_ = ModuleTable(maps_, tools_.memory);
    find_the_library(image_.process.pid);
    prepare();
    read_threads();
    read_lwps();
    if (library_.layout) {
        claim_threads();
        recheck_unclaimed();
        read_parked();
        note_lost_stacks();
    }
    if (!image_.clock_runs) {
        stop_the_clock();
    }
    add_lwps();
    if (library_.layout) {
        add_threads();
    }
    show_names();
    add_lines();
    for (const Note& note : image_.notes) {
        snapshot_.complete = snapshot_.complete && note.code != ExitCode::kPartial;
    }
    return std::move(snapshot_);
}

void StillTake::read_lwps()
{
    std::map<std::uint64_t, LwpRecord> by_tid;
    if (records_) {
        for (const LwpRecord& record : records_->read_lwps()) {
            by_tid.emplace(record.tid, record);
        }
    }
    for (const CoreLwp& core : image_.lwps) {
        LwpObservation lwp;
        lwp.info.tid = lwp.inner_tid = core.tid;
        lwp.info.name = image_.process.name;
        lwp.info.syscall = syscall_in(core.registers);
        lwp.info.kernel_state = lwp.info.syscall ? 'S' : 'R';
        lwp.sp = core.registers.rsp;
        if (const auto record = by_tid.find(static_cast<std::uint64_t>(core.tid));
            record != by_tid.end()) {
            lwp.record = record->second;
            if (lwp.record->thread != 0) {
                lwp.thread = records_->read_thread(lwp.record->thread);
            }
        }
        if (wants_stack(lwp) && !is_late()) {
            lwp.stack = unwind(core.registers, lwp);
        }
        lwps_.push_back(std::move(lwp));
    }
    std::sort(lwps_.begin(), lwps_.end(), [](const LwpObservation& a, const LwpObservation& b) {
        return a.info.tid < b.info.tid;
    });
}

UnwoundStack StillTake::unwind(const user_regs_struct& r, const LwpObservation& lwp)
{
    const Mapping* const map = find_mapping(maps_, r.rsp);
    Address end = map == nullptr ? r.rsp : map->end;
    if (lwp.thread && lwp.thread->has_on_stack(r.rsp)) {
        end = std::min(end, lwp.thread->stack_hi);
    }
    const Address sp = r.rsp;
    const Address start = map == nullptr ? sp : std::max(map->start, sp - std::min(sp, kRedZone));
    std::vector<std::byte> bytes(std::min<std::uint64_t>(kLargestStackCopy, end - start));
    bytes.resize(tools_.memory.read(start, bytes));
    return tools_.unwinder.unwind(registers_of(r), {start, bytes, end}, request_.depth);
}

// gdb leaves zeros in a whole region of memory from the first guard page that it meets.
void StillTake::note_lost_stacks()
{
    const auto lost = std::count_if(parked_.begin(), parked_.end(), [](const auto& parked) {
        const UnwoundStack& stack = parked.second.stack;
        return stack.frames.empty() && stack.end == UnwindEnd::kMemory;
    });
    if (lost != 0) {
        snapshot_.complete = false;
        note(ExitCode::kPartial,
             fmt::format("the stack{} of {} thread{} {} missing: gdb's gcore does not read beyond "
                         "guard pages. A core of the kernel's has them, and so has save.",
                         lost == 1 ? "" : "s", lost, lost == 1 ? "" : "s",
                         lost == 1 ? "is" : "are"));
    }
}

// Nobody wrote down what the monotonic clock said: it was not before any time in the records.
void StillTake::stop_the_clock()
{
    std::int64_t latest = 0;
    for (const ThreadRecord& record : threads_) {
        latest = std::max(latest, record.since.value_or(0));
    }
    for (const LwpObservation& lwp : lwps_) {
        latest = std::max(latest, lwp.record ? lwp.record->since.value_or(0) : 0);
    }
    snapshot_.taken_ns = latest;
    if (library_.layout) {
        note(
            ExitCode::kDone,
            "no clock is in a core: ages end with the last change of any thread; all may be more.");
    }
    snapshot_.wall_ns = image_.wall_ns;
}

}  // namespace lwpi
