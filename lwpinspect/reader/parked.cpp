#include "reader/parked.h"

#include <algorithm>
#include <cstring>

#include "reader/registers.h"

namespace lwpi {
namespace {

constexpr std::size_t kBatch = 200;
constexpr int kTriesParked = 3;
constexpr std::uint64_t kFirstParkedCopy = 4 * 1024;

struct Candidate {
    ThreadRecord record;
    std::uint64_t copy = kFirstParkedCopy;  // bytes of stack
    int tries = 0;
};

Registers saved_registers(Address sp, std::span<const std::byte> stack)
{
    SavedRegisters saved{};
    std::memcpy(&saved, stack.data(), sizeof saved);
    return {saved.pc,  sp + sizeof saved, saved.rbp, saved.rbx,
            saved.r12, saved.r13,         saved.r14, saved.r15};
}

bool same_park(const std::optional<ThreadRecord>& a, const std::optional<ThreadRecord>& b)
{
    return a && b && a->seq == b->seq && a->id == b->id && a->is_parked();
}

bool has_saved_registers(const ThreadRecord& record)
{
    return record.has_on_stack(record.sp) && record.stack_hi - record.sp >= sizeof(SavedRegisters);
}

class Batch {
  public:
    Batch(RecordReader& reader, Memory& memory, std::vector<Candidate> candidates)
        : candidates_(std::move(candidates))
    {
        std::vector<Address> addresses;
        for (const Candidate& candidate : candidates_) {
            addresses.push_back(candidate.record.address);
        }
        const auto first = reader.read_batch(addresses);
        second_ = reader.read_batch(addresses);
        read_stacks(memory, first);
        third_ = reader.read_batch(addresses);
    }

    [[nodiscard]] std::size_t size() const { return candidates_.size(); }
    [[nodiscard]] Candidate& candidate(std::size_t i) { return candidates_[i]; }
    [[nodiscard]] const std::optional<ThreadRecord>& record(std::size_t i) const
    {
        return second_[i];
    }
    [[nodiscard]] const std::optional<ThreadRecord>& latest(std::size_t i) const
    {
        return third_[i];
    }
    // Empty: the record was not steady up to the stacks.
    [[nodiscard]] std::span<const std::byte> stack(std::size_t i) const
    {
        return std::span<const std::byte>(blocks_[i].into).first(blocks_[i].got);
    }
    [[nodiscard]] bool is_steady(std::size_t i) const
    {
        return !blocks_[i].into.empty() && same_park(second_[i], third_[i]);
    }

  private:
    void read_stacks(Memory& memory, const std::vector<std::optional<ThreadRecord>>& first)
    {
        std::vector<std::size_t> starts{0};
        for (std::size_t i = 0; i < candidates_.size(); ++i) {
            const bool usable = same_park(first[i], second_[i]) && has_saved_registers(*second_[i]);
            starts.push_back(
                starts.back() +
                (usable ? std::min(candidates_[i].copy, second_[i]->stack_hi - second_[i]->sp)
                        : 0));
        }
        bytes_.resize(starts.back());
        for (std::size_t i = 0; i < candidates_.size(); ++i) {
            blocks_.push_back({second_[i] ? second_[i]->sp : 0,
                               std::span(bytes_).subspan(starts[i], starts[i + 1] - starts[i])});
        }
        std::vector<RemoteBlock> wanted;
        for (const RemoteBlock& block : blocks_) {
            if (!block.into.empty()) {
                wanted.push_back(block);
            }
        }
        memory.read_blocks(wanted);
        std::size_t next = 0;
        for (RemoteBlock& block : blocks_) {
            block.got = block.into.empty() ? 0 : wanted[next++].got;
        }
    }

    std::vector<Candidate> candidates_;
    std::vector<std::optional<ThreadRecord>> second_, third_;
    std::vector<std::byte> bytes_;
    std::vector<RemoteBlock> blocks_;
};

UnwoundStack unwind_parked(const ThreadRecord& record, std::span<const std::byte> stack,
                           std::size_t depth, Unwinder& unwinder)
{
    if (stack.size() < sizeof(SavedRegisters)) {
        return {{}, UnwindEnd::kMemory};
    }
    const Registers registers = saved_registers(record.sp, stack);
    if (registers.pc == 0) {
        return {{}, UnwindEnd::kMemory};  // whoever wrote the core could not read it
    }
    return unwinder.unwind(registers, {record.sp, stack, record.stack_hi}, depth);
}

}  // namespace

void read_parked_stacks(std::vector<ThreadRecord> records, std::size_t depth, RecordReader& reader,
                        Memory& memory, Unwinder& unwinder,
                        std::chrono::steady_clock::time_point deadline,
                        const std::function<void(ParkedStack&&)>& deliver)
{
    std::vector<Candidate> queue;
    for (ThreadRecord& record : records) {
        queue.push_back({std::move(record)});
    }
    while (!queue.empty() && std::chrono::steady_clock::now() < deadline) {
        // Larger copies in smaller batches: the time that one takes stays about the same.
        const std::size_t count =
            std::min(queue.size(), queue.back().copy > kFirstParkedCopy ? 8 : kBatch);
        const auto from = queue.end() - static_cast<std::ptrdiff_t>(count);
        Batch batch(reader, memory, {std::move_iterator(from), std::move_iterator(queue.end())});
        queue.erase(from, queue.end());
        for (std::size_t i = 0; i < batch.size(); ++i) {
            Candidate& candidate = batch.candidate(i);
            const bool parked =
                batch.is_steady(i) || (same_park(batch.record(i), batch.latest(i)) &&
                                       !has_saved_registers(*batch.record(i)));
            if (!parked) {
                if (++candidate.tries < kTriesParked) {
                    queue.push_back(std::move(candidate));
                } else {
                    deliver({batch.latest(i).value_or(candidate.record), true, {}});
                }
                continue;
            }
            UnwoundStack stack = unwind_parked(*batch.record(i), batch.stack(i), depth, unwinder);
            if (stack.end == UnwindEnd::kTruncated && candidate.copy < kLargestStackCopy) {
                candidate.copy *= 4;
                queue.push_back(std::move(candidate));
                continue;
            }
            deliver({*batch.record(i), false, std::move(stack)});
        }
    }
}

}  // namespace lwpi
