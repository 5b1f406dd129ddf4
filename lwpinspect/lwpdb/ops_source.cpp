#include "lwpdb/ops_source.h"

#include <fcntl.h>

#include <algorithm>

#include "reader/still.h"

namespace lwpi {
namespace {

// Beyond what any process has: a caller that never says "no more" must not fill our memory.
constexpr std::size_t kMost = 1U << 20U;

class OpsMemory : public Memory {
  public:
    OpsMemory(const lwpdb_ops_t& ops, void* argument) : ops_(ops), argument_(argument) {}

    void read_blocks(std::span<RemoteBlock> blocks) override
    {
        for (RemoteBlock& block : blocks) {
            block.got =
                block.into.empty()
                    ? 0
                    : std::min(block.into.size(), ops_.read(argument_, block.address,
                                                            block.into.data(), block.into.size()));
        }
    }

  private:
    const lwpdb_ops_t& ops_;
    void* argument_;
};

// The files are where the mappings say; the reader compares build-ids.
class NamedFiles : public ModuleFiles {
  public:
    [[nodiscard]] std::vector<UniqueFd> open(const Module& module) const override
    {
        std::vector<UniqueFd> files;
        files.emplace_back(::open(module.path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
        return files;
    }
};

class OpsSource : public SnapshotSource {
  public:
    OpsSource(const lwpdb_ops_t& ops, void* argument)
        : ops_(ops),
          argument_(argument),
          memory_(ops, argument),
          unwinder_(memory_),
          symbols_(files_, memory_)
    {
    }
    Snapshot take(const SnapshotRequest& request) override
    {
        const StillImage image = look();
        return StillTake({memory_, unwinder_, symbols_, Demangle::kYes}, request, image).run();
    }

  private:
    [[nodiscard]] StillImage look() const
    {
        StillImage image;
        image.process.pid = ops_.pid;
        image.process.state = 't';
        image.clock_runs = true;
        for (std::size_t n = 0; n < kMost; ++n) {
            lwpdb_mapping_t from{};
            if (ops_.mapping(argument_, n, &from) == 0) {
                break;
            }
            Mapping map;
            map.start = from.start;
            map.end = from.end;
            map.offset = from.offset;
            map.readable = from.readable != 0;
            map.writable = from.writable != 0;
            map.executable = from.executable != 0;
            map.path = from.path == nullptr ? "" : from.path;
            if (map.start < map.end) {
                image.maps.push_back(std::move(map));
            }
        }
        std::sort(image.maps.begin(), image.maps.end(),
                  [](const Mapping& a, const Mapping& b) { return a.start < b.start; });
        for (std::size_t n = 0; n < kMost; ++n) {
            lwpdb_registers_t from{};
            if (ops_.lwp(argument_, n, &from) == 0) {
                break;
            }
            CoreLwp lwp;
            lwp.tid = from.tid;
            lwp.registers.rip = from.rip;
            lwp.registers.rsp = from.rsp;
            lwp.registers.rbp = from.rbp;
            lwp.registers.rbx = from.rbx;
            lwp.registers.r12 = from.r12;
            lwp.registers.r13 = from.r13;
            lwp.registers.r14 = from.r14;
            lwp.registers.r15 = from.r15;
            lwp.registers.orig_rax = ~0ULL;  // not known to be in a system call
            image.lwps.push_back(lwp);
        }
        return image;
    }

    const lwpdb_ops_t& ops_;
    void* argument_;
    OpsMemory memory_;
    Unwinder unwinder_;
    NamedFiles files_;
    Symbolizer symbols_;
};

}  // namespace

std::unique_ptr<SnapshotSource> open_ops(const lwpdb_ops_t& ops, void* argument)
{
    return std::make_unique<OpsSource>(ops, argument);
}

}  // namespace lwpi
