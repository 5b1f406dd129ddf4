// exec(2) and its kin: the new program must not be met by a signal of the library's.
#include <unistd.h>

#include <cerrno>
#include <cstdarg>

#include "base/compiler.h"
#include "os/real_calls.h"
#include "thread/exec.h"

namespace {

// A child of vfork is no target of signals, and shares the parent's memory, not its tasks.
template <class Exec>
int attempt(Exec exec)
{
    lt::Thread* self = lt::current_thread;
    if (self == nullptr || lt::is_vfork_child(*self)) {
        return exec();
    }
    const lt::ExecAttempt attempt{*self};
    return exec();
}

int execute(const char* path, char* const arguments[], char* const environment[])
{
    return attempt([=] { return lt::os::real_calls().execve(path, arguments, environment); });
}

int search(const char* file, char* const arguments[], char* const environment[])
{
    return attempt([=] { return lt::os::real_calls().execvpe(file, arguments, environment); });
}

// Arguments up to the null pointer, the first included, as exec wants them.
std::size_t count_arguments(const char* first, va_list rest)
{
    std::size_t count = 1;
    for (const char* one = first; one != nullptr; one = va_arg(rest, const char*)) {
        ++count;
    }
    return count;
}

void take_arguments(const char* first, va_list& rest, char** arguments)
{
    const char* one = first;
    for (; one != nullptr; one = va_arg(rest, const char*)) {
        *arguments++ = const_cast<char*>(one);
    }
    *arguments = nullptr;
}

}  // namespace

LT_EXPORT int execve(const char* path, char* const arguments[], char* const environment[]) noexcept
{
    return execute(path, arguments, environment);
}

LT_EXPORT int execv(const char* path, char* const arguments[]) noexcept
{
    return execute(path, arguments, environ);
}

LT_EXPORT int execvp(const char* file, char* const arguments[]) noexcept
{
    return search(file, arguments, environ);
}

LT_EXPORT int execvpe(const char* file, char* const arguments[], char* const environment[]) noexcept
{
    return search(file, arguments, environment);
}

LT_EXPORT int fexecve(int fd, char* const arguments[], char* const environment[]) noexcept
{
    return attempt([=] { return lt::os::real_calls().fexecve(fd, arguments, environment); });
}

LT_EXPORT int execveat(int fd, const char* path, char* const arguments[], char* const environment[],
                       int flags) noexcept
{
    return attempt(
        [=] { return lt::os::real_calls().execveat(fd, path, arguments, environment, flags); });
}

// The list becomes an array on this frame: these functions may be called by a child of vfork and by
// handlers, where nothing can be allocated.
#define LT_DEFINE_EXECL(name, finish)                                                    \
    LT_EXPORT int name(const char* path, const char* first, ...) noexcept                \
    {                                                                                    \
        va_list list;                                                                    \
        va_start(list, first);                                                           \
        const std::size_t count = count_arguments(first, list);                          \
        va_end(list);                                                                    \
        auto** arguments = static_cast<char**>(__builtin_alloca(count * sizeof(char*))); \
        va_start(list, first);                                                           \
        take_arguments(first, list, arguments);                                          \
        finish;                                                                          \
        va_end(list);                                                                    \
        return result;                                                                   \
    }
LT_DEFINE_EXECL(execl, const int result = execute(path, arguments, environ))
LT_DEFINE_EXECL(execlp, const int result = search(path, arguments, environ))
LT_DEFINE_EXECL(execle, const int result = execute(path, arguments, va_arg(list, char**)))
#undef LT_DEFINE_EXECL
