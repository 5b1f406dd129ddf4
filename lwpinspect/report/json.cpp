#include "report/json.h"

#include <fmt/format.h>

#include "report/json_values.h"

namespace lwpi {
namespace {

Json stack_of(const Snapshot& snapshot, const Stack& stack)
{
    if (stack.end == StackEnd::kNotTaken) {
        return nullptr;
    }
    Json frames = Json::array();
    for (const Frame& frame : stack.frames) {
        const Place& place = snapshot.place(frame);
        frames.push_back({{"pc", hex(frame.pc)},
                          {"fn", text_of(place.function)},
                          {"off", place.offset},
                          {"module", place.module},
                          {"build_id", text_of(place.build_id)},
                          {"file", text_of(place.file)},
                          {"line", place.file.empty() ? Json() : Json(place.line)},
                          {"inlined", nullptr}});
    }
    return {{"frames", std::move(frames)},
            {"end", name_of(stack.end)},
            {"detail", text_of(stack.detail)}};
}

Json library_of(const LibraryInfo& library)
{
    const bool found = library.descriptor != 0;
    return {
        {"state", name_of(library.state)},
        {"module", text_of(library.module)},
        {"descriptor", found ? hex(library.descriptor) : Json()},
        {"abi", found ? Json(fmt::format("{}.{}", library.abi_major, library.abi_minor)) : Json()},
        {"version", text_of(library.version)},
        {"build", text_of(library.build)},
        {"model", text_of(library.model)},
        {"damage", text_of(library.damage)},
        {"concurrency", value_of(library.concurrency)},
        {"pool_lwps", value_of(library.pool_lwps)},
        {"max_lwps", value_of(library.max_lwps)},
        {"growths", value_of(library.growths)},
        {"cap_hits", value_of(library.cap_hits)},
        {"threads", value_of(library.threads)},
        {"last_id", value_of(library.last_id)},
        {"modules_searched", library.modules_searched}};
}

}  // namespace

std::string process_json(const Snapshot& snapshot)
{
    const ProcessInfo& process = snapshot.process;
    return line_of({{"schema", "lwpinspect/1"},
                    {"type", "process"},
                    {"pid", process.pid},
                    {"ppid", process.parent},
                    {"name", process.name},
                    {"command", text_of(process.command)},
                    {"exe", text_of(process.executable)},
                    {"uid", process.uid},
                    {"state", std::string(1, process.state)},
                    {"uptime_ns", value_of(process.uptime_ns)},
                    {"time_ns", snapshot.wall_ns},
                    {"library", library_of(process.library)}});
}

std::string lwp_json(const Snapshot& snapshot, const LwpInfo& lwp)
{
    return line_of({{"type", "lwp"},
                    {"tid", lwp.tid},
                    {"index", value_of(lwp.index)},
                    {"name", lwp.name},
                    {"state", text_of(lwp.state_name)},
                    {"kernel_state", std::string(1, lwp.kernel_state)},
                    {"thread", value_of(lwp.thread)},
                    {"switching", lwp.switching},
                    {"syscall", syscall_of(lwp.syscall)},
                    {"wait", wait_of(lwp.wait)},
                    {"idle_ns", value_of(lwp.idle_ns)},
                    {"dispatches", value_of(lwp.dispatches)},
                    {"cpu", value_of(lwp.cpu)},
                    {"cpu_ns", value_of(lwp.cpu_ns)},
                    {"run_delay_ns", value_of(lwp.run_delay_ns)},
                    {"voluntary_switches", value_of(lwp.voluntary_switches)},
                    {"involuntary_switches", value_of(lwp.involuntary_switches)},
                    {"stack", stack_of(snapshot, lwp.stack)}});
}

std::string thread_json(const Snapshot& snapshot, const ThreadInfo& thread)
{
    return line_of({{"type", "thread"},
                    {"id", thread.id},
                    {"name", text_of(thread.name)},
                    {"state", thread.state_name},
                    {"flags", thread.flags},
                    {"lwp", value_of(thread.lwp)},
                    {"tid", value_of(thread.tid)},
                    {"wait", wait_of(thread.wait)},
                    {"syscall", syscall_of(thread.syscall)},
                    {"since_ns", value_of(thread.since_ns)},
                    {"switches", value_of(thread.switches)},
                    {"creator", value_of(thread.creator)},
                    {"priority", value_of(thread.priority)},
                    {"start", hex(thread.start)},
                    {"start_fn", text_of(thread.start_function)},
                    {"stack_lo", hex(thread.stack_lo)},
                    {"stack_hi", hex(thread.stack_hi)},
                    {"sp", hex(thread.sp)},
                    {"seq", thread.seq},
                    {"stack", stack_of(snapshot, thread.stack)}});
}

std::string group_json(const Group& group)
{
    return line_of({{"type", "group"},
                    {"count", group.ids.size()},
                    {"of", group.lwps ? "lwp" : "thread"},
                    {"state", group.state_name},
                    {"wait", wait_of(group.wait)},
                    {"longest_ns", group.longest_ns > 0 ? Json(group.longest_ns) : Json()},
                    {"functions", group.functions},
                    {"end", name_of(group.end)},
                    {"detail", text_of(group.detail)},
                    {"ids", group.ids}});
}

std::string end_json(const Snapshot& snapshot, ExitCode code)
{
    Json notes = Json::array();
    for (const Note& note : snapshot.notes) {
        notes.push_back(note.text);
    }
    return line_of({{"type", "end"},
                    {"complete", snapshot.complete},
                    {"unread", snapshot.unread_threads},
                    {"moving", snapshot.moving_stacks},
                    {"mode", name_of(snapshot.mode)},
                    {"pause_ns", snapshot.pause_ns},
                    {"longest_pause_ns", snapshot.longest_pause_ns},
                    {"paused_lwps", snapshot.paused_lwps},
                    {"spread_ns", snapshot.spread_ns},
                    {"exit", static_cast<int>(code)},
                    {"notes", std::move(notes)}});
}

}  // namespace lwpi
