#include "model/order.h"

#include <algorithm>
#include <array>
#include <tuple>

#include "model/group.h"

namespace lwpi {
namespace {

struct KeyName {
    std::string_view name;
    ThreadKey key;
};
constexpr std::array<KeyName, 9> kKeys{{{"id", ThreadKey::kId},
                                        {"state", ThreadKey::kState},
                                        {"lwp", ThreadKey::kLwp},
                                        {"wait", ThreadKey::kWait},
                                        {"owner", ThreadKey::kOwner},
                                        {"since", ThreadKey::kSince},
                                        {"sw", ThreadKey::kSwitches},
                                        {"name", ThreadKey::kName},
                                        {"fn", ThreadKey::kFunction}}};

// Comparable: unknown ones compare greater in both directions through the first member.
struct SortValue {
    bool unknown = false;
    std::int64_t number = 0;
    std::string text;
};

template <typename Number>
SortValue numeric(const std::optional<Number>& value)
{
    return {!value.has_value(), value ? static_cast<std::int64_t>(*value) : 0, {}};
}

SortValue sort_value(const Snapshot& snapshot, const ThreadInfo& thread, ThreadKey key)
{
    const auto text = [](std::string value) {
        return SortValue{value.empty(), 0, std::move(value)};
    };
    switch (key) {
        case ThreadKey::kId:
            return {};
        case ThreadKey::kState:
            return text(thread.state_name);
        case ThreadKey::kLwp:
            return numeric(thread.lwp);
        case ThreadKey::kWait:
            return text(thread.wait.kind == WaitKind::kNone ? "" : describe(thread.wait));
        case ThreadKey::kOwner:
            return thread.wait.owner
                       ? SortValue{false, static_cast<std::int64_t>(thread.wait.owner->id), {}}
                       : SortValue{true, 0, {}};
        case ThreadKey::kSince:
            return thread.since_ns ? SortValue{false, -*thread.since_ns, {}}
                                   : SortValue{true, 0, {}};
        case ThreadKey::kSwitches:
            return numeric(thread.switches);
        case ThreadKey::kName:
            return text(thread.name);
        case ThreadKey::kFunction:
            return text(where(snapshot, thread));
    }
    return {};
}

bool any_frame(const Snapshot& snapshot, const Stack& stack, const Pattern& pattern)
{
    return std::any_of(stack.frames.begin(), stack.frames.end(), [&](const Frame& frame) {
        return pattern.is_in(function_of(snapshot.place(frame)));
    });
}

bool matches_stack(const StackFilter& filter, const Snapshot& snapshot, const Stack& stack)
{
    return (!filter.function || any_frame(snapshot, stack, *filter.function)) &&
           (!filter.not_function || !any_frame(snapshot, stack, *filter.not_function));
}

}  // namespace

std::optional<ThreadKey> thread_key(std::string_view name)
{
    const auto found = std::find_if(kKeys.begin(), kKeys.end(),
                                    [&](const KeyName& key) { return key.name == name; });
    return found == kKeys.end() ? std::nullopt : std::optional(found->key);
}

void sort_threads(const Snapshot& snapshot, std::vector<const ThreadInfo*>& threads, ThreadKey key,
                  bool reverse)
{
    struct Row {
        SortValue value;
        const ThreadInfo* thread;
    };
    std::vector<Row> rows;
    for (const ThreadInfo* thread : threads) {
        rows.push_back({sort_value(snapshot, *thread, key), thread});
    }
    std::sort(rows.begin(), rows.end(), [&](const Row& a, const Row& b) {
        if (a.value.unknown != b.value.unknown) {
            return b.value.unknown;
        }
        const auto left = std::tie(a.value.number, a.value.text);
        const auto right = std::tie(b.value.number, b.value.text);
        if (left != right) {
            return reverse ? right < left : left < right;
        }
        return reverse && key == ThreadKey::kId ? a.thread->id > b.thread->id
                                                : a.thread->id < b.thread->id;
    });
    std::transform(rows.begin(), rows.end(), threads.begin(),
                   [](const Row& row) { return row.thread; });
}

bool matches(const StackFilter& filter, const Snapshot& snapshot, const ThreadInfo& thread)
{
    return (filter.state.empty() || filter.state == thread.state_name) &&
           (filter.wait.empty() || filter.wait == thread.wait.name) &&
           (!filter.name || filter.name->is_in(thread.name)) &&
           (!filter.lwp || thread.tid == filter.lwp ||
            (thread.lwp && static_cast<int>(*thread.lwp) == *filter.lwp)) &&
           (filter.min_age_ns == 0 || thread.since_ns.value_or(0) >= filter.min_age_ns) &&
           matches_stack(filter, snapshot, thread.stack);
}

bool matches(const StackFilter& filter, const Snapshot& snapshot, const LwpInfo& lwp)
{
    const std::string wait =
        lwp.wait.kind == WaitKind::kNone && lwp.syscall ? lwp.syscall->name : lwp.wait.name;
    return (filter.state.empty() || filter.state == std::string(1, lwp.kernel_state)) &&
           (filter.wait.empty() || filter.wait == wait) &&
           (!filter.name || filter.name->is_in(lwp.name)) &&
           (!filter.lwp || lwp.tid == *filter.lwp ||
            (lwp.index && static_cast<int>(*lwp.index) == *filter.lwp)) &&
           (filter.min_age_ns == 0 || lwp.idle_ns.value_or(0) >= filter.min_age_ns) &&
           matches_stack(filter, snapshot, lwp.stack);
}

void apply(const StackFilter& filter, Snapshot& snapshot)
{
    std::erase_if(snapshot.threads,
                  [&](const ThreadInfo& thread) { return !matches(filter, snapshot, thread); });
    std::erase_if(snapshot.lwps,
                  [&](const LwpInfo& lwp) { return !matches(filter, snapshot, lwp); });
}

std::string where(const Snapshot& snapshot, const Stack& stack)
{
    for (const Frame& frame : stack.frames) {
        const Place& place = snapshot.place(frame);
        if (!is_internal(snapshot, place) && !place.function.empty()) {
            return place.function;
        }
    }
    return stack.frames.empty() ? std::string() : function_of(snapshot.place(stack.frames.front()));
}

std::string where(const Snapshot& snapshot, const ThreadInfo& thread)
{
    return thread.stack.frames.empty() ? thread.start_function : where(snapshot, thread.stack);
}

}  // namespace lwpi
