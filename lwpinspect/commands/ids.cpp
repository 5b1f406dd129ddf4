#include "commands/ids.h"

#include <fmt/format.h>

#include "support/escape.h"
#include "support/text.h"

namespace lwpi {
namespace {

constexpr std::uint64_t kLargestRange = 1'000'000;

[[noreturn]] void reject(const std::string& id)
{
    throw TargetError(
        ExitCode::kUsage,
        fmt::format("\"{}\" is no thread: write 17, #17, 3-9 or lwp:TID.", printable(id)));
}

}  // namespace

void add_id(const std::string& id, SnapshotRequest& request)
{
    if (id.starts_with("lwp:")) {
        const auto tid = parse_unsigned(std::string_view(id).substr(4));
        if (!tid || *tid > INT32_MAX) {
            reject(id);
        }
        request.lwps.push_back(static_cast<int>(*tid));
        return;
    }
    std::vector<std::optional<std::uint64_t>> ends;
    for (std::string_view part : split(id, '-')) {
        ends.push_back(parse_unsigned(part.starts_with('#') ? part.substr(1) : part));
    }
    if (ends.size() > 2 || !ends.front() || !ends.back() || *ends.back() < *ends.front() ||
        *ends.back() - *ends.front() > kLargestRange) {
        reject(id);
    }
    for (std::uint64_t i = *ends.front(); i <= *ends.back(); ++i) {
        request.threads.push_back(i);
    }
}

void note_missing(const SnapshotRequest& request, Snapshot& snapshot)
{
    std::vector<std::uint64_t> missing;
    for (const std::uint64_t id : request.threads) {
        if (find_thread(snapshot, id) == nullptr) {
            missing.push_back(id);
        }
    }
    if (!missing.empty()) {
        snapshot.notes.push_back(
            {ExitCode::kPartial, fmt::format("no user thread {}.", format_ids(missing, 5, "#"))});
    }
    for (const int tid : request.lwps) {
        if (find_lwp(snapshot, tid) == nullptr) {
            snapshot.notes.push_back({ExitCode::kPartial, fmt::format("no LWP {}.", tid)});
        }
    }
}

std::vector<Party> named_parties(const SnapshotRequest& request, const Snapshot& snapshot)
{
    std::vector<Party> parties;
    for (const std::uint64_t id : request.threads) {
        if (find_thread(snapshot, id) != nullptr) {
            parties.push_back({Party::Kind::kThread, id});
        }
    }
    for (const int tid : request.lwps) {
        if (find_lwp(snapshot, tid) != nullptr) {
            parties.push_back({Party::Kind::kLwp, static_cast<std::uint64_t>(tid)});
        }
    }
    return parties;
}

}  // namespace lwpi
