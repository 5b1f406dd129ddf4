// Forks with flags that are not defined: refused, and no child comes into being.
#include <errno.h>
#include <sys/fork.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bad_input/bad_input.h"

namespace bad_input {
namespace {

struct Fork {
    const char* name;
    pid_t (*call)(int flags);
};

constexpr Fork kForks[] = {{"forkx", forkx}, {"forkallx", forkallx}};

int call(const Fork& fork, int flags)
{
    const int errno_before = errno;
    errno = 0;
    const pid_t child = fork.call(flags);
    const int error = errno;
    if (child == 0) {
        _exit(0);
    }
    const bool no_child = waitpid(-1, nullptr, WNOHANG) == -1 && errno == ECHILD;
    errno = errno_before;
    return child == -1 && no_child ? error : kDamage;
}

}  // namespace

void add_fork_rows(Table& table)
{
    constexpr unsigned kKnown = FORK_NOSIGCHLD | FORK_WAITPID;
    for (const Fork& fork : kForks) {
        for (unsigned bit = 0; bit < 32; ++bit) {
            const unsigned flag = 1U << bit;
            for (const unsigned known : {0U, kKnown}) {
                if ((flag & kKnown) == 0) {
                    const int flags = static_cast<int>(flag | known);
                    table.add(std::string{fork.name} + " with flags " + hex(flag | known), EINVAL,
                              [&fork, flags] { return call(fork, flags); });
                }
            }
        }
    }
}

}  // namespace bad_input
