// All LWPs stopped at one moment: what must be read then is copied, and everything else waits until
// they run again.
#include <algorithm>
#include <cstring>
#include <deque>
#include <set>
#include <unordered_map>

#include "reader/live_source.h"
#include "reader/registers.h"
#include "target/attach.h"

namespace lwpi {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kStopPatience = std::chrono::milliseconds(100);
constexpr std::uint64_t kCopy = 16 * 1024;
constexpr std::uint64_t kLargestCopy = 4U << 20U;
constexpr std::uint64_t kRedZone = 128;
constexpr int kPasses = 20;

using Seen = InstantLwp;

// Stops every task of a process. None can be made by a stopped one, so it ends.
class AllStopped {
  public:
    explicit AllStopped(const Process& process) : process_(process)
    {
        for (int pass = 0; pass < kPasses && seize_new() > 0; ++pass) {}
    }

    void stop()
    {
        std::size_t stopped = 0;
        for (int pass = 0; pass < kPasses; ++pass) {
            for (std::size_t i = stopped; i < tasks_.size(); ++i) {
                tasks_[i].interrupt();
            }
            for (; stopped < tasks_.size(); ++stopped) {
                tasks_[stopped].wait(kStopPatience);
            }
            if (seize_new() == 0) {
                return;
            }
        }
    }

    [[nodiscard]] const std::deque<StoppedLwp>& tasks() const { return tasks_; }

  private:
    std::size_t seize_new()
    {
        std::size_t fresh = 0;
        for (const int tid : process_.tasks()) {
            if (known_.insert(tid).second) {
                tasks_.emplace_back(tid, kStopPatience, StoppedLwp::Begin::kSeizeOnly);
                ++fresh;
            }
        }
        return fresh;
    }

    const Process& process_;
    std::set<int> known_;
    std::deque<StoppedLwp> tasks_;
};

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
    std::vector<std::byte> whole(std::min(kLargestCopy, seen.stack_end - seen.start));
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
    std::unordered_map<int, Seen> lwps;  // by TID
    std::int64_t pause_ns = 0;
    std::uint32_t count = 0;
};

// Memory for the copies, touched now: nothing is allocated while the target stands still.
void make_room(const AllStopped& all, bool with_stacks, Instant& instant)
{
    instant.lwps.reserve(all.tasks().size() * 2);
    for (const StoppedLwp& task : all.tasks()) {
        instant.lwps[task.tid()].bytes.resize(with_stacks ? kCopy : 0);
    }
}

// The stop itself: everything it needs has been made before.
void copy_all(const AllStopped& all, bool with_stacks, const std::vector<Mapping>& maps,
              Memory& memory, Instant& instant)
{
    std::vector<RemoteBlock> stacks;
    stacks.reserve(all.tasks().size());
    for (const StoppedLwp& task : all.tasks()) {
        Seen& seen = instant.lwps[task.tid()];
        seen.result = task.result();
        seen.registers = task.registers();
        if (with_stacks && seen.registers) {
            aim(seen, maps);
            stacks.push_back({seen.start, seen.bytes, 0});
        }
    }
    memory.read_blocks(stacks);
    std::size_t next = 0;
    for (const StoppedLwp& task : all.tasks()) {
        Seen& seen = instant.lwps[task.tid()];
        if (with_stacks && seen.registers) {
            seen.bytes.resize(stacks[next++].got);
        }
    }
    instant.count = static_cast<std::uint32_t>(all.tasks().size());
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

struct StopPlan {
    const Process& process;
    const std::vector<Mapping>& maps;
    Memory& memory;
    bool with_stacks;
    InstantRecords* records;  // nullptr: no library
};

void stop_and_copy(const StopPlan& plan, Instant& instant)
{
    std::optional<AllStopped> all(std::in_place, plan.process);
    make_room(*all, plan.with_stacks, instant);
    be_quick();
    if (plan.records != nullptr) {
        plan.records->before_the_stop();
    }
    const auto begin = Clock::now();
    all->stop();
    copy_all(*all, plan.with_stacks, plan.maps, plan.memory, instant);
    if (plan.records != nullptr) {
        plan.records->in_the_stop();
    }
    all.reset();
    instant.pause_ns = (Clock::now() - begin).count();
    if (plan.records != nullptr) {
        plan.records->after_the_stop();
    }
}

}  // namespace

void LiveTake::read_instant()
{
    look_at_tasks(LwpReader(process_, source_.memory_, source_.unwinder_, maps_, nullptr));
    std::optional<InstantRecords> records;
    if (records_) {
        records.emplace(*records_);
    }
    Instant instant;
    const StopPlan plan{process_, maps_, source_.memory_, request_.stacks != Stacks::kNone,
                        records ? &*records : nullptr};
    in_stopping_thread([&] { stop_and_copy(plan, instant); });
    snapshot_.pause_ns = snapshot_.longest_pause_ns = instant.pause_ns;
    snapshot_.paused_lwps = instant.count;
    std::unordered_map<std::uint64_t, LwpRecord> lwp_records;  // by the target's own TID
    std::unordered_map<Address, const ThreadRecord*> thread_records;
    if (records) {
        RecordReader::Threads found = records->threads();
        threads_ = std::move(found.records);
        snapshot_.unread_threads = found.unread;
        for (const LwpRecord& record : records->lwps()) {
            lwp_records.emplace(record.tid, record);
        }
        for (const ThreadRecord& record : threads_) {
            thread_records.emplace(record.address, &record);
        }
    }
    for (LwpObservation& lwp : lwps_) {
        const auto record = lwp_records.find(static_cast<std::uint64_t>(lwp.inner_tid));
        if (record != lwp_records.end()) {
            lwp.record = record->second;
            const auto thread = thread_records.find(lwp.record->thread);
            if (thread != thread_records.end()) {
                lwp.thread = *thread->second;
            }
        }
        take_in(lwp, instant.lwps[lwp.info.tid]);
    }
}

void LiveTake::take_in(LwpObservation& lwp, InstantLwp& seen)
{
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
