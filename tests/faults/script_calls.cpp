// Steps with signals, calls that park, and fork.
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdlib>

#include "faults/script.h"

namespace faults {
namespace {

std::atomic<int> handled;

void handle(int)
{
    ++handled;
}

}  // namespace

int set_action()
{
    struct sigaction action {};
    action.sa_handler = handle;
    sigemptyset(&action.sa_mask);
    return result_of(sigaction(SIGUSR1, &action, nullptr));
}

int send_signal()
{
    struct sigaction now {};
    sigaction(SIGUSR1, nullptr, &now);
    if (now.sa_handler != handle) {
        return 0;  // it could not be set
    }
    const int before = handled;
    const int error = thr_kill(thr_self(), SIGUSR1);
    return error != 0 ? error : handled == before + 1 ? 0 : -1;
}

namespace {

void* send_to_process(void*)
{
    return kill(getpid(), SIGUSR2) == 0 ? nullptr : &handled;
}

}  // namespace

// For a signal that comes while the caller sleeps, so that the library has to take it.
int await_signal()
{
    sigset_t set;
    sigset_t before;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    int error = thr_sigsetmask(SIG_BLOCK, &set, &before);
    if (error != 0) {
        return error;
    }
    thread_t sender = 0;
    error = thr_create(nullptr, 0, send_to_process, nullptr, 0, &sender);
    if (error == 0) {
        int signal = 0;
        while (error == 0 && signal != SIGUSR2) {
            error = sigwait(&set, &signal);
            error = error == EINTR ? 0 : error;
        }
        void* status = nullptr;
        thr_join(sender, nullptr, &status);
        error = error == 0 && status != nullptr ? -1 : error;
    }
    thr_sigsetmask(SIG_SETMASK, &before, nullptr);
    return error;
}

namespace {

std::array<int, 2> ends;

void* write_one(void*)
{
    return error_result(result_of(write(ends[1], "x", 1)));
}

}  // namespace

int read_pipe()
{
    thread_t id = 0;
    int error = create(write_one, nullptr, 0, id);
    if (error == 0) {
        char byte = 0;
        error = result_of(read(ends[0], &byte, 1));
        join(id);
    }
    return error;
}

int poll_pipe()
{
    thread_t id = 0;
    int error = create(write_one, nullptr, 0, id);
    if (error == 0) {
        pollfd wanted{ends[0], POLLIN, 0};
        char byte = 0;
        do {
            error = result_of(poll(&wanted, 1, -1));
        } while (error == EINTR);
        error = error != 0 ? error : result_of(read(ends[0], &byte, 1));
        join(id);
    }
    return error;
}

int sleep_shortly()
{
    return run_in_thread(
        [](void*) -> void* {
            timespec pause{0, 2'000'000};
            int error = 0;
            do {
                error = result_of(nanosleep(&pause, &pause));
            } while (error == EINTR);
            return error_result(error);
        },
        nullptr, 0);
}

int fork_and_wait()
{
    const pid_t child = fork1();
    if (child == 0) {
        const int error = create_unbound();
        _exit(error == 0 || error == EAGAIN || error == ENOMEM ? 0 : 1);
    }
    if (child < 0) {
        return errno;
    }
    int status = 0;
    pid_t ended = 0;
    do {
        ended = waitpid(child, &status, 0);
    } while (ended < 0 && errno == EINTR);
    return ended < 0 ? errno : status == 0 ? 0 : -1;
}

void prepare_calls()
{
    if (pipe(ends.data()) != 0) {
        std::abort();
    }
}

}  // namespace faults
