#include "reader/standstill.h"

#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>

namespace lwpi {
namespace {

// Each has a descriptor; others need some, too.
std::size_t most_watched()
{
    rlimit files{};
    return ::getrlimit(RLIMIT_NOFILE, &files) == 0 ? files.rlim_cur / 2 : 0;
}

}  // namespace

Standstill::Standstill(const Process& process, const Observe& observe,
                       std::chrono::milliseconds patience)
    : process_(process), patience_(patience), directory_(process.open("task"))
{
    const std::size_t most = most_watched();
    bool fresh = true;
    for (int pass = 0; pass < kPasses && fresh; ++pass) {
        fresh = false;
        for (const int tid : process_.tasks()) {
            if (!known_.insert(tid).second) {
                continue;
            }
            fresh = true;
            RunCounter runs(process_, tid);
            const auto count = runs.read();  // before it is observed, or nobody could be sure
            if (count && watched_.size() < most && observe(tid)) {
                watched_.push_back({tid, std::move(runs), *count});
            } else {
                restless_.push_back(tid);
            }
        }
    }
}

void Standstill::seize(int tid)
{
    tasks_.emplace_back(tid, patience_, StoppedLwp::Begin::kSeizeOnly);
}

bool Standstill::seize_new()
{
    bool fresh = false;
    for (const int tid : process_.tasks()) {
        if (known_.insert(tid).second) {
            seize(tid);
            fresh = true;
        }
    }
    return fresh;
}

void Standstill::seize()
{
    for (const int tid : restless_) {
        seize(tid);
    }
    restless_.clear();
    for (int pass = 0; pass < kPasses && !knows_all() && seize_new(); ++pass) {}
}

// A directory has a link for each directory in it; asking costs less than reading their names.
// Whether those it cannot attach to are still there nobody knows.
bool Standstill::knows_all() const
{
    struct stat now {};
    const bool attached = std::all_of(tasks_.begin(), tasks_.end(),
                                      [](const StoppedLwp& task) { return task.is_attached(); });
    return attached && directory_ && ::fstat(directory_.get(), &now) == 0 &&
           now.st_nlink == 2 + tasks_.size() + watched_.size();
}

void Standstill::stop()
{
    for (int pass = 0; pass < kPasses; ++pass) {
        for (std::size_t i = asked_; i < tasks_.size(); ++i) {
            tasks_[i].interrupt();
        }
        for (; asked_ < tasks_.size(); ++asked_) {
            tasks_[asked_].wait(patience_);
        }
        // None can be made by a stopped one, nor by one that sleeps.
        if (knows_all() || !seize_new()) {
            return;
        }
    }
}

bool Standstill::holds()
{
    return std::erase_if(watched_, [&](const Watched& one) {
               if (one.runs.read() == one.count) {
                   return false;
               }
               seize(one.tid);
               return true;
           }) == 0;
}

std::size_t Standstill::missed() const
{
    return static_cast<std::size_t>(std::count_if(
        tasks_.begin(), tasks_.end(),
        [](const StoppedLwp& task) { return task.result() == StopResult::kTimeout; }));
}

void Standstill::watch_nobody()
{
    for (const Watched& one : watched_) {
        seize(one.tid);
    }
    watched_.clear();
}

}  // namespace lwpi
