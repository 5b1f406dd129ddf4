// Copies of whole slabs: what of them must be read while the target stands still, and what need
// not.
#include <algorithm>
#include <cstring>
#include <unordered_set>

#include "reader/records.h"

namespace lwpi {
namespace {

// Below it all is read as quickly as parts; above it a second and a third copy are too much.
constexpr std::size_t kLeastParted = std::size_t{512} << 10U;
constexpr std::size_t kMostParted = std::size_t{48} << 20U;
// As many as one system call reads.
constexpr std::size_t kMostRestless = 1000;

}  // namespace

RecordReader::SlabCopies RecordReader::make_copies() const
{
    SlabCopies copies;
    const auto add = [&](const std::vector<SlabRange>& slabs, auto& into) {
        into.reserve(slabs.size());
        for (const SlabRange& slab : slabs) {
            into.emplace_back(std::size_t{slab.record_size} * slab.count);
            copies.blocks.push_back({slab.address, into.back(), 0});
        }
    };
    add(thread_slabs_, copies.threads);
    add(lwp_slabs_, copies.lwps);
    return copies;
}

bool RecordReader::is_worth_parting(const SlabCopies& copies)
{
    std::size_t size = 0;
    for (const auto& slab : copies.threads) {
        size += slab.size();
    }
    return size >= kLeastParted && size <= kMostParted;
}

std::optional<std::vector<RemoteBlock>> RecordReader::restless(const SlabCopies& before,
                                                               SlabCopies& now) const
{
    std::vector<RemoteBlock> blocks(
        now.blocks.begin() + static_cast<std::ptrdiff_t>(now.threads.size()), now.blocks.end());
    for (std::size_t i = 0; i < now.threads.size(); ++i) {
        const std::size_t size = thread_slabs_[i].record_size;
        const std::size_t got = std::min(before.blocks[i].got, now.blocks[i].got) / size;
        for (std::size_t at = 0; at < got; ++at) {
            const auto bytes = std::span(now.threads[i]).subspan(at * size, size);
            const auto id = layout_.number(bytes, LWPT_SLOT_thread_id).value_or(0);
            const auto seq = layout_.number(bytes, LWPT_SLOT_thread_seq).value_or(1);
            const auto waits_for = layout_.number(bytes, LWPT_SLOT_thread_wait_kind).value_or(0);
            const bool sleeps = id == 0 || (seq % 2 == 0 && waits_for != 0);
            if (sleeps &&
                std::memcmp(bytes.data(), before.threads[i].data() + at * size, size) == 0) {
                continue;
            }
            if (blocks.size() >= kMostRestless) {
                return std::nullopt;
            }
            blocks.push_back({thread_slabs_[i].address + at * size, bytes, 0});
        }
    }
    return blocks;
}

void RecordReader::doubt_the_changed(Threads& threads, const SlabCopies& copies,
                                     const SlabCopies& after,
                                     const std::vector<RemoteBlock>& read) const
{
    std::unordered_set<Address> certain;
    for (const RemoteBlock& block : read) {
        if (block.got == block.into.size()) {
            certain.insert(block.address);
        }
    }
    std::unordered_set<Address> changed;
    for (std::size_t i = 0; i < copies.threads.size(); ++i) {
        const std::size_t size = thread_slabs_[i].record_size;
        for (std::size_t offset = 0; offset < copies.blocks[i].got; offset += size) {
            const Address address = thread_slabs_[i].address + offset;
            const auto now = RecordBytes(copies.threads[i]).subspan(offset, size);
            const auto then = RecordBytes(after.threads[i]).subspan(offset, size);
            if (certain.contains(address) || std::memcmp(now.data(), then.data(), size) == 0) {
                continue;
            }
            changed.insert(address);
            if (layout_.number(now, LWPT_SLOT_thread_id).value_or(0) == 0 && takes(then, threads)) {
                threads.records.push_back(parse_thread(address, then));  // born in between
            }
        }
    }
    for (ThreadRecord& record : threads.records) {
        record.torn = changed.contains(record.address);
    }
    put_in_order(threads);
}

RecordReader::Threads RecordReader::threads_in(const SlabCopies& copies) const
{
    Threads threads;
    threads.unread = left_out_;
    for (std::size_t i = 0; i < copies.threads.size(); ++i) {
        const SlabRange& slab = thread_slabs_[i];
        const std::size_t got = copies.blocks[i].got / slab.record_size;
        threads.unread += slab.count - got;
        for (std::size_t at = 0; at < got; ++at) {
            const std::size_t offset = at * slab.record_size;
            const auto bytes = RecordBytes(copies.threads[i]).subspan(offset, slab.record_size);
            if (takes(bytes, threads)) {
                threads.records.push_back(parse_thread(slab.address + offset, bytes));
            }
        }
    }
    put_in_order(threads);
    return threads;
}

std::vector<LwpRecord> RecordReader::lwps_in(const SlabCopies& copies) const
{
    std::vector<LwpRecord> records;
    for (std::size_t i = 0; i < copies.lwps.size(); ++i) {
        const SlabRange& slab = lwp_slabs_[i];
        const std::size_t got = copies.blocks[copies.threads.size() + i].got / slab.record_size;
        for (std::size_t at = 0; at < got; ++at) {
            const std::size_t offset = at * slab.record_size;
            LwpRecord record =
                parse_lwp(slab.address + offset,
                          RecordBytes(copies.lwps[i]).subspan(offset, slab.record_size));
            if (record.tid != 0) {
                records.push_back(record);
            }
        }
    }
    return records;
}

}  // namespace lwpi
