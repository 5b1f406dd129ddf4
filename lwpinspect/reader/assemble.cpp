#include "reader/assemble.h"

#include <algorithm>

namespace lwpi {
namespace {

StackEnd shown_end(UnwindEnd end)
{
    switch (end) {
        case UnwindEnd::kBottom:
            return StackEnd::kBottom;
        case UnwindEnd::kEntry:
            return StackEnd::kEntry;
        case UnwindEnd::kNoUnwindInfo:
            return StackEnd::kNoUnwindInfo;
        case UnwindEnd::kMemory:
        case UnwindEnd::kTruncated:
            return StackEnd::kMemory;
        case UnwindEnd::kLimit:
            return StackEnd::kLimit;
        case UnwindEnd::kLoop:
            return StackEnd::kLoop;
    }
    return StackEnd::kMemory;
}

std::optional<std::int64_t> age(const std::optional<std::int64_t>& since, const Now& now)
{
    // The library reads a coarse clock, which may be a tick ahead of our first reading.
    return since && *since > 0 ? std::optional(std::max<std::int64_t>(0, now.monotonic_ns - *since))
                               : std::nullopt;
}

}  // namespace

CarrierIndex::CarrierIndex(const Layout& layout, const std::vector<ThreadRecord>& threads)
    : layout_(layout)
{
    for (const ThreadRecord& record : threads) {
        const ThreadState state = thread_state(layout.name(LWPT_THREAD_STATE, record.state));
        if (state != ThreadState::kZombie && record.stack_lo < record.stack_hi) {
            stacks_.push_back({record.stack_lo, record.stack_hi});
        }
    }
    std::sort(stacks_.begin(), stacks_.end(),
              [](const Range& a, const Range& b) { return a.lo < b.lo; });
}

bool CarrierIndex::is_on_a_thread_stack(Address sp) const
{
    const auto after =
        std::upper_bound(stacks_.begin(), stacks_.end(), sp,
                         [](Address address, const Range& range) { return address < range.lo; });
    return after != stacks_.begin() && sp < std::prev(after)->hi;
}

bool CarrierIndex::says_running(const ThreadRecord& record) const
{
    const ThreadState state = thread_state(layout_.name(LWPT_THREAD_STATE, record.state));
    if (state == ThreadState::kRunning) {
        return true;
    }
    // A bound thread never leaves its LWP: it sleeps, or waits for its start, together with it.
    const std::vector<std::string> flags = layout_.flag_names(record.flags);
    const bool bound = std::find(flags.begin(), flags.end(), "bound") != flags.end();
    return bound && state != ThreadState::kZombie && state != ThreadState::kReady;
}

Carried CarrierIndex::carried_by(const LwpObservation& lwp) const
{
    using Kind = Carried::Kind;
    if (!lwp.record) {
        return {};
    }
    const bool named = lwp.thread && lwp.thread->id != 0 && says_running(*lwp.thread);
    if (!lwp.sp) {
        return named ? Carried{Kind::kThread, lwp.thread->id} : Carried{};
    }
    if (lwp.thread && lwp.thread->has_on_stack(*lwp.sp)) {
        if (lwp.thread->id == 0) {
            return {};  // on its idle context
        }
        return named ? Carried{Kind::kThread, lwp.thread->id} : Carried{Kind::kSwitching, 0};
    }
    if (is_on_a_thread_stack(*lwp.sp)) {
        return {Kind::kSwitching, 0};
    }
    // On no thread's stack: in a signal handler on an alternate one, so the record is right.
    return named ? Carried{Kind::kThread, lwp.thread->id} : Carried{};
}

Place PlaceTable::look_up(Address pc, Address within) const
{
    Place place;
    const Module* const module = modules_.find(within);
    if (module == nullptr) {
        const Mapping* const map = find_mapping(maps_, within);
        place.module_path = map == nullptr ? "" : map->path;
        place.module = map == nullptr ? "[unmapped]" : map->path.empty() ? "[anon]" : map->path;
        place.offset = map == nullptr ? pc : pc - map->start;
        return place;
    }
    place.module = module->name();
    place.module_path = module->path;
    place.build_id = module->build_id;
    place.offset = pc - module->bias;
    if (const auto hit = symbols_.find(*module, within, SymbolKind::kCode)) {
        place.function = hit->name;
        place.offset = hit->offset + (pc - within);
    }
    return place;
}

std::uint32_t PlaceTable::place_of(const RawFrame& frame)
{
    // A return address may be the first byte of the next function: look up the call before it.
    const Address within = frame.exact || frame.pc == 0 ? frame.pc : frame.pc - 1;
    const auto [entry, fresh] =
        known_.try_emplace(frame.pc * 2 + (frame.exact ? 1 : 0), places_.size());
    if (fresh) {
        places_.push_back(look_up(frame.pc, within));
        looked_up_.push_back(within);
    }
    return entry->second;
}

void PlaceTable::add_lines(const ModuleFiles& files)
{
    std::map<const Module*, std::vector<std::size_t>> by_module;
    for (std::size_t i = 0; i < looked_up_.size(); ++i) {
        by_module[modules_.find(looked_up_[i])].push_back(i);
    }
    by_module.erase(nullptr);
    for (const auto& [module, rows] : by_module) {
        std::vector<Address> addresses;
        for (const std::size_t row : rows) {
            addresses.push_back(looked_up_[row]);
        }
        const std::vector<SourceLine> lines = lines_at(files, *module, addresses);
        for (std::size_t i = 0; i < rows.size(); ++i) {
            places_[rows[i]].file = lines[i].file;
            places_[rows[i]].line = lines[i].line;
        }
    }
}

Stack PlaceTable::resolve(const UnwoundStack& raw)
{
    Stack stack;
    stack.frames.reserve(raw.frames.size());
    for (const RawFrame& frame : raw.frames) {
        stack.frames.push_back({frame.pc, place_of(frame)});
    }
    stack.end = shown_end(raw.end);
    if (stack.end == StackEnd::kNoUnwindInfo && !stack.frames.empty()) {
        const Place& last = places_[stack.frames.back().place];
        stack.detail = last.module_path.empty() ? last.module : last.module_path;
    }
    return stack;
}

std::string PlaceTable::name_at(Address address, SymbolKind kind) const
{
    const Module* const module = modules_.find(address);
    if (module == nullptr) {
        return {};
    }
    const auto hit = symbols_.find(*module, address, kind);
    if (!hit) {
        return {};
    }
    return hit->offset == 0 ? hit->name : hit->name + '+' + std::to_string(hit->offset);
}

ThreadInfo describe_thread(const ThreadRecord& record, const Layout& layout, WaitReader& waits,
                           const Now& now)
{
    ThreadInfo info;
    info.id = record.id;
    info.state_name = layout.name(LWPT_THREAD_STATE, record.state);
    info.state = thread_state(info.state_name);
    if (record.torn) {
        info.state = ThreadState::kSwitching;
        info.state_name = "switching";
    }
    info.flags = layout.flag_names(record.flags);
    info.wait.name = "-";
    if (info.state == ThreadState::kBlocked) {
        info.wait = waits.wait_of(record, now);
    }
    if (info.state == ThreadState::kBlocked || info.state == ThreadState::kReady) {
        info.since_ns = age(record.since, now);
    }
    info.switches = record.switches;
    info.creator = record.creator;
    info.priority = record.priority;
    info.start = record.start;
    info.name = record.name;
    info.stack_lo = record.stack_lo;
    info.stack_hi = record.stack_hi;
    if (record.is_parked()) {
        info.sp = record.sp;
    }
    info.seq = record.seq;
    info.record = record.address;
    return info;
}

void describe_lwp(LwpObservation& lwp, const Layout& layout, const Now& now)
{
    if (!lwp.record) {
        return;
    }
    if (lwp.record->index) {
        lwp.info.index = static_cast<std::uint32_t>(*lwp.record->index);
    }
    if (lwp.record->state) {
        lwp.info.state_name = layout.name(LWPT_LWP_STATE, *lwp.record->state);
    }
    lwp.info.dispatches = lwp.record->dispatches;
    if (lwp.info.state_name == "parked" || lwp.info.state_name == "spare") {
        lwp.info.idle_ns = age(lwp.record->since, now);
    }
}

}  // namespace lwpi
