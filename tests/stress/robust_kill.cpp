// kill -9 of processes that hold, take or give up a robust mutex, at any instruction: the survivors
// always get the mutex, are told when the owner died with it, and never hang. --count: of holders
// that are killed.
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>

#include "stress.h"

namespace {

constexpr std::uint64_t kHolders = 300;
constexpr unsigned kLimit = 500;  // seconds, for all of it

struct Segment {
    mutex_t mutex;
    std::atomic<int> holds;
    std::uint64_t value;  // guarded by the mutex: even unless its owner died
};

Segment& segment = *static_cast<Segment*>(
    mmap(nullptr, sizeof(Segment), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));

// What the owner may do; true: the one before died.
bool use()
{
    const int error = mutex_lock(&segment.mutex);
    stress::check(error == 0 || error == EOWNERDEAD, "the mutex is got, and only so");
    if (error == EOWNERDEAD) {
        segment.value += segment.value % 2;
        stress::check_ok(mutex_consistent(&segment.mutex), "mutex_consistent");
    }
    stress::check(segment.value % 2 == 0, "nobody died unnoticed");
    ++segment.value;
    ++segment.value;
    stress::check_ok(mutex_unlock(&segment.mutex), "mutex_unlock");
    return error == EOWNERDEAD;
}

[[noreturn]] void hold_for_ever()
{
    const int error = mutex_lock(&segment.mutex);
    if (error == 0 || error == EOWNERDEAD) {
        segment.value |= 1;
        segment.holds = 1;
    }
    for (;;) {
        pause();
    }
}

[[noreturn]] void use_for_ever()
{
    segment.holds = 1;
    for (;;) {
        use();
    }
}

pid_t start(void (*body)())
{
    segment.holds = 0;
    const pid_t process = fork();
    stress::check(process >= 0, "fork");
    if (process == 0) {
        body();
        _exit(0);
    }
    while (segment.holds == 0) {
        thr_yield();
    }
    return process;
}

void kill_and_reap(pid_t process)
{
    kill(process, SIGKILL);
    int status = 0;
    stress::check(waitpid(process, &status, 0) == process, "waitpid");
    stress::check(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "it was killed, no more");
}

}  // namespace

void stress::run(const Options& options)
{
    alarm(kLimit + static_cast<unsigned>(options.count / 50));
    check_ok(mutex_init(&segment.mutex, USYNC_PROCESS | LOCK_ROBUST, nullptr), "mutex_init");
    Random random{options.seed};
    const std::uint64_t holders = options.count != 0 ? options.count : kHolders;
    std::uint64_t rounds = 0;
    std::uint64_t deaths = 0;
    for (; deaths < holders; ++rounds) {
        if (random.one_in(2)) {
            // It holds the mutex: who comes next is told, asleep or not.
            const pid_t process = start(hold_for_ever);
            if (random.one_in(2)) {
                std::atomic<int> told{0};
                Crew crew{2, [&](std::size_t) { told += use() ? 1 : 0; }};
                kill_and_reap(process);
                crew.join();
                check_equal(static_cast<std::uint64_t>(told), 1, "waiters told");
            } else {
                kill_and_reap(process);
                check(use(), "the owner died");
            }
            ++deaths;
        } else {
            // It is anywhere, and others use the mutex too.
            const pid_t process = start(use_for_ever);
            for (std::uint64_t i = random.below(50); i != 0; --i) {
                use();
            }
            kill_and_reap(process);
            deaths += use() ? 1U : 0U;
        }
    }
    report("rounds", rounds);
    report("deaths with the mutex", deaths);
}
