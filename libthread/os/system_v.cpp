#include "os/system_v.h"

#include <fcntl.h>

#include <cstdint>

#include "os/syscall.h"

namespace lt::os {
namespace {

// A line of /proc/self/maps: "lo-hi permissions offset device inode   /path".
struct Mapping {
    std::uint64_t lo = 0;
    std::uint64_t hi = 0;
    std::uint64_t offset = 0;
    std::uint64_t inode = 0;
    bool is_system_v = false;
};

class Maps {
  public:
    Maps()
        : file_{raw_syscall(SYS_openat, AT_FDCWD, syscall_argument("/proc/self/maps"),
                            O_RDONLY | O_CLOEXEC)}
    {
    }
    ~Maps() { raw_syscall(SYS_close, file_); }
    Maps(const Maps&) = delete;
    Maps& operator=(const Maps&) = delete;

    // The next line; false after the last.
    bool read(Mapping& line)
    {
        line.lo = number('-');
        line.hi = number(' ');
        number(' ');  // permissions, which are none
        line.offset = number(' ');
        number(' ');
        line.inode = number(' ');  // whatever its base is
        line.is_system_v = path_begins_with("/SYSV");
        while (last_ != '\n' && last_ != kEnd) {
            advance();
        }
        return line.hi != 0;
    }

  private:
    static constexpr int kEnd = -1;

    // Up to `end`, or to the end of the line.
    std::uint64_t number(char end)
    {
        std::uint64_t value = 0;
        for (advance(); last_ != end && last_ != '\n' && last_ != kEnd; advance()) {
            const int digit = last_ >= 'a' ? last_ - 'a' + 10 : last_ - '0';
            value = value * 16 + static_cast<std::uint64_t>(digit);
        }
        return value;
    }

    bool path_begins_with(const char* name)
    {
        while (last_ == ' ') {
            advance();
        }
        while (*name != '\0' && last_ == *name) {
            ++name;
            advance();
        }
        return *name == '\0';
    }

    void advance()
    {
        if (at_ >= size_) {
            at_ = 0;
            size_ = raw_syscall(SYS_read, file_, syscall_argument(text_), sizeof(text_));
        }
        last_ = size_ > 0 ? static_cast<unsigned char>(text_[at_++]) : kEnd;
    }

    long file_;
    long size_ = 0;
    long at_ = 0;
    int last_ = kEnd;
    char text_[1024];
};

}  // namespace

std::size_t attached_at(const void* start) noexcept
{
    const std::uint64_t from = reinterpret_cast<std::uintptr_t>(start);
    Maps maps;
    Mapping line;
    do {
        if (!maps.read(line)) {
            return 0;
        }
    } while (line.lo != from);
    if (!line.is_system_v) {
        return 0;
    }
    // A segment may be in pieces that are protected otherwise.
    Mapping last = line;
    while (maps.read(line) && line.lo == last.hi && line.inode == last.inode &&
           line.offset == last.offset + (last.hi - last.lo)) {
        last = line;
    }
    return last.hi - from;
}

}  // namespace lt::os
