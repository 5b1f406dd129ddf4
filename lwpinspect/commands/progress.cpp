#include "commands/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <utility>

namespace lwpi {

Progress::Progress(std::string what, Show show) : what_(std::move(what))
{
    if (show == Show::kOnTerminal && ::isatty(STDERR_FILENO) != 0) {
        thread_ = std::thread([this] { run(); });
    }
}

Progress::~Progress()
{
    if (!thread_.joinable()) {
        return;
    }
    {
        const std::lock_guard guard(lock_);
        done_ = true;
    }
    ended_.notify_one();
    thread_.join();
}

void Progress::run()
{
    std::unique_lock guard(lock_);
    int seconds = 0;
    while (!ended_.wait_for(guard, std::chrono::seconds(1), [this] { return done_; })) {
        fmt::print(stderr, "\r{} ... {} s", what_, ++seconds);
        std::fflush(stderr);
    }
    if (seconds > 0) {
        fmt::print(stderr, "\r{:{}}\r", "", what_.size() + 12);
        std::fflush(stderr);
    }
}

}  // namespace lwpi
