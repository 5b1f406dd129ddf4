#include "target/confined.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <vector>

#include "support/unique_fd.h"

namespace lwpi {
namespace {

using Clock = std::chrono::steady_clock;

// Behind every whole answer: a child that dies half way writes none.
constexpr std::string_view kWhole = "\nwhole\n";

class AllSignalsBlocked {
  public:
    AllSignalsBlocked()
    {
        sigset_t all;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before_);
    }
    ~AllSignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
    AllSignalsBlocked(const AllSignalsBlocked&) = delete;
    AllSignalsBlocked& operator=(const AllSignalsBlocked&) = delete;

  private:
    sigset_t before_{};
};

void close_all_but(std::vector<int> kept)
{
    std::sort(kept.begin(), kept.end());
    unsigned next = 0;
    for (const int fd : kept) {
        const auto number = static_cast<unsigned>(fd);
        if (number > next) {
            ::close_range(next, number - 1, 0);
        }
        next = std::max(next, number + 1);
    }
    ::close_range(next, ~0U, 0);
}

void limit(int resource, rlim_t most)
{
    const rlimit both{most, most};
    ::setrlimit(static_cast<__rlimit_resource>(resource), &both);
}

std::size_t address_space_now()
{
    std::array<char, 64> text{};
    const UniqueFd fd(::open("/proc/self/statm", O_RDONLY | O_CLOEXEC));
    const ssize_t got = fd ? ::read(fd.get(), text.data(), text.size() - 1) : 0;
    return got > 0 ? std::strtoul(text.data(), nullptr, 10) * 4096 : 0;
}

// Reading, answering and memory: all that the work needs. Everything else fails with EPERM. Without
// seccomp the limits and the closed descriptors remain.
void allow_little()
{
    constexpr std::array kAllowed{SYS_read,    SYS_pread64,    SYS_write,          SYS_close,
                                  SYS_lseek,   SYS_fstat,      SYS_fcntl,          SYS_newfstatat,
                                  SYS_mmap,    SYS_munmap,     SYS_mremap,         SYS_mprotect,
                                  SYS_madvise, SYS_brk,        SYS_futex,          SYS_getrandom,
                                  SYS_exit,    SYS_exit_group, SYS_rt_sigprocmask, SYS_rt_sigreturn,
                                  SYS_gettid,  SYS_getpid,     SYS_clock_gettime,  SYS_sched_yield};
    std::vector<sock_filter> program{
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr))};
    for (const long number : kAllowed) {
        program.push_back(
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(number), 0, 1));
        program.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
    }
    program.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM));
    const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
    ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0);
}

void confine(std::span<const int> files, int answer, const ConfinedLimits& limits)
{
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    limit(RLIMIT_AS, address_space_now() + limits.memory);
    limit(RLIMIT_CPU, limits.cpu_seconds);
    limit(RLIMIT_CORE, 0);
    std::vector<int> kept(files.begin(), files.end());
    kept.push_back(answer);
    close_all_but(std::move(kept));
    allow_little();
}

bool write_all(int fd, std::string_view bytes)
{
    while (!bytes.empty()) {
        const ssize_t done = ::write(fd, bytes.data(), bytes.size());
        if (done <= 0) {
            return false;
        }
        bytes.remove_prefix(static_cast<std::size_t>(done));
    }
    return true;
}

// All that comes until the other end is closed; false: too much, or too late.
bool read_answer(int fd, std::string& answer, const ConfinedLimits& limits)
{
    const auto end = Clock::now() + limits.time;
    std::size_t used = 0;
    for (;;) {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now()).count();
        pollfd wait{fd, POLLIN, 0};
        const int ready = left > 0 ? ::poll(&wait, 1, static_cast<int>(left)) : 0;
        if (ready < 0 && errno == EINTR) {
            continue;
        }
        if (ready <= 0 || used > limits.answer) {
            return false;
        }
        answer.resize(std::max<std::size_t>(used + 65536, std::min(used * 2, limits.answer)));
        const ssize_t got = ::read(fd, answer.data() + used, answer.size() - used);
        if (got <= 0) {
            answer.resize(used);
            return got == 0;
        }
        used += static_cast<std::size_t>(got);
    }
}

[[noreturn]] void serve(std::span<const int> files, int answer,
                        const std::function<std::string()>& work, const ConfinedLimits& limits)
{
    try {
        confine(files, answer, limits);
        if (write_all(answer, work()) && write_all(answer, kWhole)) {
            ::_exit(0);
        }
    } catch (...) {
        // No answer says it.
    }
    ::_exit(1);
}

}  // namespace

std::optional<std::string> run_confined(std::span<const int> files,
                                        const std::function<std::string()>& work,
                                        const ConfinedLimits& limits)
{
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
        return std::nullopt;
    }
    const UniqueFd from(ends[0]);
    UniqueFd into(ends[1]);
    pid_t child = -1;
    {
        // No handler of ours runs in the child, whose descriptors may be other files by then.
        const AllSignalsBlocked blocked;
        child = ::fork();
        if (child == 0) {
            serve(files, into.get(), work, limits);
        }
    }
    if (child < 0) {
        return std::nullopt;
    }
    into = UniqueFd();
    std::string answer;
    const bool ended = read_answer(from.get(), answer, limits);
    // It may have closed its end and go on: whatever it does now is of no use.
    ::kill(child, SIGKILL);
    while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {}
    if (!ended || !answer.ends_with(kWhole)) {
        return std::nullopt;
    }
    answer.resize(answer.size() - kWhole.size());
    return answer;
}

}  // namespace lwpi
