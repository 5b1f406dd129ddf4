#include "reader/records.h"

#include <algorithm>

namespace lwpi {
namespace {

constexpr std::size_t kChunkBytes = 256 * 1024;
constexpr int kTriesTorn = 3;

// Slabs have room for more than the threads of the moment, and records grow.
constexpr std::uint64_t kRoom = std::uint64_t{32} << 20U;
constexpr std::uint64_t kRoomPerThread = 768;

// Cuts `slabs` down to `room` bytes; returns how many records that leaves out.
std::uint64_t cut(std::vector<SlabRange>& slabs, std::uint64_t room)
{
    std::uint64_t left_out = 0;
    for (SlabRange& slab : slabs) {
        const auto kept = static_cast<std::uint32_t>(
            std::min<std::uint64_t>(slab.count, room / slab.record_size));
        left_out += slab.count - kept;
        room -= std::uint64_t{slab.record_size} * kept;
        slab.count = kept;
    }
    return left_out;
}

}  // namespace

RecordReader::RecordReader(const Layout& layout, Memory& memory, std::uint64_t max_threads)
    : layout_(layout),
      memory_(memory),
      max_threads_(max_threads),
      thread_slabs_(layout.thread_slabs()),
      lwp_slabs_(layout.lwp_slabs())
{
    constexpr std::uint64_t kMostCounted = std::uint64_t{1} << 32U;
    left_out_ = cut(thread_slabs_, kRoom + std::min(max_threads, kMostCounted) * kRoomPerThread);
    cut(lwp_slabs_, kRoom);
}

bool RecordReader::takes(RecordBytes bytes, Threads& out) const
{
    if (layout_.number(bytes, LWPT_SLOT_thread_id).value_or(0) == 0) {
        return false;
    }
    const bool fits = out.records.size() < max_threads_;
    out.unread += fits ? 0 : 1;
    return fits;
}

ThreadRecord RecordReader::parse_thread(Address address, RecordBytes bytes) const
{
    const auto number = [&](Slot slot) { return layout_.number(bytes, slot); };
    const auto signed_number = [&](Slot slot) { return layout_.signed_number(bytes, slot); };
    ThreadRecord record;
    record.address = address;
    record.id = number(LWPT_SLOT_thread_id).value_or(0);
    record.seq = number(LWPT_SLOT_thread_seq).value_or(1);
    record.state = number(LWPT_SLOT_thread_state).value_or(0);
    record.flags = number(LWPT_SLOT_thread_flags).value_or(0);
    record.lwp = number(LWPT_SLOT_thread_lwp).value_or(0);
    record.sp = number(LWPT_SLOT_thread_sp).value_or(0);
    record.tcb = number(LWPT_SLOT_thread_tcb).value_or(0);
    record.stack_lo = number(LWPT_SLOT_thread_stack_lo).value_or(0);
    record.stack_hi = number(LWPT_SLOT_thread_stack_hi).value_or(0);
    record.wait_kind = number(LWPT_SLOT_thread_wait_kind).value_or(0);
    record.wait_object = number(LWPT_SLOT_thread_wait_object);
    record.wait_target = number(LWPT_SLOT_thread_wait_target);
    record.deadline = signed_number(LWPT_SLOT_thread_deadline);
    record.since = signed_number(LWPT_SLOT_thread_since);
    record.switches = number(LWPT_SLOT_thread_switches);
    record.creator = number(LWPT_SLOT_thread_creator);
    record.start = number(LWPT_SLOT_thread_start);
    // A priority is a small number, whatever its width and sign over there.
    record.priority = number(LWPT_SLOT_thread_priority);
    record.name = layout_.text(bytes, LWPT_SLOT_thread_name);
    return record;
}

LwpRecord RecordReader::parse_lwp(Address address, RecordBytes bytes) const
{
    LwpRecord record;
    record.address = address;
    record.tid = layout_.number(bytes, LWPT_SLOT_lwp_tid).value_or(0);
    record.index = layout_.number(bytes, LWPT_SLOT_lwp_index);
    record.state = layout_.number(bytes, LWPT_SLOT_lwp_state);
    record.dispatches = layout_.number(bytes, LWPT_SLOT_lwp_dispatches);
    record.since = layout_.signed_number(bytes, LWPT_SLOT_lwp_since);
    record.thread = layout_.number(bytes, LWPT_SLOT_lwp_thread).value_or(0);
    return record;
}

std::optional<std::uint32_t> RecordReader::record_size(const std::vector<SlabRange>& slabs,
                                                       Address address) const
{
    for (const SlabRange& slab : slabs) {
        const std::uint64_t offset = address - slab.address;
        if (address >= slab.address && offset < std::uint64_t{slab.record_size} * slab.count) {
            return offset % slab.record_size == 0 ? std::optional(slab.record_size) : std::nullopt;
        }
    }
    return std::nullopt;
}

ThreadRecord RecordReader::settle(const ThreadRecord& before, ThreadRecord record)
{
    const auto same = [](const ThreadRecord& a, const ThreadRecord& b) {
        return a.seq == b.seq && a.id == b.id && a.state == b.state;
    };
    if (same(before, record)) {
        return record;
    }
    for (int tries = 0; tries < kTriesTorn; ++tries) {
        const auto again = read_thread(record.address);
        if (!again) {
            break;
        }
        if (same(record, *again)) {
            return *again;
        }
        record = *again;
    }
    record.torn = true;
    return record;
}

void RecordReader::read_slab(const SlabRange& slab, Threads& out)
{
    const std::uint64_t size = slab.record_size;
    const std::uint64_t per_chunk = std::max<std::uint64_t>(1, kChunkBytes / size);
    std::vector<std::byte> first(per_chunk * size);
    std::vector<std::byte> second(per_chunk * size);
    for (std::uint64_t start = 0; start < slab.count; start += per_chunk) {
        const std::uint64_t count = std::min<std::uint64_t>(per_chunk, slab.count - start);
        const Address address = slab.address + start * size;
        RemoteBlock blocks[] = {{address, std::span(first).first(count * size)},
                                {address, std::span(second).first(count * size)}};
        memory_.read_blocks(blocks);
        const std::uint64_t got = std::min(blocks[0].got, blocks[1].got) / size;
        out.unread += count - got;
        for (std::uint64_t i = 0; i < got; ++i) {
            const Address at = address + i * size;
            const RecordBytes bytes = RecordBytes(second).subspan(i * size, size);
            if (!takes(bytes, out)) {
                continue;
            }
            const auto before = parse_thread(at, RecordBytes(first).subspan(i * size, size));
            auto record = settle(before, parse_thread(at, bytes));
            if (record.id != 0) {
                out.records.push_back(std::move(record));
            }
        }
    }
}

void RecordReader::put_in_order(Threads& threads)
{
    // A record may be freed and its id given to another one between two chunks: the later one
    // counts.
    std::stable_sort(threads.records.begin(), threads.records.end(),
                     [](const ThreadRecord& a, const ThreadRecord& b) { return a.id < b.id; });
    const auto end =
        std::unique(threads.records.rbegin(), threads.records.rend(),
                    [](const ThreadRecord& a, const ThreadRecord& b) { return a.id == b.id; });
    threads.records.erase(threads.records.begin(), end.base());
}

RecordReader::Threads RecordReader::read_threads()
{
    Threads threads;
    threads.unread = left_out_;
    for (const SlabRange& slab : thread_slabs_) {
        read_slab(slab, threads);
    }
    put_in_order(threads);
    return threads;
}

std::vector<LwpRecord> RecordReader::read_lwps()
{
    std::vector<LwpRecord> records;
    for (const SlabRange& slab : lwp_slabs_) {
        const std::uint64_t size = slab.record_size;
        const std::uint64_t per_chunk = std::max<std::uint64_t>(1, kChunkBytes / size);
        std::vector<std::byte> bytes(per_chunk * size);
        for (std::uint64_t start = 0; start < slab.count; start += per_chunk) {
            const std::uint64_t count = std::min<std::uint64_t>(per_chunk, slab.count - start);
            const Address address = slab.address + start * size;
            const std::uint64_t got =
                memory_.read(address, std::span(bytes).first(count * size)) / size;
            for (std::uint64_t i = 0; i < got; ++i) {
                auto record =
                    parse_lwp(address + i * size, RecordBytes(bytes).subspan(i * size, size));
                if (record.tid != 0) {
                    records.push_back(record);
                }
            }
        }
    }
    return records;
}

std::optional<ThreadRecord> RecordReader::read_thread(Address address)
{
    const auto size = record_size(thread_slabs_, address);
    if (!size) {
        return std::nullopt;
    }
    std::vector<std::byte> bytes(*size);
    return memory_.read(address, bytes) == bytes.size()
               ? std::optional(parse_thread(address, bytes))
               : std::nullopt;
}

std::optional<LwpRecord> RecordReader::read_lwp(Address address)
{
    const auto size = record_size(lwp_slabs_, address);
    if (!size) {
        return std::nullopt;
    }
    std::vector<std::byte> bytes(*size);
    return memory_.read(address, bytes) == bytes.size() ? std::optional(parse_lwp(address, bytes))
                                                        : std::nullopt;
}

std::vector<std::optional<ThreadRecord>> RecordReader::read_batch(
    const std::vector<Address>& addresses)
{
    std::vector<std::size_t> starts;
    std::size_t total = 0;
    for (const Address address : addresses) {
        starts.push_back(total);
        total += record_size(thread_slabs_, address).value_or(0);
    }
    starts.push_back(total);
    std::vector<std::byte> bytes(total);
    std::vector<RemoteBlock> blocks;
    for (std::size_t i = 0; i < addresses.size(); ++i) {
        blocks.push_back(
            {addresses[i], std::span(bytes).subspan(starts[i], starts[i + 1] - starts[i])});
    }
    memory_.read_blocks(blocks);
    std::vector<std::optional<ThreadRecord>> records;
    for (const RemoteBlock& block : blocks) {
        const bool complete = !block.into.empty() && block.got == block.into.size();
        records.push_back(complete ? std::optional(parse_thread(block.address, block.into))
                                   : std::nullopt);
    }
    return records;
}

}  // namespace lwpi
