#include "conformance/runner/run.h"

#include <signal.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>

#include "conformance/runner/report.h"

namespace conformance {
namespace {

struct Running {
    const Case* test;
    const platform::Variant* variant;
    Process process;
};

// SIGCHLD and the signals that end a program, blocked and waited for.
class Signals {
  public:
    Signals()
    {
        sigemptyset(&set_);
        for (const int signal : {SIGCHLD, SIGINT, SIGTERM, SIGHUP}) {
            sigaddset(&set_, signal);
        }
        sigprocmask(SIG_BLOCK, &set_, &before_);
    }
    ~Signals() { sigprocmask(SIG_SETMASK, &before_, nullptr); }
    Signals(const Signals&) = delete;
    Signals& operator=(const Signals&) = delete;

    // Waits for one until `deadline`; false when it asks to stop.
    [[nodiscard]] bool wait_until(Process::Clock::time_point deadline) const
    {
        using std::chrono::nanoseconds;
        const auto left = std::max(nanoseconds{0}, nanoseconds{deadline - Process::Clock::now()});
        const auto whole = std::chrono::duration_cast<std::chrono::seconds>(left);
        const timespec limit{whole.count(), (left - whole).count()};
        const int signal = sigtimedwait(&set_, nullptr, &limit);
        return signal < 0 || signal == SIGCHLD;
    }

  private:
    sigset_t set_;
    sigset_t before_;
};

class Crew {
  public:
    Crew(const Options& options, Report& report) : options_{options}, report_{report} {}

    [[nodiscard]] bool has_place() const
    {
        return running_.size() < static_cast<std::size_t>(options_.jobs);
    }
    [[nodiscard]] bool is_idle() const { return running_.empty(); }

    void start(const Case& test, const platform::Variant& variant)
    {
        Process process{test, variant, options_.time_limit};
        if (process.pid() < 0) {
            report_.add(test, variant, process.finish(0));
            return;
        }
        running_.push_back({&test, &variant, std::move(process)});
    }

    // Takes the results of those that have ended.
    void collect()
    {
        siginfo_t info{};
        while (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid != 0) {
            const auto ended = std::find_if(running_.begin(), running_.end(), [&](auto& one) {
                return one.process.pid() == info.si_pid;
            });
            if (ended != running_.end()) {
                ended->process.kill_group();
            }
            int status = 0;
            waitpid(info.si_pid, &status, 0);
            if (ended != running_.end()) {
                report_.add(*ended->test, *ended->variant, ended->process.finish(status));
                running_.erase(ended);
            }
            info = {};
        }
    }

    void kill_hung()
    {
        for (Running& one : running_) {
            if (one.process.deadline() <= Process::Clock::now()) {
                one.process.kill_hung(options_.on_hang);
            }
        }
    }

    void kill_all()
    {
        for (const Running& one : running_) {
            one.process.kill_group();
        }
    }

    [[nodiscard]] Process::Clock::time_point next_deadline() const
    {
        auto next = Process::Clock::now() + std::chrono::seconds{10};
        for (const Running& one : running_) {
            next = std::min(next, one.process.deadline());
        }
        return next;
    }

  private:
    const Options& options_;
    Report& report_;
    std::vector<Running> running_;
};

}  // namespace

bool run_all(const std::vector<Case>& cases, const Options& options, Report& report)
{
    const Signals signals;
    report.begin();
    Crew crew{options, report};
    std::size_t next = 0;
    const std::size_t total = cases.size() * options.variants.size();
    while (next < total || !crew.is_idle()) {
        while (next < total && crew.has_place()) {
            crew.start(cases[next % cases.size()], options.variants[next / cases.size()]);
            ++next;
        }
        if (crew.is_idle()) {
            continue;
        }
        if (!signals.wait_until(crew.next_deadline())) {
            crew.kill_all();
            return false;
        }
        crew.collect();  // first: one that has ended in time did not hang, however late we look
        crew.kill_hung();
    }
    return true;
}

}  // namespace conformance
