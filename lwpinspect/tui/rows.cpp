#include "tui/rows.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "tui/format.h"

namespace lwpi::tui {

namespace {

// What a row is sorted by: a number or a text, whichever the column has; neither when unknown.
struct SortKey {
    std::optional<double> number;
    std::string text;
    std::uint32_t row = 0;
    [[nodiscard]] bool is_unknown() const { return !number && text.empty(); }
};

template <typename Number>
SortKey by_number(const std::optional<Number>& value)
{
    SortKey key;
    if (value) {
        key.number = static_cast<double>(*value);
    }
    return key;
}

SortKey by_text(std::string text)
{
    SortKey key;
    if (text != "-") {
        key.text = std::move(text);
    }
    return key;
}

SortKey by_owner(const Wait& wait)
{
    return by_number(wait.owner ? std::optional(wait.owner->id) : std::nullopt);
}

SortKey thread_key(const Sample& sample, std::uint32_t row, Column column)
{
    const ThreadInfo& thread = sample.snapshot.threads[row];
    switch (column) {
        case Column::kName:
            return by_text(name_or_start(thread));
        case Column::kState:
            return by_text(format_state(thread));
        case Column::kLwp:
            return by_number(thread.lwp);
        case Column::kWait:
            return by_text(describe(thread.wait));
        case Column::kOwner:
            return by_owner(thread.wait);
        case Column::kSince:
            return by_number(thread.since_ns);
        case Column::kSwitches:
            return by_number(sample.switches_per_second[row]);
        case Column::kAt:
            return by_text(format_at(sample.snapshot, thread.stack, thread.start_function));
        case Column::kId:
        case Column::kTid:
        case Column::kKernel:
        case Column::kSyscall:
        case Column::kCpu:
        case Column::kDelay:
        case Column::kThread:
            break;
    }
    return by_number(std::optional(thread.id));
}

SortKey lwp_key(const Sample& sample, std::uint32_t row, Column column)
{
    const LwpInfo& lwp = sample.snapshot.lwps[row];
    switch (column) {
        case Column::kLwp:
            return by_number(lwp.index);
        case Column::kName:
            return by_text(lwp.name);
        case Column::kState:
            return by_text(lwp.state_name);
        case Column::kKernel:
            return by_text(std::string(1, lwp.kernel_state));
        case Column::kSyscall:
            return by_text(lwp.syscall ? lwp.syscall->name : std::string());
        case Column::kWait:
            return by_text(describe(lwp.wait));
        case Column::kOwner:
            return by_owner(lwp.wait);
        case Column::kCpu:
            return by_number(sample.cpu_percent[row]);
        case Column::kDelay:
            return by_number(sample.delay_ms_per_second[row]);
        case Column::kThread:
            return by_number(lwp.thread);
        case Column::kAt:
            return by_text(format_at(sample.snapshot, lwp.stack, {}));
        case Column::kTid:
        case Column::kId:
        case Column::kSince:
        case Column::kSwitches:
            break;
    }
    return by_number(std::optional(lwp.tid));
}

// Rows come in by id, and a stable sort keeps that order among equals.
std::vector<std::uint32_t> sorted(std::vector<SortKey> keys, bool descending)
{
    std::stable_sort(keys.begin(), keys.end(), [descending](const SortKey& a, const SortKey& b) {
        if (a.is_unknown() || b.is_unknown()) {
            return !a.is_unknown() && b.is_unknown();
        }
        const SortKey& low = descending ? b : a;
        const SortKey& high = descending ? a : b;
        return std::tie(low.number, low.text) < std::tie(high.number, high.text);
    });
    std::vector<std::uint32_t> rows;
    rows.reserve(keys.size());
    for (const SortKey& key : keys) {
        rows.push_back(key.row);
    }
    return rows;
}

template <typename Items, typename MakeKey>
std::vector<std::uint32_t> rows_of(const Items& items, const Sample& sample, const Filter& filter,
                                   bool descending, MakeKey make_key)
{
    const Matcher matcher(filter, sample.snapshot);
    std::vector<SortKey> keys;
    keys.reserve(items.size());
    for (std::uint32_t row = 0; row < items.size(); ++row) {
        if (matcher.matches(items[row])) {
            keys.push_back(make_key(row));
            keys.back().row = row;
        }
    }
    return sorted(std::move(keys), descending);
}

}  // namespace

std::vector<std::uint32_t> thread_rows(const Sample& sample, const Filter& filter, Sort sort)
{
    return rows_of(sample.snapshot.threads, sample, filter, sort.descending,
                   [&](std::uint32_t row) { return thread_key(sample, row, sort.column); });
}

std::vector<std::uint32_t> lwp_rows(const Sample& sample, const Filter& filter, Sort sort)
{
    return rows_of(sample.snapshot.lwps, sample, filter, sort.descending,
                   [&](std::uint32_t row) { return lwp_key(sample, row, sort.column); });
}

}  // namespace lwpi::tui
