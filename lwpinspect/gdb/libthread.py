"""libthread's user threads in gdb: `source libthread.py`, then

    info lwpthreads          all user threads: state, LWP, what each waits for, where it stands
    lwpthread N bt           the stack of thread N, running or parked
    lwpthread N regs         the registers of a parked thread

Works on live processes and on cores, and changes neither: a parked thread's frames are shown through
an unwinder that goes from the selected LWP's innermost frame to the saved registers.  Everything is
read by the descriptor that libthread publishes (docs/INSPECT_ABI.md); no debug information of the
library is needed.
"""
import collections
import struct

import gdb
import gdb.unwinder

MAGIC = 0x31475542444C5754
NOT_PROVIDED = 0xFFFF
MAX_RECORDS = 1000000
# The slots of <libthread/inspect_fields.def> that are used here; a test compares them with it.
SLOTS = {
    "thread_id": 0, "thread_seq": 1, "thread_state": 2, "thread_flags": 3, "thread_lwp": 4,
    "thread_sp": 5, "thread_stack_lo": 7, "thread_stack_hi": 8, "thread_wait_kind": 9,
    "thread_wait_object": 10, "thread_wait_target": 11, "thread_name": 18, "lwp_tid": 20,
}
THREAD_STATE, WAIT_KIND = 1, 2
FLAG_IDLE = 16
SAVED = ("r15", "r14", "r13", "r12", "rbx", "rbp", "rip")

Thread = collections.namedtuple("Thread", "id seq state lwp sp lo hi wait object target name")


def read(address, size):
    return bytes(gdb.selected_inferior().read_memory(address, size))


class Descriptor:
    """The published tables, read anew for each command."""

    def __init__(self):
        try:
            self.address = int(gdb.parse_and_eval("(unsigned long)&lwp_debug"))
            head = read(self.address, 64)
        except gdb.error as error:
            raise gdb.GdbError("no libthread in this program (%s)" % error)
        (magic, major, _minor, _size, _arch, layout, pid, _flags, _generation, _process, threads, lwps,
         fields, names) = struct.unpack("<QHHIIIiIQQIIII", head)
        if magic != MAGIC or major != 1 or layout != 1:
            raise gdb.GdbError("libthread's descriptor is of another version")
        if pid == 0:
            raise gdb.GdbError("libthread has not started yet")
        if threads > 32 or lwps > 32 or fields > 128 or names > 96:
            raise gdb.GdbError("libthread's descriptor is damaged")
        self.slabs = [struct.unpack("<QII", read(self.address + 64 + 16 * i, 16))
                      for i in range(threads)]
        self.fields = [struct.unpack("<HH", read(self.address + 1088 + 4 * i, 4))
                       for i in range(fields)]
        self.names = {}
        for i in range(names):
            kind, value, text = struct.unpack("<II24s", read(self.address + 1600 + 32 * i, 32))
            self.names[kind, value] = text.split(b"\0")[0].decode("ascii", "replace")

    def bytes_of(self, record, slot):
        number = SLOTS[slot]
        if number >= len(self.fields) or self.fields[number][0] == NOT_PROVIDED:
            return b""
        offset, width = self.fields[number]
        return record[offset:offset + width]

    def number(self, record, slot):
        return int.from_bytes(self.bytes_of(record, slot), "little")

    def name(self, kind, value):
        return self.names.get((kind, value), str(value))

    def threads(self):
        for address, size, count in self.slabs:
            if size == 0 or size > 65536 or count > MAX_RECORDS:
                raise gdb.GdbError("libthread's descriptor is damaged")
            data = read(address, size * count) if count else b""
            for at in range(0, size * count, size):
                record = data[at:at + size]
                if self.number(record, "thread_id"):
                    yield self.thread(record)

    def thread(self, record):
        text = self.bytes_of(record, "thread_name").split(b"\0")[0]
        state = self.name(THREAD_STATE, self.number(record, "thread_state"))
        blocked = state == "blocked"
        return Thread(
            self.number(record, "thread_id"), self.number(record, "thread_seq"), state,
            self.tid_of(record), self.number(record, "thread_sp"),
            self.number(record, "thread_stack_lo"), self.number(record, "thread_stack_hi"),
            self.name(WAIT_KIND, self.number(record, "thread_wait_kind")) if blocked else "",
            self.number(record, "thread_wait_object"), self.number(record, "thread_wait_target"),
            "".join(c if c.isprintable() else "\\x%02x" % ord(c) for c in text.decode("latin-1")))

    def tid_of(self, record):
        lwp = self.number(record, "thread_lwp")
        if not lwp or SLOTS["lwp_tid"] >= len(self.fields):
            return 0
        offset, width = self.fields[SLOTS["lwp_tid"]]
        try:
            return int.from_bytes(read(lwp + offset, width), "little")
        except gdb.MemoryError:
            return 0


def is_parked(thread):
    return thread.seq % 2 == 0


def saved_registers(thread):
    if not thread.lo <= thread.sp <= thread.hi - 56:
        raise gdb.GdbError("thread %d has no saved registers" % thread.id)
    values = dict(zip(SAVED, struct.unpack("<7Q", read(thread.sp, 56))))
    values["rsp"] = thread.sp + 56
    return values


class FrameId:
    def __init__(self, sp, pc):
        self.sp = sp
        self.pc = pc


