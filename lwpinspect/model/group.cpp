#include "model/group.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <string_view>

#include "model/order.h"

namespace lwpi {
namespace {

// How the names of the library's inner functions begin; mangled ones, too.
constexpr std::array<std::string_view, 5> kInner{
    "lt::", "_ZN2lt", "(anonymous namespace)::", "_ZN12_GLOBAL__N_1", "arch_"};

constexpr char kSeparator = '\0';

// Waiters of two locks are two groups, for each lock has a holder. Of conditions and semaphores
// there is often one a thread, and who will signal it is not known.
bool tells_apart(const Wait& wait)
{
    return wait.kind != WaitKind::kCond && wait.kind != WaitKind::kSema;
}

std::string key_of(const Group& group, const std::vector<std::string>& modules)
{
    std::string key = group.state_name;
    key += kSeparator;
    key += group.wait.name;
    key += kSeparator;
    key += fmt::format("{:x}", tells_apart(group.wait) ? group.wait.object.value_or(0) : 0);
    key += kSeparator;
    key += name_of(group.end);
    for (std::size_t i = 0; i < group.functions.size(); ++i) {
        key += kSeparator;
        key += group.functions[i];
        key += kSeparator;
        key += modules[i];
    }
    return key;
}

class Groups {
  public:
    Groups(const Snapshot& snapshot, std::size_t depth) : snapshot_(snapshot), depth_(depth) {}

    // `group` has everything but what comes from the stack.
    void add(Group group, const Stack& stack, std::uint64_t id)
    {
        std::vector<std::string> modules;
        const std::size_t shown =
            depth_ == 0 ? stack.frames.size() : std::min(depth_, stack.frames.size());
        for (std::size_t i = 0; i < shown; ++i) {
            const Place& place = snapshot_.place(stack.frames[i]);
            group.functions.push_back(function_of(place));
            modules.push_back(place.module);
            // A thread that runs there is where it is, whoever's function that may be.
            const bool is_there = i == 0 && group.state == ThreadState::kRunning;
            group.internal.push_back(!is_there && is_internal(snapshot_, place));
        }
        group.end = shown < stack.frames.size() ? StackEnd::kLimit : stack.end;
        group.detail = stack.detail;
        insert(std::move(group), modules, id);
    }

    // A group that says all there is to say of its member.
    void add_whole(Group group, std::uint64_t id)
    {
        const std::vector<std::string> modules(group.functions.size());
        insert(std::move(group), modules, id);
    }

  private:
    void insert(Group group, const std::vector<std::string>& modules, std::uint64_t id)
    {
        std::string key = key_of(group, modules);
        const std::int64_t age = group.longest_ns;
        const std::optional<Owner> owner = group.wait.owner;
        const auto object = group.wait.object;
        const std::string name = group.wait.object_name;
        Group& kept = groups_.try_emplace(std::move(key), std::move(group)).first->second;
        kept.longest_ns = std::max(kept.longest_ns, age);
        if (kept.wait.owner != owner) {
            kept.wait.owner.reset();
        }
        if (kept.wait.object != object || kept.wait.object_name != name) {
            kept.wait.object.reset();
            kept.wait.object_name.clear();
        }
        kept.ids.push_back(id);
    }

  public:
    std::vector<Group> finish()
    {
        std::vector<Group> sorted;
        for (auto& [key, group] : groups_) {
            std::sort(group.ids.begin(), group.ids.end());
            sorted.push_back(std::move(group));
        }
        std::sort(sorted.begin(), sorted.end(), [](const Group& a, const Group& b) {
            return a.ids.size() != b.ids.size() ? a.ids.size() > b.ids.size()
                                                : a.ids.front() < b.ids.front();
        });
        return sorted;
    }

