// An ELF core file: the memory and the LWPs of a process at its end.
#pragma once

#include <sys/user.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "support/unique_fd.h"
#include "target/memory.h"
#include "target/process.h"

namespace lwpi {

struct CoreLwp {
    int tid = 0;
    user_regs_struct registers{};
};

struct CoreSegment {
    Address start = 0;
    std::uint64_t memory_size = 0;
    std::uint64_t file_size = 0;  // what the core holds of it
    std::uint64_t file_offset = 0;
    std::uint32_t flags = 0;  // PF_*
};

// A file that was mapped, by NT_FILE.
struct CoreMapped {
    Address start = 0;
    Address end = 0;
    std::uint64_t offset = 0;
    std::string path;
};

class CoreFile {
  public:
    // Throws TargetError: kUsage (no core file, damaged), kUnsupported (not of x86-64).
    explicit CoreFile(const std::string& path);

    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] int fd() const { return fd_.get(); }
    // The first is the one that ended the process.
    [[nodiscard]] const std::vector<CoreLwp>& lwps() const { return lwps_; }
    [[nodiscard]] const std::vector<CoreSegment>& segments() const { return segments_; }
    [[nodiscard]] const std::vector<CoreMapped>& mapped() const { return mapped_; }
    [[nodiscard]] int pid() const { return pid_; }
    [[nodiscard]] int parent() const { return parent_; }
    [[nodiscard]] std::uint32_t uid() const { return uid_; }
    [[nodiscard]] const std::string& name() const { return name_; }
    [[nodiscard]] const std::string& command() const { return command_; }
    [[nodiscard]] int signal() const { return signal_; }
    [[nodiscard]] Address vdso() const { return vdso_; }    // 0: none
    [[nodiscard]] Address entry() const { return entry_; }  // of the program; 0: unknown
    [[nodiscard]] std::int64_t written_ns() const { return written_ns_; }  // wall clock
    // Segments end beyond the end of the file: it was cut short.
    [[nodiscard]] bool is_cut_short() const { return cut_short_; }

    // The memory map that the segments and the mapped files make.
    [[nodiscard]] std::vector<Mapping> maps() const;

  private:
    using Bytes = std::vector<std::byte>;
    void read_headers();
    void add_left_out();
    void read_notes(std::uint64_t offset, std::uint64_t size);
    void read_note(std::uint32_t type, std::string_view owner, std::string_view body);
    void read_status(std::string_view body);
    void read_process(std::string_view body);
    void read_mapped(std::string_view body);
    void read_auxiliary(std::string_view body);
    [[noreturn]] void refuse(std::string_view why) const;

    std::string path_;
    UniqueFd fd_;
    std::uint64_t size_ = 0;
    std::uint64_t notes_read_ = 0;
    std::vector<CoreLwp> lwps_;
    std::vector<CoreSegment> segments_;  // by start, disjoint
    std::vector<CoreMapped> mapped_;     // by start
    int pid_ = 0;
    int parent_ = 0;
    std::uint32_t uid_ = 0;
    std::string name_, command_;
    int signal_ = 0;
    Address vdso_ = 0;
    Address entry_ = 0;
    std::int64_t written_ns_ = 0;
    bool cut_short_ = false;
};

// Whether `path` begins like a core file.
[[nodiscard]] bool is_core_file(const std::string& path);

// What the core holds, and where it left out what is in files, those files.
class CoreMemory : public Memory {
  public:
    explicit CoreMemory(const CoreFile& core) : core_(core) {}

    // Bytes of `mapped` that the core does not hold are read from `fd` from now on.
    void use_file(const CoreMapped& mapped, int fd) { files_.push_back({mapped, fd}); }

    void read_blocks(std::span<RemoteBlock> blocks) override;

  private:
    struct File {
        CoreMapped mapped;
        int fd;
    };
    // At most to the end of what one place holds; 0: nobody knows.
    [[nodiscard]] std::size_t read_some(Address address, std::span<std::byte> into) const;

    const CoreFile& core_;
    std::vector<File> files_;
};

}  // namespace lwpi
