// faults SCRIPT [--runs N] [--seed N] [--call NAME] [--verbose]
//
// Counts the system calls that the script makes, then runs it again for each of them, with that
// call failing as the kernel may let it fail. --runs: only so many of these, evenly spread from a
// place that the seed chooses. Each run must end well (see script.cpp), and have kept no more than
// a run without a fault.
#include <linux/futex.h>
#include <sys/syscall.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "faults/injector.h"

namespace {

using namespace std::chrono_literals;

struct Kind {
    const char* name;
    faults::Site site;
    std::vector<int> errors;
};

// Waking has no error that a program which is right could meet, and is left out; so is munmap,
// after whose failure glibc itself aborts.
const std::vector<Kind>& kinds()
{
    static const std::vector<Kind> all{
        {"mmap", {SYS_mmap, 0}, {ENOMEM}},
        {"mprotect", {SYS_mprotect, 0}, {ENOMEM}},
        {"madvise", {SYS_madvise, 0}, {ENOMEM}},
        {"clone", {SYS_clone, 0}, {EAGAIN}},
        {"clone3", {SYS_clone3, 0}, {EAGAIN}},
        {"futex-wait", {SYS_futex, FUTEX_WAIT}, {EINTR, EAGAIN}},
        {"futex-wait-bitset", {SYS_futex, FUTEX_WAIT_BITSET}, {EINTR, EAGAIN, ETIMEDOUT}},
        {"sigaction", {SYS_rt_sigaction, 0}, {EINVAL}},
        {"timer_create", {SYS_timer_create, 0}, {EAGAIN}},
        {"timer_settime", {SYS_timer_settime, 0}, {EINVAL}},
        {"timerfd_create", {SYS_timerfd_create, 0}, {EMFILE}},
        {"setitimer", {SYS_setitimer, 0}, {EINVAL}},
        {"pidfd_open", {SYS_pidfd_open, 0}, {EMFILE}},
        {"epoll_create1", {SYS_epoll_create1, 0}, {EMFILE}},
        {"epoll_ctl", {SYS_epoll_ctl, 0}, {ENOMEM, ENOSPC}},
        {"epoll_wait", {SYS_epoll_wait, 0}, {EINTR}},
        {"epoll_pwait", {SYS_epoll_pwait, 0}, {EINTR}},
        {"epoll_pwait2", {SYS_epoll_pwait2, 0}, {EINTR}},
        {"eventfd2", {SYS_eventfd2, 0}, {EMFILE}},
        {"openat", {SYS_openat, 0}, {EMFILE}},
        {"fcntl", {SYS_fcntl, 0}, {EMFILE}},
        {"sigtimedwait", {SYS_rt_sigtimedwait, 0}, {EINTR}},
        {"close_range", {SYS_close_range, 0}, {ENOSYS, ENOMEM}},
        {"signalfd4", {SYS_signalfd4, 0}, {EMFILE}},
        {"ppoll", {SYS_ppoll, 0}, {EINTR}},
        {"sigaltstack", {SYS_sigaltstack, 0}, {ENOMEM}},
    };
    return all;
}

struct Kept {
    unsigned fds = 0, tasks = 0, maps = 0, kbytes = 0;
};

bool read_kept(const std::string& output, Kept& kept)
{
    const std::size_t line = output.rfind("fds ");
    return line != std::string::npos &&
           std::sscanf(output.c_str() + line, "fds %u tasks %u maps %u kbytes %u", &kept.fds,
                       &kept.tasks, &kept.maps, &kept.kbytes) == 4;
}

struct Options {
    std::string script;
    unsigned runs = 0;
    unsigned seed = 0;
    std::string call;
    bool verbose = false;
};

class Campaign {
  public:
    explicit Campaign(const Options& options) : options_{options}
    {
        for (const Kind& kind : kinds()) {
            if (std::find(calls_.begin(), calls_.end(), kind.site.call) == calls_.end()) {
                calls_.push_back(kind.site.call);
            }
        }
    }

    // What a run without a fault does and keeps. Runs differ a little.
    bool measure()
    {
        constexpr int kRuns = 8;
        for (int i = 0; i < kRuns; ++i) {
            const faults::Result result = run({});
            Kept kept;
            if (!result.exited || result.status != 0 || !read_kept(result.output, kept)) {
                report("without a fault", result);
                return false;
            }
            most_.fds = std::max(most_.fds, kept.fds);
            most_.tasks = std::max(most_.tasks, kept.tasks);
            most_.maps = std::max(most_.maps, kept.maps);
            most_.kbytes = std::max(most_.kbytes, kept.kbytes);
            for (const auto& [site, count] : result.counts) {
                counts_[site] = std::max(counts_[site], count);
            }
        }
        return true;
    }

