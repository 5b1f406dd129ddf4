// Signal sets and handlers for tests.
#pragma once

#include <thread.h>

#include <signal.h>

#include <cerrno>
#include <initializer_list>
#include <vector>

#include "conformance/fixture.h"

namespace conformance {

inline sigset_t signal_set(std::initializer_list<int> numbers)
{
    sigset_t set;
    sigemptyset(&set);
    for (const int number : numbers) {
        sigaddset(&set, number);
    }
    return set;
}

// Whether the C library or the threads library keeps a signal for itself: thr_kill refuses it,
// while for others it finds no such thread.
inline bool is_reserved(int number)
{
    return thr_kill(kNeverIssued, number) == EINVAL;
}

// The signals that a mask may hold: all but those that cannot be blocked and the reserved ones.
inline std::vector<int> maskable_signals()
{
    std::vector<int> numbers;
    for (int number = 1; number <= SIGRTMAX; ++number) {
        if (number != SIGKILL && number != SIGSTOP && !is_reserved(number)) {
            numbers.push_back(number);
        }
    }
    return numbers;
}

// The members of a set, for comparing and printing.
inline std::vector<int> numbers_in(const sigset_t& set)
{
    std::vector<int> numbers;
    for (int number = 1; number <= SIGRTMAX; ++number) {
        if (sigismember(&set, number) == 1) {
            numbers.push_back(number);
        }
    }
    return numbers;
}

// Installs a handler for the life of the object.
class ScopedHandler {
  public:
    ScopedHandler(int number, void (*handler)(int)) : number_{number}
    {
        struct sigaction action {};
        action.sa_handler = handler;
        sigemptyset(&action.sa_mask);
        action.sa_flags = SA_RESTART;
        sigaction(number_, &action, &before_);
    }
    ScopedHandler(const ScopedHandler&) = delete;
    ScopedHandler& operator=(const ScopedHandler&) = delete;
    ~ScopedHandler() { sigaction(number_, &before_, nullptr); }

  private:
    int number_;
    struct sigaction before_ {};
};

}  // namespace conformance