class Bridge(gdb.unwinder.Unwinder):
    """Leads from the selected LWP's innermost frame to a parked thread's registers."""

    def __init__(self):
        super().__init__("libthread")
        self.enabled = True
        self.start = None
        self.registers = None

    def __call__(self, pending):
        if self.registers is None:
            return None
        at = (int(pending.read_register("rsp")), int(pending.read_register("rip")))
        if at != self.start:
            return None
        word = gdb.lookup_type("unsigned long")
        # The stack grows down: what is called lies lower than its caller.
        info = pending.create_unwind_info(FrameId(
            gdb.Value(self.registers["rsp"] - 64).cast(word), gdb.Value(at[1]).cast(word)))
        for name, value in self.registers.items():
            info.add_saved_register(name, gdb.Value(value).cast(word))
        return info

    def frames(self, registers):
        newest = gdb.newest_frame()
        self.start = (int(newest.read_register("rsp")), int(newest.read_register("rip")))
        self.registers = registers
        try:
            gdb.invalidate_cached_frames()
            frame = gdb.newest_frame()
            # Functions inlined into the innermost one are frames of the LWP, too.
            while frame is not None and frame.pc() == self.start[1]:
                frame = frame.older()
            while frame is not None and frame.is_valid():
                yield frame
                frame = frame.older()
        finally:
            self.registers = None
            gdb.invalidate_cached_frames()


bridge = Bridge()
gdb.unwinder.register_unwinder(None, bridge, replace=True)


def frame_text(number, frame):
    function = frame.name() or "??"
    line = frame.find_sal()
    place = ""
    if line.symtab is not None:
        place = " at %s:%d" % (line.symtab.filename, line.line)
    else:
        library = gdb.solib_name(frame.pc())
        place = " from %s" % library if library else ""
    return "#%-3d 0x%016x in %s ()%s" % (number, frame.pc(), function, place)


def carrier_of(thread):
    """gdb's thread for the LWP that runs it."""
    for candidate in gdb.selected_inferior().threads():
        if candidate.ptid[1] == thread.lwp:
            return candidate
    raise gdb.GdbError("thread %d runs on LWP %d, which gdb does not know" % (thread.id, thread.lwp))


def find(number):
    for thread in Descriptor().threads():
        if thread.id == number:
            return thread
    raise gdb.GdbError("no user thread %d" % number)


def where(thread):
    if is_parked(thread) and thread.state != "zombie":
        registers = saved_registers(thread)
        for frame in bridge.frames(registers):
            name = frame.name() or ""
            if name and not name.startswith(("lt::", "arch_")):
                return name
    return ""


def wait_text(thread):
    if thread.wait == "join":
        return "join #%d" % thread.target if thread.target else "join any"
    return "%s 0x%x" % (thread.wait, thread.object) if thread.wait not in ("", "-") else "-"


class InfoLwpThreads(gdb.Command):
    """User threads of libthread: id, state, LWP, what it waits for, where it stands, name."""

    def __init__(self):
        super().__init__("info lwpthreads", gdb.COMMAND_STATUS)

    def invoke(self, _argument, _from_tty):
        print("%6s  %-9s %7s  %-26s %-20s %s" % ("ID", "STATE", "LWP", "WAIT", "AT", "NAME"))
        for thread in sorted(Descriptor().threads(), key=lambda t: t.id):
            lwp = str(thread.lwp) if not is_parked(thread) and thread.lwp else "-"
            try:
                at = where(thread) or "-"
            except (gdb.error, gdb.GdbError) as error:
                at = "(%s)" % error
            print("%6d  %-9s %7s  %-26s %-20s %s" % (
                thread.id, thread.state, lwp, wait_text(thread), at, thread.name))


class LwpThread(gdb.Command):
    """lwpthread N bt: the stack of user thread N.  lwpthread N regs: its saved registers."""

    def __init__(self):
        super().__init__("lwpthread", gdb.COMMAND_STACK)

    def invoke(self, argument, _from_tty):
        words = gdb.string_to_argv(argument)
        if len(words) not in (1, 2) or not words[0].lstrip("#").isdigit():
            raise gdb.GdbError("lwpthread N bt, or lwpthread N regs")
        thread = find(int(words[0].lstrip("#")))
        verb = words[1] if len(words) == 2 else "bt"
        if verb == "regs":
            self.registers(thread)
        elif verb == "bt":
            self.backtrace(thread)
        else:
            raise gdb.GdbError("lwpthread knows bt and regs, not " + verb)

    @staticmethod
    def registers(thread):
        if not is_parked(thread):
            raise gdb.GdbError("thread %d runs on LWP %d: see gdb's own registers" % (
                thread.id, thread.lwp))
        for name, value in saved_registers(thread).items():
            print("%-4s 0x%016x" % (name, value))

    @staticmethod
    def backtrace(thread):
        print("thread #%d %s %s" % (thread.id, thread.name or "", thread.state))
        if is_parked(thread):
            for number, frame in enumerate(bridge.frames(saved_registers(thread))):
                print(frame_text(number, frame))
            return
        selected = gdb.selected_thread()
        carrier_of(thread).switch()
        try:
            frame, number = gdb.newest_frame(), 0
            while frame is not None:
                print(frame_text(number, frame))
                frame, number = frame.older(), number + 1
        finally:
            selected.switch()


InfoLwpThreads()
LwpThread()
