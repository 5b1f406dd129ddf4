// Thread and LWP records, copied out of the target's slabs.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "reader/layout.h"
#include "target/memory.h"

namespace lwpi {

struct ThreadRecord {
    Address address = 0;
    std::uint64_t id = 0;
    std::uint64_t seq = 0;  // even: parked, sp valid
    std::uint64_t state = 0;
    std::uint64_t flags = 0;
    Address lwp = 0;  // its LWP's record
    Address sp = 0;
    Address tcb = 0;  // glibc's, at the FS base
    Address stack_lo = 0;
    Address stack_hi = 0;
    std::uint64_t wait_kind = 0;
    std::optional<std::uint64_t> wait_object, wait_target, switches, creator, start;
    std::optional<std::int64_t> deadline, since, priority;
    std::string name;
    bool torn = false;  // changed during each attempt to read it

    [[nodiscard]] bool is_parked() const { return seq % 2 == 0 && !torn; }
    [[nodiscard]] bool has_on_stack(Address address_there) const
    {
        return address_there >= stack_lo && address_there < stack_hi;
    }
};

struct LwpRecord {
    Address address = 0;
    std::uint64_t tid = 0;  // as the target's own process-id namespace numbers it
    std::optional<std::uint64_t> index, state, dispatches;
    std::optional<std::int64_t> since;
    Address thread = 0;  // the record of the thread it runs
};

class RecordReader {
  public:
    // For at most `max_threads` threads; what the slabs hold far beyond it is not read.
    RecordReader(const Layout& layout, Memory& memory, std::uint64_t max_threads);

    struct Threads {
        std::vector<ThreadRecord> records;  // by id
        std::uint64_t unread = 0;           // beyond the limit, or in memory that went away
    };
    // Every live thread's record, each read twice in a row and taken when its `seq` was the same.
    [[nodiscard]] Threads read_threads();
    [[nodiscard]] std::vector<LwpRecord> read_lwps();

    // All slabs, byte by byte.
    struct SlabCopies {
        std::vector<std::vector<std::byte>> threads;  // beside the layout's slabs
        std::vector<std::vector<std::byte>> lwps;
        std::vector<RemoteBlock> blocks;
    };
    [[nodiscard]] SlabCopies make_copies() const;
    void fill(SlabCopies& copies) { memory_.read_blocks(copies.blocks); }
    void read(std::vector<RemoteBlock>& blocks) { memory_.read_blocks(blocks); }
    [[nodiscard]] Threads threads_in(const SlabCopies& copies) const;
    [[nodiscard]] std::vector<LwpRecord> lwps_in(const SlabCopies& copies) const;

    // Whether copies are large enough for reading parts of them to be quicker than all.
    [[nodiscard]] static bool is_worth_parting(const SlabCopies& copies);
    // What of `now` must be read again while the target stands still: LWPs, threads that do not
    // sleep, and those that changed since `before`. nullopt: too many for it to be quicker.
    [[nodiscard]] std::optional<std::vector<RemoteBlock>> restless(const SlabCopies& before,
                                                                   SlabCopies& now) const;
    // Marks as torn the threads whose records in `copies`, except those of `read`, are others in
    // `after`, and adds those that are only there: what they were in between nobody knows. All
    // others were the same all the time.
    void doubt_the_changed(Threads& threads, const SlabCopies& copies, const SlabCopies& after,
                           const std::vector<RemoteBlock>& read) const;

    // One record, now. nullopt: `address` is not that of a record, or it cannot be read.
    [[nodiscard]] std::optional<ThreadRecord> read_thread(Address address);
    [[nodiscard]] std::optional<LwpRecord> read_lwp(Address address);

    // Several thread records as close together in time as can be, in the order of `addresses`,
    // which are those of records.
    [[nodiscard]] std::vector<std::optional<ThreadRecord>> read_batch(
        const std::vector<Address>& addresses);

  private:
    [[nodiscard]] ThreadRecord parse_thread(Address address, RecordBytes bytes) const;
    [[nodiscard]] LwpRecord parse_lwp(Address address, RecordBytes bytes) const;
    // `record`, read right after `before`, or a later reading that held still.
    [[nodiscard]] ThreadRecord settle(const ThreadRecord& before, ThreadRecord record);
    void read_slab(const SlabRange& slab, Threads& out);
    // Whether `bytes` is a record in use that there is still room for; counts it when there is
    // none.
    [[nodiscard]] bool takes(RecordBytes bytes, Threads& out) const;
    static void put_in_order(Threads& threads);
    [[nodiscard]] std::optional<std::uint32_t> record_size(const std::vector<SlabRange>& slabs,
                                                           Address address) const;

    const Layout& layout_;
    Memory& memory_;
    const std::uint64_t max_threads_;
    std::vector<SlabRange> thread_slabs_, lwp_slabs_;
    std::uint64_t left_out_ = 0;  // thread records beyond thread_slabs_
};

}  // namespace lwpi