    // How many runs ended badly.
    int inject()
    {
        const std::vector<faults::Fault> faults = choose();
        int bad = 0;
        unsigned reached = 0;
        for (const faults::Fault& fault : faults) {
            const faults::Result result = run(fault);
            reached += result.injected ? 1 : 0;
            const bool good = is_good(result);
            if (!good || options_.verbose) {
                report(name_of(fault), result);
            }
            bad += good ? 0 : 1;
        }
        std::printf("%zu faults, %u met, %d runs ended badly\n", faults.size(), reached, bad);
        return bad + (reached == 0 ? 1 : 0);
    }

  private:
    [[nodiscard]] faults::Result run(const faults::Fault& fault) const
    {
        return faults::run({options_.script}, calls_, fault, 60s);
    }

    [[nodiscard]] std::vector<faults::Fault> choose() const
    {
        std::vector<faults::Fault> all;
        for (const Kind& kind : kinds()) {
            const auto seen = counts_.find(kind.site);
            if (seen == counts_.end() || (!options_.call.empty() && options_.call != kind.name)) {
                continue;
            }
            for (unsigned n = 1; n <= seen->second; ++n) {
                for (const int error : kind.errors) {
                    all.push_back({kind.site.call, kind.site.operation, n, error});
                }
            }
            std::printf("%s: %u\n", kind.name, seen->second);
        }
        if (options_.runs == 0 || options_.runs >= all.size()) {
            return all;
        }
        std::vector<faults::Fault> some;
        for (std::size_t i = 0; i < options_.runs; ++i) {
            some.push_back(all.at((options_.seed + i * all.size() / options_.runs) % all.size()));
        }
        return some;
    }

    // The library may refuse to start, with a word of why. Otherwise: a run that differs in what
    // its LWPs did may have kept an LWP more, its stack and its arena of malloc's.
    [[nodiscard]] bool is_good(const faults::Result& result) const
    {
        constexpr unsigned kMapsMore = 8;
        constexpr unsigned kBytesMore = 72U << 10U;
        if (result.at_start && result.signal == SIGABRT &&
            result.output.rfind("libthread: ", 0) == 0) {
            return true;
        }
        Kept kept;
        return result.exited && result.status == 0 && read_kept(result.output, kept) &&
               kept.fds <= most_.fds && kept.tasks <= most_.tasks + 1 &&
               kept.maps <= most_.maps + kMapsMore && kept.kbytes <= most_.kbytes + kBytesMore;
    }

    static std::string name_of(const faults::Fault& fault)
    {
        for (const Kind& kind : kinds()) {
            if (kind.site.call == fault.call && kind.site.operation == fault.operation) {
                return std::string{kind.name} + " " + std::to_string(fault.n) + ": " +
                       strerrorname_np(fault.error);
            }
        }
        return "?";
    }

    void report(const std::string& what, const faults::Result& result) const
    {
        std::printf(
            "--- %s%s: %s%s status %d signal %d (most: fds %u tasks %u maps %u kbytes %u)\n%s",
            what.c_str(), result.arguments.c_str(), result.injected ? "" : "not met, ",
            result.timed_out ? "hung,"
            : result.exited  ? "exit"
                             : "killed",
            result.status, result.signal, most_.fds, most_.tasks, most_.maps, most_.kbytes,
            result.output.c_str());
        std::fflush(stdout);
    }

    Options options_;
    std::vector<long> calls_;
    std::map<faults::Site, unsigned> counts_;
    Kept most_;
};

Options read_options(int argc, char** argv)
{
    Options options;
    for (int i = 1; i < argc; ++i) {
        const std::string word = argv[i];
        if (word == "--runs" && i + 1 < argc) {
            options.runs = static_cast<unsigned>(std::atoi(argv[++i]));
        } else if (word == "--seed" && i + 1 < argc) {
            options.seed = static_cast<unsigned>(std::atoi(argv[++i]));
        } else if (word == "--call" && i + 1 < argc) {
            options.call = argv[++i];
        } else if (word == "--verbose") {
            options.verbose = true;
        } else {
            options.script = word;
        }
    }
    return options;
}

}  // namespace

int main(int argc, char** argv)
{
    Campaign campaign{read_options(argc, argv)};
    return campaign.measure() && campaign.inject() == 0 ? 0 : 1;
}
