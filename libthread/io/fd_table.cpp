#include "io/fd_table.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "os/syscall.h"

namespace lt::io {

constinit Atomic<FdEntry*> fd_chunks[kFdChunks] = {};

namespace {

constexpr std::size_t kChunkBytes = kFdChunk * sizeof(FdEntry);

constinit Atomic<std::uint32_t> chunk_limit{0};
// relaxed: a fork that misses one leaves a descriptor open in the child until it execs.
constinit Atomic<int> child_watches{0};

FdEntry* make_chunk(std::uint32_t index)
{
    const long mapped = os::raw_syscall(SYS_mmap, 0, static_cast<long>(kChunkBytes),
                                        PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped < 0 && mapped > -4096) {
        return nullptr;
    }
    auto* fresh = reinterpret_cast<FdEntry*>(mapped);
    FdEntry* there = nullptr;
    // acq_rel: a loser sees the winner's chunk. The zeros in it need no publishing.
    if (!fd_chunks[index].compare_exchange_strong(there, fresh, memory_order_acq_rel,
                                                  memory_order_acquire)) {
        os::raw_syscall(SYS_munmap, mapped, static_cast<long>(kChunkBytes));
        return there;
    }
    std::uint32_t limit = chunk_limit.load(memory_order_relaxed);  // relaxed: the CAS decides
    // relaxed: a bound for searches; a chunk made this moment has nothing to find.
    while (limit <= index &&
           !chunk_limit.compare_exchange_weak(limit, index + 1, memory_order_relaxed)) {}
    return fresh;
}

FdKind kind_of_mode(const struct stat& file)
{
    constexpr unsigned kMemoryDevices = 1;
    switch (file.st_mode & S_IFMT) {
        case S_IFSOCK:
            return FdKind::kSocket;
        case S_IFIFO:
        case 0:  // eventfd, timerfd and other files without a name
            return FdKind::kStream;
        case S_IFCHR:
            return major(file.st_rdev) == kMemoryDevices ? FdKind::kDirect : FdKind::kStream;
        default:
            return FdKind::kDirect;
    }
}

}  // namespace

FdEntry* make_entry(int fd) noexcept
{
    const auto number = static_cast<std::uint32_t>(fd);
    FdEntry* chunk = number < kFdChunks * kFdChunk ? make_chunk(number >> kFdChunkBits) : nullptr;
    return chunk != nullptr ? chunk + number % kFdChunk : nullptr;
}

FdKind find_kind(int fd, FdEntry& entry) noexcept
{
    struct stat file {};
    if (os::raw_syscall(SYS_fstat, fd, os::syscall_argument(&file)) != 0) {
        return FdKind::kDirect;  // the call itself says what is wrong
    }
    const FdKind kind = kind_of_mode(file);
    entry.kind.store(kind, memory_order_relaxed);  // relaxed: a belief
    return kind;
}

void forget_beliefs(FdEntry& entry) noexcept
{
    entry.kind.store(FdKind::kUnknown, memory_order_relaxed);  // relaxed: a belief
    entry.timeouts_seen.store(0, memory_order_relaxed);        // relaxed: as above
    entry.blocking_seen.store(0, memory_order_relaxed);        // relaxed: as above
    entry.turns.store(0, memory_order_relaxed);                // relaxed: as above
}

int known_fds() noexcept
{
    // relaxed: see make_chunk().
    return static_cast<int>(chunk_limit.load(memory_order_relaxed) * kFdChunk);
}

void count_child_watches(int change) noexcept
{
    child_watches.fetch_add(change, memory_order_relaxed);  // relaxed: see its declaration
}

void drop_fd_table() noexcept
{
    if (child_watches.exchange(0, memory_order_relaxed) != 0) {  // relaxed: alone here
        for (int fd = 0; fd < known_fds(); ++fd) {
            FdEntry* entry = entry_if_known(fd);
            // relaxed: as above.
            if (entry != nullptr && entry->kind.load(memory_order_relaxed) == FdKind::kChild) {
                os::raw_syscall(SYS_close, fd);
            }
        }
    }
    const std::uint32_t limit = chunk_limit.load(memory_order_relaxed);  // relaxed: alone here
    for (std::uint32_t i = 0; i < limit; ++i) {
        // relaxed: nobody else is here.
        if (FdEntry* chunk = fd_chunks[i].exchange(nullptr, memory_order_relaxed)) {
            os::raw_syscall(SYS_munmap, os::syscall_argument(chunk),
                            static_cast<long>(kChunkBytes));
        }
    }
    chunk_limit.store(0, memory_order_relaxed);  // relaxed: as above
}

}  // namespace lt::io
