#include "commands/open.h"

#include "reader/core_source.h"
#include "reader/snapshot_taker.h"
#include "report/snapshot_file.h"
#include "target/core_file.h"

namespace lwpi {

OpenTarget open_target(const std::string& target, const Options& options)
{
    const bool number = target.find_first_not_of("0123456789/") == std::string::npos;
    const Demangle demangle = options.no_demangle ? Demangle::kNo : Demangle::kYes;
    if (!number && is_snapshot_file(target)) {
        return {{}, open_saved(target)};
    }
    if (!number && is_core_file(target)) {
        return {{}, open_core(target, {options.program, options.sysroot}, demangle)};
    }
    OpenTarget opened{find_target(target), nullptr};
    opened.source = open_live(opened.name.pid, demangle);
    return opened;
}

OpenTarget open_target(const Options& options)
{
    if (!options.core.empty()) {
        return {{},
                open_core(options.core, {options.program, options.sysroot},
                          options.no_demangle ? Demangle::kNo : Demangle::kYes)};
    }
    return options.from.empty() ? open_target(options.target, options)
                                : OpenTarget{{}, open_saved(options.from)};
}

}  // namespace lwpi
