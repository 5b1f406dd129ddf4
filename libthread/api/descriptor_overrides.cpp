// close(2), fclose(3), dup2(2) and their kin: threads that wait for the descriptor fail with EBADF,
// and the library's own descriptors stay open. Otherwise straight through.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "base/compiler.h"
#include "io/blocking.h"
#include "io/closing.h"
#include "os/real_calls.h"
#include "os/syscall.h"
#include "thread/exec.h"

namespace {

// In a child of vfork the numbers are its own, and no thread waits for them.
bool has_own_numbers()
{
    const lt::Thread* self = lt::current_thread;
    return self != nullptr && lt::is_vfork_child(*self);
}

int close_one(int fd)
{
    if (LT_UNLIKELY(has_own_numbers())) {
        return lt::os::real_calls().close(fd);
    }
    if (LT_UNLIKELY(lt::io::is_own_fd(fd))) {
        errno = EBADF;  // the program has no such descriptor
        return -1;
    }
    lt::io::Closing closing{fd, fd};
    return lt::os::real_calls().close(fd);
}

// `duplicate` makes `to` name what `from` does.
template <class Duplicate>
int replace(int from, int to, Duplicate duplicate)
{
    if (LT_UNLIKELY(has_own_numbers())) {
        return duplicate();
    }
    if (LT_UNLIKELY(lt::io::is_own_fd(from))) {
        errno = EBADF;
        return -1;
    }
    if (LT_UNLIKELY(lt::io::is_own_fd(to))) {
        lt::io::vacate_fd(to);
    }
    // One that fails leaves the target as it is.
    if (from == to || lt::os::raw_syscall(SYS_fcntl, from, F_GETFD) < 0) {
        return duplicate();
    }
    lt::io::Closing closing{to, to};
    return duplicate();
}

int duplicate_to(int from, int to)
{
    return replace(from, to, [=] { return lt::os::real_calls().dup2(from, to); });
}

int close_all(unsigned first, unsigned last, int flags)
{
    constexpr unsigned kUnshares = 2;  // CLOSE_RANGE_UNSHARE; others close nothing, or fail
    const auto& real = lt::os::real_calls();
    if (first > last || has_own_numbers() || (static_cast<unsigned>(flags) & ~kUnshares) != 0) {
        return real.close_range(first, last, flags);
    }
    lt::io::Closing closing{first, last};
    unsigned begin = first;
    for (;;) {
        const unsigned own = lt::io::next_own_fd(begin, last);
        if (own > begin && real.close_range(begin, own - 1, flags) != 0) {
            return -1;
        }
        if (own >= last) {
            // One past the end, or the last one itself, which stays.
            return own == last && !lt::io::is_own_fd(static_cast<int>(own))
                       ? real.close_range(own, own, flags)
                       : 0;
        }
        begin = own + 1;
    }
}

}  // namespace

LT_EXPORT int fclose(FILE* file)
{
    const int fd = ::fileno(file);
    lt::io::Closing closing{fd, fd};
    return lt::os::real_calls().fclose(file);
}

LT_EXPORT int dup(int from) noexcept
{
    const int copy = lt::os::real_calls().dup(from);
    if (copy >= 0 && !has_own_numbers()) {
        lt::io::note_copy(copy);
    }
    return copy;
}

LT_EXPORT int close(int fd)
{
    return close_one(fd);
}

LT_EXPORT int __close(int fd)  // NOLINT: libc's name
{
    return close_one(fd);
}

LT_EXPORT int dup2(int from, int to) noexcept
{
    return duplicate_to(from, to);
}

LT_EXPORT int __dup2(int from, int to) noexcept  // NOLINT: libc's name
{
    return duplicate_to(from, to);
}

LT_EXPORT int dup3(int from, int to, int flags) noexcept
{
    if ((flags & ~O_CLOEXEC) != 0) {
        return lt::os::real_calls().dup3(from, to, flags);  // fails
    }
    return replace(from, to, [=] { return lt::os::real_calls().dup3(from, to, flags); });
}

LT_EXPORT int close_range(unsigned first, unsigned last, int flags) noexcept
{
    return close_all(first, last, flags);
}

LT_EXPORT void closefrom(int first) noexcept
{
    close_all(first > 0 ? static_cast<unsigned>(first) : 0, ~0U, 0);
}
