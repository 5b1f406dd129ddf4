// What the tests of children and of exec share: threads that make them, what others do to these
// meanwhile, how children end, and what they see of themselves.
#pragma once

#include <thread.h>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <string>

namespace children {

inline constexpr const char* kStatusFile = "/proc/self/status";

// Calls that the signal interrupts are started again.
inline void catch_signal(int number, void (*handler)(int))
{
    struct sigaction action {};
    action.sa_handler = handler;
    action.sa_flags = SA_RESTART;
    sigemptyset(&action.sa_mask);
    sigaction(number, &action, nullptr);
}

// Counts.
inline std::atomic<int> handled{0};

inline void note(int)
{
    ++handled;
}

// The thread that others signal and suspend.
inline std::atomic<thread_t> target{0};

using Body = void* (*)(void*);

// The body in an unbound thread, then in a bound one.
inline void in_threads(Body body)
{
    for (const long flags : {0L, static_cast<long>(THR_BOUND)}) {
        thread_t id = 0;
        ASSERT_EQ(thr_create(nullptr, 0, body, nullptr, flags, &id), 0);
        ASSERT_EQ(thr_join(id, nullptr, nullptr), 0);
    }
}

// Two threads, of which the second starts, unbound, when the first has had its turn.
inline void one_after_the_other(Body first, Body second, long flags_of_first = 0)
{
    thread_t ids[2];
    ASSERT_EQ(thr_create(nullptr, 0, first, nullptr, flags_of_first, &ids[0]), 0);
    thr_yield();
    ASSERT_EQ(thr_create(nullptr, 0, second, nullptr, 0, &ids[1]), 0);
    for (const thread_t id : ids) {
        ASSERT_EQ(thr_join(id, nullptr, nullptr), 0);
    }
}

// The exit status of a child; a signal that ended it, negative.
inline int end_of(pid_t pid)
{
    int status = 0;
    if (waitpid(pid, &status, 0) != pid) {
        return -1000;
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

// What a child writes to the descriptor that `start` gets; it returns the child's id, or 0 if it
// has waited for it.
template <class Start>
std::string output_of(Start start)
{
    int ends[2];
    std::string text;
    if (pipe(ends) != 0) {
        return text;
    }
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    const pid_t pid = start(ends[1]);
    close(ends[1]);
    char buffer[512];
    for (ssize_t size = 0; (size = read(ends[0], buffer, sizeof buffer)) > 0;) {
        text.append(buffer, static_cast<std::size_t>(size));
    }
    close(ends[0]);
    if (pid != 0 && end_of(pid) != 0) {
        text.clear();
    }
    return text;
}

inline std::uint64_t bit(int signal)
{
    return std::uint64_t{1} << (signal - 1);
}

// A set of signals as the kernel shows it; all if there is no such line.
inline std::uint64_t set_in(const std::string& status, const char* label)
{
    const std::size_t at = status.find(label);
    return at == std::string::npos
               ? ~std::uint64_t{0}
               : std::strtoull(status.c_str() + at + std::char_traits<char>::length(label), nullptr,
                               16);
}

}  // namespace children
