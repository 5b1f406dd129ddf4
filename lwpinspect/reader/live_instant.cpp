// The whole process at one moment: what must be read then is copied, and everything else waits
// until it goes on.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <set>
#include <unordered_map>

#include "reader/live_source.h"
#include "reader/registers.h"
#include "reader/standstill.h"

namespace lwpi {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint64_t kCopy = 16 * 1024;

using Seen = InstantLwp;

void aim(Seen& seen, const std::vector<Mapping>& maps)
{
    const Address sp = seen.registers->rsp;
    const Mapping* const map = find_mapping(maps, sp);
    seen.stack_end = map == nullptr ? sp : map->end;
    seen.start = map == nullptr ? sp : std::max(map->start, sp - std::min<Address>(sp, kRedZone));
    seen.bytes.resize(std::min(kCopy, seen.stack_end - seen.start));
}

// More of a stack that was deeper than the copy, if what was copied is still there unchanged.
bool copy_the_rest(Seen& seen, Memory& memory)
{
    std::vector<std::byte> whole(std::min(kLargestStackCopy, seen.stack_end - seen.start));
    whole.resize(memory.read(seen.start, whole));
    if (whole.size() <= seen.bytes.size() ||
        std::memcmp(whole.data(), seen.bytes.data(), seen.bytes.size()) != 0) {
        return false;
    }
    seen.bytes = std::move(whole);
    return true;
}

StackEnd without_stack(StopResult result)
{
    switch (result) {
        case StopResult::kDenied:
            return StackEnd::kDenied;
        case StopResult::kTimeout:
            return StackEnd::kRunning;
        case StopResult::kGone:
        case StopResult::kStopped:
            break;
    }
    return StackEnd::kGone;
}

struct Instant {
    std::unordered_map<int, Seen> lwps;  // those that were stopped, by TID
    std::int64_t pause_ns = 0;
    std::uint32_t count = 0;
    std::size_t missed = 0;
};

// Memory for the copies, touched now: nothing is allocated while the target stands still, unless
// somebody awakes just then.
void make_room(const Standstill& still, bool with_stacks, Instant& instant)
{
    instant.lwps.reserve(still.tasks().size() * 2);
    for (const StoppedLwp& task : still.tasks()) {
        instant.lwps[task.tid()].bytes.resize(with_stacks ? kCopy : 0);
    }
}

void copy_stopped(const Standstill& still, bool with_stacks, const std::vector<Mapping>& maps,
                  Memory& memory, Instant& instant)
{
    std::vector<RemoteBlock> stacks;
    stacks.reserve(still.tasks().size());
    instant.count = 0;
    for (const StoppedLwp& task : still.tasks()) {
        Seen& seen = instant.lwps[task.tid()];
        seen.result = task.result();
        seen.registers = task.registers();
        instant.count += seen.registers ? 1U : 0U;
        if (with_stacks && seen.registers) {
            aim(seen, maps);
            stacks.push_back({seen.start, seen.bytes, 0});
        }
    }
    memory.read_blocks(stacks);
    std::size_t next = 0;
    for (const StoppedLwp& task : still.tasks()) {
        Seen& seen = instant.lwps[task.tid()];
        if (with_stacks && seen.registers) {
            seen.bytes.resize(stacks[next++].got);
        }
    }
}

// The slabs around a stop and in it. Of many threads most sleep: those whose records are the same
// before the stop and after it were so in it, and only the others are read while the target stands
// still.
class InstantRecords {
  public:
    explicit InstantRecords(RecordReader& reader) : reader_(reader), copies_(reader.make_copies())
    {
        if (RecordReader::is_worth_parting(copies_)) {
            other_ = reader.make_copies();
        }
    }
    void before_the_stop()
    {
        reader_.fill(copies_);  // what it reads from and writes to is then mapped and in cache
        if (other_) {
            std::swap(copies_, *other_);
            reader_.fill(copies_);
            restless_ = reader_.restless(*other_, copies_);
        }
    }
    void in_the_stop()
    {
        if (restless_) {
            reader_.read(*restless_);
        } else {
            reader_.fill(copies_);
        }
    }
    void after_the_stop()
    {
        if (restless_) {
            reader_.fill(*other_);
        }
    }
    [[nodiscard]] RecordReader::Threads threads() const
    {
        RecordReader::Threads found = reader_.threads_in(copies_);
        if (restless_) {
            reader_.doubt_the_changed(found, copies_, *other_, *restless_);
        }
        return found;
    }
    [[nodiscard]] std::vector<LwpRecord> lwps() const { return reader_.lwps_in(copies_); }

  private:
    RecordReader& reader_;
    RecordReader::SlabCopies copies_;
    std::optional<RecordReader::SlabCopies>
        other_;  // first of the time before, then of the time after
    std::optional<std::vector<RemoteBlock>> restless_;
};

// Since when the first of those stopped has stood still.
Clock::time_point stopped_since(const Standstill& still)
{
    auto first = Clock::time_point::max();
    for (const StoppedLwp& task : still.tasks()) {
        if (task.result() == StopResult::kStopped) {
            first = std::min(first, task.since());
        }
    }
    return first;
}

struct StopPlan {
    Standstill& still;
    const std::vector<Mapping>& maps;
    Memory& memory;
    bool with_stacks;
    InstantRecords* records;  // nullptr: no library
};

void stop_and_copy(const StopPlan& plan, Instant& instant)
{
    be_quick();
    if (plan.records != nullptr) {
        plan.records->before_the_stop();
    }
    plan.still.seize();
    make_room(plan.still, plan.with_stacks, instant);
    for (int pass = 1;; ++pass) {
        plan.still.stop();
        copy_stopped(plan.still, plan.with_stacks, plan.maps, plan.memory, instant);
        if (plan.records != nullptr) {
            plan.records->in_the_stop();
        }
        if (plan.still.holds()) {
            break;
        }
        if (pass == Standstill::kPasses) {
            plan.still.watch_nobody();
        }
    }
    const auto begin = stopped_since(plan.still);
    instant.missed = plan.still.missed();
    plan.still.release();
    instant.pause_ns = instant.count == 0 ? 0 : (Clock::now() - begin).count();
    if (plan.records != nullptr) {
        plan.records->after_the_stop();
    }
}

// Tasks made between the first look and the stop, ascending.
std::vector<int> newcomers(const Instant& instant, const std::vector<LwpObservation>& known)
{
    std::set<int> tids;
    for (const auto& [tid, seen] : instant.lwps) {
        if (seen.registers) {
            tids.insert(tid);
        }
    }
    for (const LwpObservation& lwp : known) {
        tids.erase(lwp.info.tid);
    }
    return {tids.begin(), tids.end()};
}

}  // namespace

