// _assfail: what the assertions of <sys/debug.h> call.
#include <sys/debug.h>

#include <cstdlib>
#include <cstring>

#include "base/compiler.h"
#include "os/syscall.h"

namespace {

void report(const char* text)
{
    lt::os::raw_syscall(SYS_write, 2, lt::os::syscall_argument(text),
                        static_cast<long>(std::strlen(text)));
}

}  // namespace

LT_EXPORT int _assfail(const char* expression, const char* file, int line)
{
    char digits[12];
    int at = sizeof(digits) - 1;
    digits[at] = '\0';
    for (int rest = line; rest > 0 && at > 0; rest /= 10) {
        digits[--at] = static_cast<char>('0' + rest % 10);
    }
    report("assertion failed: ");
    report(expression);
    report(", file: ");
    report(file);
    report(", line: ");
    report(&digits[at]);
    report("\n");
    std::abort();
}
