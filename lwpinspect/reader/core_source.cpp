#include "reader/core_source.h"

#include <elf.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <map>

#include "reader/registers.h"
#include "reader/take.h"
#include "support/escape.h"
#include "target/core_file.h"

namespace lwpi {
namespace {

constexpr std::uint64_t kCopy = 4U << 20U;
constexpr std::uint64_t kRedZone = 128;

// The files that a core names, each compared with what the core holds of it.
class CoreFiles : public ModuleFiles {
  public:
    CoreFiles(const CoreFile& core, CorePlaces places) : core_(core), places_(std::move(places)) {}

    void find(CoreMemory& memory);

    [[nodiscard]] std::vector<UniqueFd> open(const Module& module) const override;
    // Paths of files that are missing, or not what was mapped.
    [[nodiscard]] const std::vector<std::string>& missing() const { return missing_; }

  private:
    [[nodiscard]] std::string place_of(const CoreMapped& mapped) const;
    [[nodiscard]] bool is_what_was_mapped(int fd, const CoreMapped& first,
                                          CoreMemory& memory) const;

    const CoreFile& core_;
    CorePlaces places_;
    std::map<std::string, UniqueFd> files_;  // by the path that the core names
    std::vector<std::string> missing_;
};

std::string CoreFiles::place_of(const CoreMapped& mapped) const
{
    const bool is_program = core_.entry() >= mapped.start && core_.entry() < mapped.end;
    if (is_program && !places_.program.empty()) {
        return places_.program;
    }
    return places_.sysroot + mapped.path;
}

// The kernel puts the first page of every image into the core: headers and build-id.
bool CoreFiles::is_what_was_mapped(int fd, const CoreMapped& first, CoreMemory& memory) const
{
    constexpr std::size_t kPage = 4096;
    std::vector<std::byte> mapped(kPage);
    mapped.resize(memory.read(first.start, mapped));
    std::vector<std::byte> file(mapped.size());
    const ssize_t got = ::pread(fd, file.data(), file.size(), 0);
    // A file shorter than a page was mapped with zeros behind it.
    return got > 0 && std::memcmp(file.data(), mapped.data(),
                                  std::min(mapped.size(), static_cast<std::size_t>(got))) == 0;
}

void CoreFiles::find(CoreMemory& memory)
{
    std::map<std::string, std::string> places;  // the program is known by the segment of its entry
    for (const CoreMapped& mapped : core_.mapped()) {
        std::string place = place_of(mapped);
        const bool chosen = place == places_.program;
        if (auto& known = places[mapped.path]; known.empty() || chosen) {
            known = std::move(place);
        }
    }
    for (const CoreMapped& mapped : core_.mapped()) {
        if (mapped.offset != 0 || files_.contains(mapped.path)) {
            continue;
        }
        char magic[SELFMAG] = {};
        if (memory.read(mapped.start, std::as_writable_bytes(std::span(magic))) != sizeof magic ||
            std::memcmp(&magic[0], ELFMAG, SELFMAG) != 0) {
            continue;  // data: what the core left out of it nobody asks for
        }
        UniqueFd fd(::open(places[mapped.path].c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
        struct stat file {};
        const bool right = fd && ::fstat(fd.get(), &file) == 0 && S_ISREG(file.st_mode) &&
                           is_what_was_mapped(fd.get(), mapped, memory);
        if (!right) {
            missing_.push_back(mapped.path);
        }
        files_.emplace(mapped.path, right ? std::move(fd) : UniqueFd());
    }
    for (const CoreMapped& mapped : core_.mapped()) {
        const auto file = files_.find(mapped.path);
        if (file != files_.end() && file->second) {
            memory.use_file(mapped, file->second.get());
        }
    }
}

std::vector<UniqueFd> CoreFiles::open(const Module& module) const
{
    std::vector<UniqueFd> files;
    const auto file = files_.find(module.path);
    if (file != files_.end() && file->second) {
        files.emplace_back(::fcntl(file->second.get(), F_DUPFD_CLOEXEC, 0));
    }
    return files;
}

class CoreSource : public SnapshotSource {
  public:
    CoreSource(const std::string& path, const CorePlaces& places, Demangle demangle)
        : core_(path),
          memory_(core_),
          unwinder_(memory_),
          files_(core_, places),
          symbols_(files_, memory_),
          demangle_(demangle)
    {
        files_.find(memory_);
    }
    [[nodiscard]] Kind kind() const override { return Kind::kCore; }
    Snapshot take(const SnapshotRequest& request) override;

  private:
    friend class CoreTake;

    CoreFile core_;
    CoreMemory memory_;
    Unwinder unwinder_;
    CoreFiles files_;
    Symbolizer symbols_;
    Demangle demangle_;
};

class CoreTake : public Take {
  public:
    CoreTake(CoreSource& source, const SnapshotRequest& request)
        : Take({source.memory_, source.unwinder_, source.symbols_, source.demangle_}, request),
          source_(source),
          core_(source.core_)
    {
    }

    Snapshot run()
    {
        readable_ = true;
        describe_process();
        maps_ = core_.maps();
        modules_ = ModuleTable(maps_, tools_.memory);
        find_the_library(core_.pid());
        prepare();
        read_threads();
        read_lwps();
        if (library_.layout) {
            claim_threads();
            recheck_unclaimed();
            read_parked();
        }
        stop_the_clock();
        add_lwps();
        if (library_.layout) {
            add_threads();
        }
        finish();
        return std::move(snapshot_);
    }

  private:
    void name_file(std::optional<Syscall>&) const override {}

    void describe_process()
    {
        ProcessInfo& info = snapshot_.process;
        info.pid = core_.pid();
        info.parent = core_.parent();
        info.name = core_.name();
        info.command = core_.command();
        info.uid = core_.uid();
        info.state = 'X';
        for (const CoreMapped& mapped : core_.mapped()) {
            if (core_.entry() >= mapped.start && core_.entry() < mapped.end) {
                info.executable = mapped.path;
            }
        }
        const char* const signal = ::sigdescr_np(core_.signal());
        note(ExitCode::kDone,
             core_.signal() == 0
                 ? fmt::format("core of {}.", core_.pid())
                 : fmt::format("core of {}, which was ended by signal {} ({}) in LWP {}.",
                               core_.pid(), core_.signal(), signal == nullptr ? "?" : signal,
                               core_.lwps().front().tid));
    }

    void read_lwps()
    {
        std::map<std::uint64_t, LwpRecord> by_tid;
        if (records_) {
            for (const LwpRecord& record : records_->read_lwps()) {
                by_tid.emplace(record.tid, record);
            }
        }
        for (const CoreLwp& core : core_.lwps()) {
            LwpObservation lwp;
            lwp.info.tid = lwp.inner_tid = core.tid;
            lwp.info.name = core_.name();
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
            if (wants_stack(lwp)) {
                lwp.stack = unwind(core.registers, lwp);
            }
            lwps_.push_back(std::move(lwp));
        }
        std::sort(lwps_.begin(), lwps_.end(), [](const LwpObservation& a, const LwpObservation& b) {
            return a.info.tid < b.info.tid;
        });
    }

    UnwoundStack unwind(const user_regs_struct& r, const LwpObservation& lwp)
    {
        const Mapping* const map = find_mapping(maps_, r.rsp);
        Address end = map == nullptr ? r.rsp : map->end;
        if (lwp.thread && lwp.thread->has_on_stack(r.rsp)) {
            end = std::min(end, lwp.thread->stack_hi);
        }
        const Address sp = r.rsp;
        const Address start =
            map == nullptr ? sp : std::max(map->start, sp - std::min(sp, kRedZone));
        std::vector<std::byte> bytes(std::min<std::uint64_t>(kCopy, end - start));
        bytes.resize(tools_.memory.read(start, bytes));
        return tools_.unwinder.unwind(registers_of(r), {start, bytes, end}, request_.depth);
    }

    // Nobody wrote down what the monotonic clock said: it was not before any time in the records.
    void stop_the_clock()
    {
        std::int64_t latest = 0;
        for (const ThreadRecord& record : threads_) {
            latest = std::max(latest, record.since.value_or(0));
        }
        for (const LwpObservation& lwp : lwps_) {
            latest = std::max(latest, lwp.record ? lwp.record->since.value_or(0) : 0);
        }
        snapshot_.taken_ns = latest;
        snapshot_.wall_ns = core_.written_ns();
    }

    void finish()
    {
        if (core_.is_cut_short()) {
            snapshot_.complete = false;
            note(ExitCode::kPartial, fmt::format("{} was cut short.", printable(core_.path())));
        }
        for (const std::string& path : source_.files_.missing()) {
            snapshot_.complete = false;
            note(ExitCode::kPartial,
                 fmt::format("{} is not here, or not as it was when the core was written: stacks "
                             "through it end there (--exe, --sysroot).",
                             printable(path)));
        }
    }

    CoreSource& source_;
    const CoreFile& core_;
};

Snapshot CoreSource::take(const SnapshotRequest& request)
{
    return CoreTake(*this, request).run();
}

}  // namespace

std::unique_ptr<SnapshotSource> open_core(const std::string& path, const CorePlaces& places,
                                          Demangle demangle)
{
    return std::make_unique<CoreSource>(path, places, demangle);
}

}  // namespace lwpi
