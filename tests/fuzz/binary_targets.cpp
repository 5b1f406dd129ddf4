#include <elf.h>
#include <libthread/inspect_abi.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>

#include "fuzz/patched.h"
#include "fuzz/targets.h"
#include "reader/still.h"
#include "support/elf_image.h"
#include "support/error.h"
#include "target/core_file.h"
#include "target/symbol_file.h"

using namespace lwpi;

namespace {

constexpr Address kImage = 0x10000;

// One mapping: a program with the library's note, its descriptor, two threads and an LWP.
struct Program {
    Elf64_Ehdr header;
    Elf64_Phdr segments[3];
    struct {
        Elf64_Nhdr header;
        char owner[8];
        std::uint64_t distance;
    } note;
    struct ThreadRecord {
        std::uint64_t id, seq, sp, stack_lo, stack_hi, lwp, object;
        std::uint32_t state, wait;
        char name[16];
    } threads[2];
    struct {
        std::uint64_t tid, index, thread;
        std::uint32_t state;
    } lwp;
    std::uint64_t stack[64];
    lwpt_debug debug;
};

void publish(Program& program, lwpt_field_slot slot, std::size_t offset, std::uint16_t width)
{
    program.debug.fields[slot] = {static_cast<std::uint16_t>(offset), width};
}

void fill_descriptor(Program& program)
{
    using Record = Program::ThreadRecord;
    lwpt_debug& debug = program.debug;
    debug.magic = LWPT_MAGIC;
    debug.abi_major = LWPT_ABI_MAJOR;
    debug.size = sizeof debug;
    debug.arch = LWPT_ARCH_X86_64;
    debug.reg_layout = LWPT_REGS_X86_64_SYSV_STACK7;
    debug.pid_at_init = 7;
    debug.field_count = LWPT_SLOT_COUNT;
    for (lwpt_field& field : debug.fields) {
        field = {LWPT_NOT_PROVIDED, 0};
    }
    publish(program, LWPT_SLOT_thread_id, offsetof(Record, id), 8);
    publish(program, LWPT_SLOT_thread_seq, offsetof(Record, seq), 8);
    publish(program, LWPT_SLOT_thread_sp, offsetof(Record, sp), 8);
    publish(program, LWPT_SLOT_thread_stack_lo, offsetof(Record, stack_lo), 8);
    publish(program, LWPT_SLOT_thread_stack_hi, offsetof(Record, stack_hi), 8);
    publish(program, LWPT_SLOT_thread_lwp, offsetof(Record, lwp), 8);
    publish(program, LWPT_SLOT_thread_wait_object, offsetof(Record, object), 8);
    publish(program, LWPT_SLOT_thread_state, offsetof(Record, state), 4);
    publish(program, LWPT_SLOT_thread_wait_kind, offsetof(Record, wait), 4);
    publish(program, LWPT_SLOT_thread_name, offsetof(Record, name), sizeof Record::name);
    publish(program, LWPT_SLOT_lwp_tid, 0, 8);
    publish(program, LWPT_SLOT_lwp_index, 8, 8);
    publish(program, LWPT_SLOT_lwp_thread, 16, 8);
    publish(program, LWPT_SLOT_lwp_state, 24, 4);
    publish(program, LWPT_SLOT_mutex_word, 0, 8);
    debug.names[0] = {LWPT_THREAD_STATE, 4, "blocked"};
    debug.names[1] = {LWPT_WAIT_KIND, 2, "mutex"};
    debug.names[2] = {LWPT_CONSTANT, 0xffff, "mutex_owner_mask"};
    debug.name_count = 3;
    debug.thread_slab_count = 1;
    debug.thread_slabs[0] = {kImage + offsetof(Program, threads), sizeof(Record), 2};
    debug.lwp_slab_count = 1;
    debug.lwp_slabs[0] = {kImage + offsetof(Program, lwp), sizeof program.lwp, 1};
}

Program program()
{
    Program made{};
    made.header = elf_image::header(ET_DYN);
    made.header.e_phoff = offsetof(Program, segments);
    made.header.e_phnum = 3;
    made.segments[0] = {PT_LOAD, PF_R | PF_X, 0, 0, 0, sizeof made, sizeof made, 4096};
    made.segments[1] = {PT_NOTE,          PF_R, 0, offsetof(Program, note), 0, sizeof made.note,
                        sizeof made.note, 4};
    made.segments[2] = {PT_GNU_EH_FRAME, PF_R, 0, offsetof(Program, stack), 0, 256, 256, 4};
    made.note.header = {5, 8, LWPT_NOTE_TYPE};
    std::memcpy(&made.note.owner[0], LWPT_NOTE_OWNER, 5);
    made.note.distance = offsetof(Program, debug) - offsetof(Program, note.distance);
    fill_descriptor(made);
    for (std::uint64_t i = 0; i < 2; ++i) {
        Program::ThreadRecord& thread = made.threads[i];
        thread = {i + 1,
                  2,
                  kImage + offsetof(Program, stack[32]),
                  kImage + offsetof(Program, stack),
                  kImage + offsetof(Program, debug),
                  0,
                  kImage + offsetof(Program, threads) + (1 - i) * sizeof thread,
                  4,
                  2,
                  "thread"};
    }
    made.lwp = {7, 0, kImage + offsetof(Program, threads), 0};
    made.stack[0] = 0x3b031b01;  // the head of a table of stack frames
    made.stack[38] = kImage + 64;
    return made;
}

class BufferMemory : public Memory {
  public:
    explicit BufferMemory(std::span<const std::byte> bytes) : bytes_(bytes) {}
    void read_blocks(std::span<RemoteBlock> blocks) override
    {
        for (RemoteBlock& block : blocks) {
            block.got = 0;
            const Address offset = block.address - kImage;
            if (block.address >= kImage && offset < bytes_.size() && !block.into.empty()) {
                block.got = std::min<std::size_t>(block.into.size(), bytes_.size() - offset);
                std::memcpy(block.into.data(), bytes_.data() + offset, block.got);
            }
        }
    }

