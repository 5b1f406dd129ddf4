// The second half of a snapshot: names for what was read.
#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "reader/take.h"
#include "support/escape.h"

namespace lwpi {

void Take::read_thread_numbers()
{
    // Where glibc keeps a thread's number, on x86-64. Should it ever be elsewhere nothing is found
    // there: a thread's number is like no other word.
    constexpr Address kNumber = 0x2d0;
    thread_numbers_.emplace();
    std::vector<std::uint32_t> numbers(threads_.size());
    std::vector<RemoteBlock> blocks;
    blocks.reserve(threads_.size());
    for (std::size_t i = 0; i < threads_.size(); ++i) {
        const auto into = std::as_writable_bytes(std::span(numbers)).subspan(4 * i, 4);
        const bool sane = threads_[i].tcb != 0 && threads_[i].tcb < kAddressEnd - kNumber;
        blocks.push_back({sane ? threads_[i].tcb + kNumber : 0, into, 0});
    }
    tools_.memory.read_blocks(blocks);
    for (std::size_t i = 0; i < threads_.size(); ++i) {
        if (blocks[i].got == blocks[i].into.size() && numbers[i] != 0 &&
            state_of(threads_[i]) != ThreadState::kZombie) {
            thread_numbers_->emplace(numbers[i], threads_[i].id);
        }
    }
}

std::optional<Owner> Take::pthread_owner(std::uint32_t number)
{
    if (library_.layout && !thread_numbers_) {
        read_thread_numbers();
    }
    if (thread_numbers_) {
        if (const auto thread = thread_numbers_->find(number); thread != thread_numbers_->end()) {
            return Owner{Owner::Kind::kThread, thread->second};
        }
    }
    const auto task = inner_tids_.find(static_cast<int>(number));
    return task == inner_tids_.end()
               ? std::nullopt
               : std::optional(Owner{Owner::Kind::kLwp, static_cast<std::uint64_t>(task->second)});
}

Wait Take::kernel_wait(const Syscall& call, const Now& now)
{
    if (library_.layout) {
        const Processes processes{
            static_cast<std::uint64_t>(library_.info.pid_at_init),
            [this](std::uint64_t process) { return process_has_ended(process); }};
        if (auto wait = shared_wait_of(call, *library_.layout, tools_.memory, processes, now)) {
            return *std::move(wait);
        }
    }
    return futex_wait_of(
        call, tools_.memory, [this](std::uint32_t number) { return pthread_owner(number); }, now);
}

void Take::add_lwps()
{
    const Now now = {snapshot_.taken_ns, snapshot_.wall_ns};
    for (const LwpObservation& lwp : lwps_) {
        inner_tids_.emplace(lwp.inner_tid, lwp.info.tid);
    }
    for (LwpObservation& lwp : lwps_) {
        if (library_.layout) {
            describe_lwp(lwp, *library_.layout, now);
        }
        LwpInfo& info = lwp.info;
        info.wait.name = "-";
        name_file(info.syscall);
        // An idle LWP waits for work, which is no news.
        if (info.syscall && (!lwp.record || info.thread)) {
            info.wait = kernel_wait(*info.syscall, now);
            if (info.wait.object) {
                info.wait.object_name = places_->name_at(*info.wait.object, SymbolKind::kData);
            }
        }
        if (lwp.stack) {
            info.stack = places_->resolve(*lwp.stack);
        } else {
            info.stack.end = lwp.no_stack == StackEnd::kNotTaken || wants_stack(lwp) || !readable_
                                 ? lwp.no_stack
                                 : StackEnd::kNotTaken;
        }
        snapshot_.pause_ns += lwp.pause_ns;  // 0 in mode snapshot, where all have one pause
        snapshot_.longest_pause_ns = std::max(snapshot_.longest_pause_ns, lwp.pause_ns);
        snapshot_.paused_lwps += lwp.pause_ns > 0 ? 1 : 0;
        snapshot_.lwps.push_back(info);
    }
    std::stable_sort(snapshot_.lwps.begin(), snapshot_.lwps.end(),
                     [](const LwpInfo& a, const LwpInfo& b) {
                         return a.index.value_or(UINT32_MAX) < b.index.value_or(UINT32_MAX);
                     });
}

void Take::add_lines()
{
    if (request_.lines) {
        places_->add_lines(tools_.symbols.files());
    }
}

void Take::add_threads()
{
    const Now now = {snapshot_.taken_ns, snapshot_.wall_ns};
    WaitReader waits(*library_.layout, tools_.memory);
    for (const ThreadRecord& record : threads_) {
        const auto parked = parked_.find(record.id);
        const bool has_parked = parked != parked_.end();
        const bool went_on = has_parked && snapshot_.mode == Mode::kInstant &&
                             parked->second.record.seq != record.seq;
        ThreadInfo info = describe_thread(has_parked && !went_on ? parked->second.record : record,
                                          *library_.layout, waits, now);
        if (const auto carrier = carriers_.find(record.id); carrier != carriers_.end()) {
            const LwpObservation& lwp = lwps_[carrier->second];
            info.lwp = lwp.info.index;
            info.tid = lwp.info.tid;
            info.syscall = lwp.info.syscall;
            if (info.wait.kind == WaitKind::kNone && lwp.info.wait.kind != WaitKind::kOther) {
                info.wait = lwp.info.wait;  // in the kernel, where the library does not see it
            }
            info.sp = lwp.sp;
            info.stack = lwp.stack ? places_->resolve(*lwp.stack) : Stack{{}, lwp.no_stack, ""};
        } else if (info.state == ThreadState::kRunning) {
            info.state = ThreadState::kSwitching;
            info.state_name = "switching";
        }
        if (has_parked) {
            info.stack = parked->second.moving || went_on ? Stack{{}, StackEnd::kMoving, ""}
                                                          : places_->resolve(parked->second.stack);
            snapshot_.moving_stacks += parked->second.moving || went_on ? 1U : 0U;
        }
        if (!wants_stack(record.id)) {
            info.stack = {};
        } else if (info.state == ThreadState::kZombie) {
            info.stack.end = StackEnd::kGone;
        }
        if (info.start && *info.start != 0) {
            info.start_function = places_->name_at(*info.start, SymbolKind::kCode);
        }
        if (info.wait.object) {
            info.wait.object_name = places_->name_at(*info.wait.object, SymbolKind::kData);
        }
        snapshot_.threads.push_back(std::move(info));
    }
}

void Take::show_names()
{
    std::vector<std::string*> shown;
    for (Place& place : snapshot_.places) {
        shown.push_back(&place.function);
    }
    for (ThreadInfo& thread : snapshot_.threads) {
        shown.push_back(&thread.start_function);
        shown.push_back(&thread.wait.object_name);
    }
    for (LwpInfo& lwp : snapshot_.lwps) {
        shown.push_back(&lwp.wait.object_name);
    }
    std::erase_if(shown, [](const std::string* name) { return !name->starts_with("_Z"); });
    // "name" or "name+offset".
    const auto symbol = [](const std::string& name) { return name.substr(0, name.find('+')); };
    if (tools_.demangle == Demangle::kYes && !shown.empty()) {
        std::vector<std::string> names;
        for (const std::string* name : shown) {
            names.push_back(symbol(*name));
        }
        const auto& demangled = tools_.symbols.demangle(names);
        for (std::size_t i = 0; i < shown.size(); ++i) {
            shown[i]->replace(0, names[i].size(), demangled.at(names[i]));
        }
    }
    for (const std::string& path : tools_.symbols.refused()) {
        note(ExitCode::kPartial,
             fmt::format("reading the symbols of {} took too much time or memory: its names are "
                         "missing.",
                         printable(path)));
    }
}

}  // namespace lwpi
