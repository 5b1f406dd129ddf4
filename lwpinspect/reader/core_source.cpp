#include "reader/core_source.h"

#include <elf.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <map>

#include "reader/still.h"
#include "support/escape.h"
#include "target/core_file.h"

namespace lwpi {
namespace {

// The files that a core names, each compared with what the core holds of it.
class CoreFiles : public ModuleFiles {
  public:
    CoreFiles(const CoreFile& core, CorePlaces places) : core_(core), places_(std::move(places)) {}

    void find(CoreMemory& memory);

    [[nodiscard]] std::vector<UniqueFd> open(const Module& module) const override;
    // Paths of files that are missing, or not what was mapped.
    [[nodiscard]] const std::vector<std::string>& missing() const { return missing_; }
    // The core has the first page of no file.
    [[nodiscard]] bool lacks_headers() const { return files_.empty() && !core_.mapped().empty(); }

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

StillImage image_of(const CoreFile& core, const CoreFiles& files)
{
    StillImage image;
    ProcessInfo& info = image.process;
    info.pid = core.pid();
    info.parent = core.parent();
    info.name = core.name();
    info.command = core.command();
    info.uid = core.uid();
    info.state = 'X';
    for (const CoreMapped& mapped : core.mapped()) {
        if (core.entry() >= mapped.start && core.entry() < mapped.end) {
            info.executable = mapped.path;
        }
    }
    image.maps = core.maps();
    image.lwps = core.lwps();
    image.wall_ns = core.written_ns();
    const char* const signal = ::sigdescr_np(core.signal());
    const auto note = [&](ExitCode code, std::string text) {
        image.notes.push_back({code, std::move(text)});
    };
    note(ExitCode::kDone,
         core.signal() == 0
             ? fmt::format("core of {}.", core.pid())
             : fmt::format("core of {}, which was ended by signal {} ({}) in LWP {}.", core.pid(),
                           core.signal(), signal == nullptr ? "?" : signal,
                           core.lwps().front().tid));
    if (core.is_cut_short()) {
        note(ExitCode::kPartial, fmt::format("{} was cut short.", printable(core.path())));
    }
    if (files.lacks_headers()) {
        note(ExitCode::kPartial,
             fmt::format("{} holds the headers of no file that was mapped (bit 4 of "
                         "coredump_filter): it tells no library and no function.",
                         printable(core.path())));
    }
    for (const std::string& path : files.missing()) {
        note(ExitCode::kPartial,
             fmt::format("{} is not here, or not as it was when the core was written: stacks "
                         "through it end there (--exe, --sysroot).",
                         printable(path)));
    }
    return image;
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
        image_ = image_of(core_, files_);
    }
    [[nodiscard]] Kind kind() const override { return Kind::kCore; }
    Snapshot take(const SnapshotRequest& request) override
    {
        return StillTake({memory_, unwinder_, symbols_, demangle_}, request, image_).run();
    }

  private:
    CoreFile core_;
    CoreMemory memory_;
    Unwinder unwinder_;
    CoreFiles files_;
    Symbolizer symbols_;
    Demangle demangle_;
    StillImage image_;
};

}  // namespace

std::unique_ptr<SnapshotSource> open_core(const std::string& path, const CorePlaces& places,
                                          Demangle demangle)
{
    return std::make_unique<CoreSource>(path, places, demangle);
}

}  // namespace lwpi
