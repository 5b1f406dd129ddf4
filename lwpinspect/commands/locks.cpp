#include <fmt/format.h>

#include "commands/commands.h"
#include "commands/session.h"
#include "report/graph_text.h"
#include "support/escape.h"
#include "support/text.h"

namespace lwpi {
namespace {

std::optional<std::uint64_t> wanted_address(const std::string& text)
{
    if (text.empty()) {
        return std::nullopt;
    }
    const bool prefixed = text.starts_with("0x") || text.starts_with("0X");
    const auto address = parse_unsigned(std::string_view(text).substr(prefixed ? 2 : 0), 16);
    if (!address) {
        throw TargetError(ExitCode::kUsage,
                          fmt::format("\"{}\" is no address in hexadecimal.", printable(text)));
    }
    return address;
}

bool is_shown(const SyncObject& object, const Options& options,
              const std::optional<std::uint64_t>& address)
{
    return address ? object.address == address : options.all || object.is_lock;
}

}  // namespace

int run_locks(const Options& options)
{
    const auto address = wanted_address(options.address);
    Session session(options);
    Snapshot snapshot = session.take(session.request());
    if (address && snapshot.process.library.state != LibraryState::kPresent) {
        snapshot.notes.push_back(
            {ExitCode::kNoLibrary, "there is no libthread there to know about objects."});
    }
    const WaitGraph graph(snapshot);
    std::vector<SyncObject> objects = objects_of(graph);
    std::erase_if(objects, [&](const SyncObject& o) { return !is_shown(o, options, address); });
    if (address && objects.empty()) {
        snapshot.notes.push_back(
            {ExitCode::kDone, fmt::format("nobody waits for an object at {:#x}.", *address)});
    }
    std::string body;
    if (options.json) {
        for (const SyncObject& object : objects) {
            body += object_json(object);
        }
        return session.print_json(snapshot, body);
    }
    if (!address) {
        return session.print_text(snapshot, objects_text(graph, objects, session.colour()));
    }
    for (const SyncObject& object : objects) {
        body += object_text(graph, object, session.colour());
    }
    return session.print_text(snapshot, body);
}

}  // namespace lwpi