void LiveTake::read_instant()
{
    const LwpReader reader(process_, source_.memory_, source_.unwinder_, maps_, nullptr);
    const bool with_stacks = request_.stacks != Stacks::kNone;
    look_at_tasks(reader);
    std::optional<InstantRecords> records;
    if (records_) {
        records.emplace(*records_);
    }
    Standstill still(process_, [&](int tid) { return observe_for_instant(tid, reader); });
    Instant instant;
    const StopPlan plan{still, maps_, source_.memory_, with_stacks, records ? &*records : nullptr};
    in_stopping_thread([&] { stop_and_copy(plan, instant); });
    snapshot_.pause_ns = snapshot_.longest_pause_ns = instant.pause_ns;
    snapshot_.paused_lwps = instant.count;
    if (instant.missed != 0) {
        note(ExitCode::kPartial,
             fmt::format("{} LWP{} did not stop within {} ms, so this may not be one moment.",
                         instant.missed, instant.missed == 1 ? "" : "s",
                         Standstill::kPatience.count()));
    }
    for (const int tid : newcomers(instant, lwps_)) {
        if (auto lwp = reader.look(tid)) {
            lwps_.push_back(std::move(*lwp));
        }
    }
    if (records) {
        RecordReader::Threads found = records->threads();
        threads_ = std::move(found.records);
        snapshot_.unread_threads = found.unread;
        give_records(records->lwps());
    }
    for (LwpObservation& lwp : lwps_) {
        const auto stopped = instant.lwps.find(lwp.info.tid);
        if (stopped != instant.lwps.end()) {
            take_in(lwp, stopped->second);
        } else if (!wants_stack(lwp)) {
            lwp.stack.reset();
        }
    }
}

// Whether the task sleeps, and its stack could be read to its end: it need not be stopped then.
bool LiveTake::observe_for_instant(int tid, const LwpReader& reader)
{
    const auto lwp = std::lower_bound(
        lwps_.begin(), lwps_.end(), tid,
        [](const LwpObservation& one, int wanted) { return one.info.tid < wanted; });
    if (lwp == lwps_.end() || lwp->info.tid != tid) {
        return false;
    }
    const bool with_stack = request_.stacks != Stacks::kNone;
    const LwpPlan plan{request_.mode, request_.depth, deadline_};
    if (!reader.observe_asleep(*lwp, plan, with_stack) || !lwp->sp ||
        (with_stack && (!lwp->stack || is_broken(*lwp->stack)))) {
        return false;
    }
    if (lwp->info.kernel_state == 'R') {
        lwp->info.kernel_state = 'S';  // it has gone to sleep since it was looked at
    }
    return true;
}

// What the library's records of that moment say that each LWP carries.
void LiveTake::give_records(const std::vector<LwpRecord>& records)
{
    std::unordered_map<std::uint64_t, const LwpRecord*> by_tid;  // the target's own numbers
    for (const LwpRecord& record : records) {
        by_tid.emplace(record.tid, &record);
    }
    std::unordered_map<Address, const ThreadRecord*> threads;
    for (const ThreadRecord& record : threads_) {
        threads.emplace(record.address, &record);
    }
    for (LwpObservation& lwp : lwps_) {
        const auto record = by_tid.find(static_cast<std::uint64_t>(lwp.inner_tid));
        if (record == by_tid.end()) {
            continue;
        }
        lwp.record = *record->second;
        const auto thread = threads.find(lwp.record->thread);
        if (thread != threads.end()) {
            lwp.thread = *thread->second;
        }
    }
}

void LiveTake::take_in(LwpObservation& lwp, InstantLwp& seen)
{
    lwp.sp.reset();
    lwp.stack.reset();
    lwp.info.syscall.reset();
    lwp.info.restarting = false;
    if (!seen.registers) {
        lwp.no_stack = without_stack(seen.result);
        return;
    }
    lwp.sp = seen.registers->rsp;
    lwp.info.syscall = syscall_in(*seen.registers);
    lwp.info.kernel_state = lwp.info.syscall ? 'S' : 'R';
    if (!wants_stack(lwp)) {
        return;
    }
    if (lwp.thread && lwp.thread->has_on_stack(*lwp.sp)) {
        seen.stack_end = std::min(seen.stack_end, lwp.thread->stack_hi);
        seen.bytes.resize(std::min(seen.bytes.size(), seen.stack_end - seen.start));
    }
    const auto unwind = [&] {
        return source_.unwinder_.unwind(registers_of(*seen.registers),
                                        {seen.start, seen.bytes, seen.stack_end}, request_.depth);
    };
    lwp.stack = unwind();
    if (lwp.stack->end == UnwindEnd::kTruncated && copy_the_rest(seen, source_.memory_)) {
        lwp.stack = unwind();
    }
}

}  // namespace lwpi