  private:
    const Snapshot& snapshot_;
    std::size_t depth_;
    std::map<std::string, Group> groups_;
};

}  // namespace

bool is_internal(const Snapshot& snapshot, const Place& place)
{
    const LibraryInfo& library = snapshot.process.library;
    return library.state == LibraryState::kPresent && place.module_path == library.module &&
           std::any_of(kInner.begin(), kInner.end(),
                       [&](std::string_view front) { return place.function.starts_with(front); });
}

std::string function_of(const Place& place)
{
    return place.function.empty() ? fmt::format("{}+{:#x}", place.module, place.offset)
                                  : place.function;
}

namespace {

Group group_of(const ThreadInfo& thread, std::size_t index)
{
    Group group;
    group.state = thread.state;
    group.state_name = thread.state_name;
    group.wait = thread.wait;
    group.wait.left_ns.reset();
    group.sample = index;
    group.longest_ns = thread.since_ns.value_or(0);
    return group;
}

Group group_of(const LwpInfo& lwp, std::size_t index)
{
    Group group;
    group.lwps = true;
    group.state_name = std::string(1, lwp.kernel_state);
    group.wait = lwp.wait;
    if (group.wait.kind == WaitKind::kNone && lwp.syscall) {
        group.wait.kind = WaitKind::kOther;
        group.wait.name = lwp.syscall->name;
    }
    group.sample = index;
    return group;
}

std::string shared_word(const Snapshot& snapshot, const ThreadInfo& thread, GroupBy by)
{
    switch (by) {
        case GroupBy::kStart:
            return thread.start_function;
        case GroupBy::kCreator:
            if (!thread.creator) {
                return {};
            }
            return *thread.creator == 0 ? "not made by libthread"
                                        : fmt::format("made by #{}", *thread.creator);
        case GroupBy::kTop:
            return where(snapshot, thread);
        case GroupBy::kStack:
        case GroupBy::kState:
        case GroupBy::kWait:
            break;
    }
    return {};
}

}  // namespace

std::vector<Group> group_threads(const Snapshot& snapshot, GroupBy by)
{
    if (by == GroupBy::kStack) {
        return group_stacks(snapshot, 0);
    }
    Groups groups(snapshot, 0);
    const auto add = [&](Group group, std::string word, std::uint64_t id) {
        if (by != GroupBy::kState && by != GroupBy::kWait) {
            group.state_name = std::string(1, '-');
            group.state = ThreadState::kUnknown;
        }
        if (by != GroupBy::kWait) {
            group.wait = {};
            group.wait.name = std::string(1, '-');
        }
        if (!word.empty()) {
            group.functions.push_back(std::move(word));
            group.internal.push_back(false);
        }
        groups.add_whole(std::move(group), id);
    };
    for (std::size_t i = 0; i < snapshot.threads.size(); ++i) {
        const ThreadInfo& thread = snapshot.threads[i];
        add(group_of(thread, i), shared_word(snapshot, thread, by), thread.id);
    }
    if (snapshot.process.library.state != LibraryState::kPresent) {
        for (std::size_t i = 0; i < snapshot.lwps.size(); ++i) {
            const LwpInfo& lwp = snapshot.lwps[i];
            add(group_of(lwp, i), by == GroupBy::kTop ? where(snapshot, lwp.stack) : std::string(),
                static_cast<std::uint64_t>(lwp.tid));
        }
    }
    return groups.finish();
}

std::vector<Group> group_stacks(const Snapshot& snapshot, std::size_t depth)
{
    Groups groups(snapshot, depth);
    for (std::size_t i = 0; i < snapshot.threads.size(); ++i) {
        const ThreadInfo& thread = snapshot.threads[i];
        groups.add(group_of(thread, i), thread.stack, thread.id);
    }
    if (snapshot.process.library.state != LibraryState::kPresent) {
        for (std::size_t i = 0; i < snapshot.lwps.size(); ++i) {
            const LwpInfo& lwp = snapshot.lwps[i];
            groups.add(group_of(lwp, i), lwp.stack, static_cast<std::uint64_t>(lwp.tid));
        }
    }
    return groups.finish();
}

}  // namespace lwpi
