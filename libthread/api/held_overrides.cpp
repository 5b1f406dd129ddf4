// Calls in which nothing can be tried first: file locks, look-ups of names and waits for the
// commands of popen hold the LWP, and threads that wait to run get another one at once.
#include <fcntl.h>
#include <netdb.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdarg>
#include <cstdio>
#include <cstdlib>

#include "base/compiler.h"
#include "io/blocking.h"
#include "io/held.h"
#include "os/real_calls.h"
#include "thread/command.h"

namespace {

using lt::io::hold_lwp;

// Every command's third argument, if it has one, is an int or a pointer: one register.
int control(int fd, int command, void* argument)
{
    if (command == F_SETLKW || command == F_OFD_SETLKW) {
        hold_lwp();
    }
    if (command == F_SETFL) {
        lt::io::note_flags_unknown();
    }
    const int result = lt::os::real_calls().fcntl64(fd, command, argument);
    if ((command == F_DUPFD || command == F_DUPFD_CLOEXEC) && result >= 0) {
        lt::io::note_copy(result);
    }
    return result;
}

}  // namespace

#define LT_DEFINE_FCNTL(name)                      \
    LT_EXPORT int name(int fd, int command, ...)   \
    {                                              \
        va_list arguments;                         \
        va_start(arguments, command);              \
        void* argument = va_arg(arguments, void*); \
        va_end(arguments);                         \
        return control(fd, command, argument);     \
    }
LT_DEFINE_FCNTL(fcntl)
LT_DEFINE_FCNTL(fcntl64)
LT_DEFINE_FCNTL(__fcntl)  // NOLINT: libc's name
#undef LT_DEFINE_FCNTL

// NOLINTNEXTLINE: libc's declaration
LT_EXPORT int ioctl(int fd, unsigned long request, ...) noexcept
{
    va_list arguments;
    va_start(arguments, request);
    void* argument = va_arg(arguments, void*);
    va_end(arguments);
    if (request == FIONBIO) {
        lt::io::note_flags_unknown();
    }
    return lt::os::real_calls().ioctl(fd, request, argument);
}

LT_EXPORT int flock(int fd, int operation) noexcept
{
    if ((operation & LOCK_NB) == 0 && operation != LOCK_UN) {
        hold_lwp();
    }
    return lt::os::real_calls().flock(fd, operation);
}

LT_EXPORT int lockf64(int fd, int command, off64_t length)
{
    if (command == F_LOCK) {
        hold_lwp();
    }
    return lt::os::real_calls().lockf64(fd, command, length);
}

LT_EXPORT int lockf(int fd, int command, off_t length)
{
    return ::lockf64(fd, command, length);
}

LT_EXPORT int getaddrinfo(const char* node, const char* service, const addrinfo* hints,
                          addrinfo** found)
{
    const bool asks =
        node != nullptr && (hints == nullptr || (hints->ai_flags & AI_NUMERICHOST) == 0);
    if (asks) {
        hold_lwp();
    }
    return lt::os::real_calls().getaddrinfo(node, service, hints, found);
}

LT_EXPORT int system(const char* command)
{
    return command != nullptr ? lt::run_command(command) : lt::run_command("exit 0") == 0;
}

LT_EXPORT int pclose(FILE* stream)
{
    hold_lwp();
    return lt::os::real_calls().pclose(stream);
}
