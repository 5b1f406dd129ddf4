// The members of a snapshot's structures by name: one list for writing and for reading them.
// A new member goes here and is then saved; a file without it leaves the member as it is.
#pragma once

#include "model/snapshot.h"

namespace lwpi {

template <typename Archive>
void fields(Archive& a, LibraryInfo& x)
{
    a("state", x.state, LibraryState::kPresent)("modules", x.modules_searched);
    a("descriptor", x.descriptor)("major", x.abi_major)("minor", x.abi_minor);
    a("missing", x.fields_missing)("version", x.version)("build", x.build)("model", x.model);
    a("module", x.module)("pid", x.pid_at_init)("damage", x.damage);
    a("concurrency", x.concurrency)("pool", x.pool_lwps)("max", x.max_lwps);
    a("growths", x.growths)("cap_hits", x.cap_hits)("threads", x.threads)("last_id", x.last_id);
}

template <typename Archive>
void fields(Archive& a, ProcessInfo& x)
{
    a("pid", x.pid)("parent", x.parent)("name", x.name)("command", x.command);
    a("exe", x.executable)("uid", x.uid)("state", x.state)("uptime_ns", x.uptime_ns);
    a("library", x.library);
}

template <typename Archive>
void fields(Archive& a, Owner& x)
{
    a("kind", x.kind, Owner::Kind::kProcess)("id", x.id)("thread", x.thread)("ended", x.ended);
}

template <typename Archive>
void fields(Archive& a, Wait& x)
{
    a("kind", x.kind, WaitKind::kOther)("name", x.name)("object", x.object);
    a("object_name", x.object_name)("target", x.target)("owner", x.owner)("readers", x.readers);
    a("left_ns", x.left_ns);
}

template <typename Archive>
void fields(Archive& a, Syscall& x)
{
    a("number", x.number)("name", x.name)("args", x.arguments)("sp", x.sp)("pc", x.pc);
    a("file", x.file);
}

template <typename Archive>
void fields(Archive& a, Frame& x)
{
    a("pc", x.pc)("place", x.place);
}

template <typename Archive>
void fields(Archive& a, Stack& x)
{
    a("frames", x.frames)("end", x.end, StackEnd::kGone)("detail", x.detail);
}

template <typename Archive>
void fields(Archive& a, Place& x)
{
    a("fn", x.function)("off", x.offset)("module", x.module)("path", x.module_path);
    a("build_id", x.build_id)("file", x.file)("line", x.line);
}

template <typename Archive>
void fields(Archive& a, ThreadInfo& x)
{
    a("id", x.id)("state", x.state, ThreadState::kSwitching)("state_name", x.state_name);
    a("flags", x.flags)("lwp", x.lwp)("tid", x.tid)("wait", x.wait)("syscall", x.syscall);
    a("since_ns", x.since_ns)("switches", x.switches)("creator", x.creator);
    a("priority", x.priority)("start", x.start)("start_fn", x.start_function)("name", x.name);
    a("stack_lo", x.stack_lo)("stack_hi", x.stack_hi)("sp", x.sp)("seq", x.seq);
    a("record", x.record)("stack", x.stack);
}

template <typename Archive>
void fields(Archive& a, LwpInfo& x)
{
    a("tid", x.tid)("index", x.index)("state_name", x.state_name)("kernel", x.kernel_state);
    a("name", x.name)("syscall", x.syscall)("restarting", x.restarting)("thread", x.thread);
    a("switching", x.switching)("idle_ns", x.idle_ns)("dispatches", x.dispatches)("cpu", x.cpu);
    a("cpu_ns", x.cpu_ns)("run_delay_ns", x.run_delay_ns)("voluntary", x.voluntary_switches);
    a("involuntary", x.involuntary_switches)("wait", x.wait)("stack", x.stack);
}

template <typename Archive>
void fields(Archive& a, Note& x)
{
    a("code", x.code, ExitCode::kInterrupted)("text", x.text);
}

// All but the lists.
template <typename Archive>
void head_fields(Archive& a, Snapshot& x)
{
    a("process", x.process)("mode", x.mode, kLastMode)("taken_ns", x.taken_ns);
    a("wall_ns", x.wall_ns)("spread_ns", x.spread_ns)("pause_ns", x.pause_ns);
    a("longest_pause_ns", x.longest_pause_ns)("paused_lwps", x.paused_lwps);
    a("unread", x.unread_threads)("moving", x.moving_stacks)("complete", x.complete);
}

}  // namespace lwpi
