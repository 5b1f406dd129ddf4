#include "base/check.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

namespace lt {
namespace {

// A fixed line buffer: no stdio, no malloc, no locale.
class Line {
  public:
    void add(const char* text)
    {
        while (*text != '\0' && used_ < sizeof(text_) - 1) {
            text_[used_++] = *text++;
        }
    }

    void add_number(std::uint64_t value)
    {
        char digits[20];
        int count = 0;
        do {
            digits[count++] = static_cast<char>('0' + value % 10);
            value /= 10;
        } while (value != 0);
        while (count > 0 && used_ < sizeof(text_) - 1) {
            text_[used_++] = digits[--count];
        }
    }

    void write_out()
    {
        text_[used_++] = '\n';
        // Not write(), which is the library's own and may be what fails. Nothing is left to do when
        // standard error is gone.
        [[maybe_unused]] const auto written = ::syscall(SYS_write, STDERR_FILENO, text_, used_);
    }

  private:
    char text_[256];
    std::size_t used_ = 0;
};

}  // namespace

void panic(const char* what, const char* file, int line, std::uint64_t a, std::uint64_t b) noexcept
{
    Line out;
    out.add("libthread: ");
    out.add(what);
    out.add(" (");
    out.add_number(a);
    out.add(", ");
    out.add_number(b);
    out.add(") at ");
    const char* base = std::strrchr(file, '/');
    out.add(base != nullptr ? base + 1 : file);
    out.add(":");
    out.add_number(static_cast<std::uint64_t>(line));
    out.write_out();
    std::abort();
}

void warn(const char* text, const char* detail) noexcept
{
    Line out;
    out.add("libthread: ");
    out.add(text);
    out.add(detail);
    out.write_out();
}

}  // namespace lt
