#include "tui/signals.h"

#include <pthread.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace lwpi::tui {

namespace {

constexpr std::array<int, 7> kHandled{SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH, SIGTSTP, SIGCONT};

sigset_t handled_set()
{
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : kHandled) {
        sigaddset(&set, signal);
    }
    return set;
}

}  // namespace

Signals::Signals()
{
    const sigset_t set = handled_set();
    pthread_sigmask(SIG_BLOCK, &set, &before_);
    fd_ = UniqueFd(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!fd_) {
        throw std::system_error(errno, std::generic_category(), "signalfd");
    }
}

Signals::~Signals()
{
    // What came since is taken off, or it would end the program before it has said its last word.
    while (next()) {}
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

std::optional<int> Signals::next()
{
    signalfd_siginfo info{};
    if (::read(fd_.get(), &info, sizeof info) != static_cast<ssize_t>(sizeof info)) {
        return std::nullopt;
    }
    return static_cast<int>(info.ssi_signo);
}

void Signals::stop_until_continued()
{
    struct sigaction plain = {};
    struct sigaction before = {};
    plain.sa_handler = SIG_DFL;
    sigaction(SIGTSTP, &plain, &before);
    raise(SIGTSTP);
    sigset_t one;
    sigemptyset(&one);
    sigaddset(&one, SIGTSTP);
    pthread_sigmask(SIG_UNBLOCK, &one, nullptr);  // stops here
    pthread_sigmask(SIG_BLOCK, &one, nullptr);
    sigaction(SIGTSTP, &before, nullptr);
}

}  // namespace lwpi::tui
