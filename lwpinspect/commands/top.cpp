#include <fmt/format.h>
#include <unistd.h>

#include <ctime>

#include "commands/commands.h"
#include "commands/session.h"
#include "report/snapshot_file.h"
#include "tui/app.h"

namespace lwpi {
namespace {

// Into the working directory; returns what to say about it.
std::string save_picture(const Snapshot& snapshot)
{
    const std::time_t now = std::time(nullptr);
    std::tm parts{};
    char when[32] = "";
    if (::localtime_r(&now, &parts) != nullptr) {
        std::strftime(&when[0], sizeof when, "%Y%m%d-%H%M%S", &parts);
    }
    const std::string path = fmt::format("lwpinspect-{}-{}.lwps", snapshot.process.pid, when);
    try {
        save_snapshot(snapshot, path);
    } catch (const TargetError& error) {
        return error.what();
    }
    return "saved to " + path;
}

}  // namespace

int run_top(const Options& options)
{
    if (options.json) {
        throw TargetError(ExitCode::kUsage, "top has no JSON form; use ps --json.");
    }
    Session session(options);
    tui::TopOptions top;
    top.request = session.request();
    top.interval =
        std::chrono::milliseconds(static_cast<std::int64_t>(options.interval_seconds * 1000.0));
    top.colour = options.colour == ColourWish::kNever ||
                         (options.colour == ColourWish::kAuto &&
                          use_colour(options.colour, STDOUT_FILENO) == UseColour::kNo)
                     ? tui::Colour::kNever
                     : tui::Colour::kAllowed;
    top.save = save_picture;
    return tui::run_top(session.source(), top);
}

}  // namespace lwpi
