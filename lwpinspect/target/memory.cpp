#include "target/memory.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>

namespace lwpi {
namespace {

constexpr std::size_t kVectorsPerCall = 1024;  // IOV_MAX of Linux

// Shares out `transferred` bytes over the leading blocks; returns how many blocks they filled.
std::size_t account(std::span<RemoteBlock> blocks, std::size_t transferred)
{
    std::size_t filled = 0;
    for (RemoteBlock& block : blocks) {
        block.got = std::min(transferred, block.into.size());
        transferred -= block.got;
        if (block.got < block.into.size()) {
            break;
        }
        ++filled;
    }
    return filled;
}

}  // namespace

std::size_t Memory::read(Address address, std::span<std::byte> into)
{
    RemoteBlock block{address, into, 0};
    read_blocks(std::span(&block, 1));
    return block.got;
}

void LiveMemory::read_blocks(std::span<RemoteBlock> blocks)
{
    // On the stack: nothing is allocated while the target may stand still.
    std::array<iovec, kVectorsPerCall> local;
    std::array<iovec, kVectorsPerCall> remote;
    while (!blocks.empty() && !by_file_) {
        const std::size_t count = std::min(blocks.size(), kVectorsPerCall);
        for (std::size_t i = 0; i < count; ++i) {
            local[i] = {blocks[i].into.data(), blocks[i].into.size()};
            // The kernel's interface takes an address of ours for one of theirs.
            remote[i] = {reinterpret_cast<void*>(blocks[i].address), blocks[i].into.size()};
        }
        const ssize_t got = ::process_vm_readv(task_, local.data(), count, remote.data(), count, 0);
        if (got < 0 && (errno == ENOSYS || errno == EPERM)) {
            by_file_ = true;
            break;
        }
        if (got < 0 && errno != EFAULT) {
            return;  // ESRCH: it has ended
        }
        const std::size_t filled =
            account(blocks.first(count), got < 0 ? 0 : static_cast<std::size_t>(got));
        // A block that could not be read to its end stops the call: go on behind it.
        blocks = blocks.subspan(std::min(filled == count ? filled : filled + 1, blocks.size()));
    }
    if (!blocks.empty()) {
        read_by_file(blocks);
    }
}

void LiveMemory::read_by_file(std::span<RemoteBlock> blocks)
{
    if (!file_ || file_task_ != task_) {
        file_ = UniqueFd(::open(fmt::format("/proc/{}/mem", task_).c_str(), O_RDONLY | O_CLOEXEC));
        file_task_ = task_;
    }
    for (RemoteBlock& block : blocks) {
        block.got = 0;
        while (file_ && block.got < block.into.size() &&
               block.address <= std::numeric_limits<off_t>::max() - block.into.size()) {
            const auto rest = block.into.subspan(block.got);
            const ssize_t got = ::pread(file_.get(), rest.data(), rest.size(),
                                        static_cast<off_t>(block.address + block.got));
            if (got <= 0) {
                break;
            }
            block.got += static_cast<std::size_t>(got);
        }
    }
}

}  // namespace lwpi
