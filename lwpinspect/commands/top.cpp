#include <unistd.h>

#include "commands/commands.h"
#include "commands/session.h"
#include "tui/app.h"

namespace lwpi {

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
    return tui::run_top(session.source(), top);
}

}  // namespace lwpi