  private:
    std::span<const std::byte> bytes_;
};

class NoFiles : public ModuleFiles {
  public:
    [[nodiscard]] std::vector<UniqueFd> open(const Module& /*module*/) const override { return {}; }
};

// A snapshot of whatever that memory holds.
void look_at(Memory& memory, const StillImage& image)
{
    Unwinder unwinder(memory);
    const NoFiles files;
    Symbolizer symbols(files, memory);
    SnapshotRequest request;
    request.stacks = Stacks::kAll;
    static_cast<void>(StillTake({memory, unwinder, symbols, Demangle::kNo}, request, image).run());
}

struct Core {
    Elf64_Ehdr header;
    Elf64_Phdr segments[2];
    struct {
        Elf64_Nhdr header;
        char owner[8];
        char body[336];  // struct elf_prstatus
    } status;
    struct {
        Elf64_Nhdr header;
        char owner[8];
        std::uint64_t count, page, start, end, offset;
        char path[8];
    } mapped;
    Program memory;
};

Core core_image()
{
    Core made{};
    made.header = elf_image::header(ET_CORE);
    made.header.e_phoff = offsetof(Core, segments);
    made.header.e_phnum = 2;
    made.segments[0] = {PT_NOTE, 0, offsetof(Core, status),
                        0,       0, offsetof(Core, memory) - offsetof(Core, status),
                        0,       4};
    made.segments[1] = {PT_LOAD, PF_R | PF_X,        offsetof(Core, memory), kImage,
                        0,       sizeof made.memory, sizeof made.memory,     4096};
    made.status.header = {5, sizeof made.status.body, NT_PRSTATUS};
    std::memcpy(&made.status.owner[0], "CORE", 4);
    made.status.body[32] = 7;  // the task's number
    made.mapped.header = {5, 48, NT_FILE};
    std::memcpy(&made.mapped.owner[0], "CORE", 4);
    made.mapped.count = 1;
    made.mapped.page = 4096;
    made.mapped.start = kImage;
    made.mapped.end = kImage + sizeof made.memory;
    std::memcpy(&made.mapped.path[0], "/p", 2);
    made.memory = program();
    return made;
}

}  // namespace

namespace fuzz {

void descriptor(Input input)
{
    static const std::vector<std::byte> whole = bytes_of(program());
    const std::vector<std::byte> bytes = patched(whole, input);
    BufferMemory memory(bytes);
    StillImage image;
    image.process.pid = 7;
    Mapping map;
    map.start = kImage;
    map.end = kImage + bytes.size();
    map.readable = map.executable = true;
    map.path = "/p";
    image.maps = {map};
    CoreLwp lwp{};
    lwp.tid = 7;
    lwp.registers.rip = kImage + 64;
    lwp.registers.rsp = kImage + offsetof(Program, stack[40]);
    lwp.registers.rbp = lwp.registers.rsp + 16;
    image.lwps = {lwp};
    look_at(memory, image);
}

void core(Input input)
{
    static const std::vector<std::byte> whole = bytes_of(core_image());
    const std::vector<std::byte> bytes = patched(whole, input);
    const UniqueFd file(::memfd_create("core", MFD_CLOEXEC));
    if (::write(file.get(), bytes.data(), bytes.size()) < 0) {
        return;
    }
    try {
        const CoreFile core("/proc/self/fd/" + std::to_string(file.get()));
        CoreMemory memory(core);
        StillImage image;
        image.process.pid = core.pid();
        image.maps = core.maps();
        image.lwps = core.lwps();
        look_at(memory, image);
    } catch (const TargetError&) {
        // refused, with a sentence
    }
}

void symbols(Input input)
{
    std::vector<std::byte> image(input.size());
    if (!input.empty()) {
        std::memcpy(image.data(), input.data(), input.size());
    }
    SymbolFiles files;
    files.image = image;
    const std::string answer = collect_symbols(files);
    static_cast<void>(parse_symbols(answer));
    static_cast<void>(parse_symbols(text_of(input)));
}

}  // namespace fuzz
