// The second half of a snapshot: names for what was read, and what to say about it.
#include <fmt/format.h>

#include <algorithm>

#include "reader/live_source.h"
#include "reader/waits.h"
#include "support/syscalls.h"

namespace lwpi {

// Links of /proc are read after everything else: they cost more than all the rest of an LWP.
void LiveTake::name_file(std::optional<Syscall>& call) const
{
    if (!readable_ || !call || !syscall_form(call->number).signature.starts_with('d')) {
        return;
    }
    call->file = descriptors_.name(call->arguments[0]);
}

// Numbers of another namespace are not ours to look up.
bool LiveTake::process_has_ended(std::uint64_t process) const
{
    if (library_.info.pid_at_init != process_.pid()) {
        return false;
    }
    const auto stat =
        parse_stat(read_file_at(-1, fmt::format("/proc/{}/stat", process).c_str(), 4096).text);
    return !stat || stat->state == 'Z' || stat->state == 'X';
}

// The same for threads that wait in the library.
void LiveTake::name_descriptors()
{
    if (!readable_) {
        return;
    }
    for (ThreadInfo& thread : snapshot_.threads) {
        if (const auto fd = descriptor_of(thread.wait)) {
            const std::string name = descriptors_.name(*fd);
            thread.wait.object_name += name.empty() ? "" : '<' + name + '>';
        }
    }
}

void LiveTake::finish()
{
    const int pid = process_.pid();
    if (process_.has_ended()) {
        if (snapshot_.threads.empty() && snapshot_.lwps.empty()) {
            throw TargetError(ExitCode::kNoProcess, fmt::format("{} has exited.", pid));
        }
        snapshot_.complete = false;
        snapshot_.ended = true;
        note(ExitCode::kPartial,
             library_.layout
                 ? fmt::format("{} exited after {} of {} threads were read; the rest is missing.",
                               pid, snapshot_.threads.size(),
                               library_.info.threads.value_or(snapshot_.threads.size()))
                 : fmt::format("{} exited while it was read.", pid));
        return;
    }
    name_descriptors();
    const auto stat = process_.stat();
    if (stat && first_stat_->stack_start != 0 && stat->stack_start != first_stat_->stack_start) {
        snapshot_.complete = false;
        note(ExitCode::kPartial,
             fmt::format("{} replaced itself by exec while being read; run again.", pid));
    }
    if (parked_.size() < asked_stacks_) {
        snapshot_.complete = false;
        note(ExitCode::kTimeLimit,
             fmt::format("time limit: {} of {} stacks were read.", parked_.size(), asked_stacks_));
    }
    if (snapshot_.unread_threads != 0) {
        snapshot_.complete = false;
        note(ExitCode::kPartial,
             fmt::format("{} threads were not read (--max-threads).", snapshot_.unread_threads));
    }
}

}  // namespace lwpi
