#include "commands/open.h"

#include "reader/snapshot_file.h"
#include "reader/snapshot_taker.h"

namespace lwpi {

OpenTarget open_target(const std::string& target, const Options& options)
{
    const bool number = target.find_first_not_of("0123456789/") == std::string::npos;
    if (!number && is_snapshot_file(target)) {
        return {{}, open_saved(target)};
    }
    OpenTarget opened{find_target(target), nullptr};
    opened.source =
        open_live(opened.name.pid, options.no_demangle ? Demangle::kNo : Demangle::kYes);
    return opened;
}

OpenTarget open_target(const Options& options)
{
    return options.from.empty() ? open_target(options.target, options)
                                : OpenTarget{{}, open_saved(options.from)};
}

}  // namespace lwpi
