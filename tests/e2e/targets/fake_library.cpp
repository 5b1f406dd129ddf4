// A program that publishes a descriptor of its own making, whole or damaged, with hand-made
// threads.
//
// fake_library CASE: prints "descriptor ADDRESS", then "ready", and ends when its standard input
// does.
#include <libthread/inspect_abi.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string_view>

namespace {

constexpr unsigned kThreads = 5;
constexpr std::size_t kStackWords = 512;
constexpr const char* kEscapes = "\x1b]0;owned\x07\x1b[2J\r\n\xc2\x9b\xe2\x80\xae";

struct Record {
    std::uint64_t id, seq;
    std::uint32_t state, flags;
    std::uint64_t lwp, sp, stack_lo, stack_hi;
    std::uint32_t wait_kind, wait_target;
    std::uint64_t wait_object;
    char name[32];
};

alignas(64) Record records[kThreads];
std::uint64_t stacks[kThreads][kStackWords];

}  // namespace

// A first frame without a caller, as the library's own entry has, and a function called from it.
asm(R"(
        .text
        .globl  fake_entry
        .type   fake_entry, @function
fake_entry:
        .cfi_startproc
        .cfi_undefined rip
        nop
        call    fake_work
        ud2
        .cfi_endproc
        .size   fake_entry, . - fake_entry
        .globl  fake_work
        .type   fake_work, @function
fake_work:
        .cfi_startproc
        subq    $24, %rsp
        .cfi_adjust_cfa_offset 24
        nop
        .globl  fake_resume
fake_resume:
        addq    $24, %rsp
        .cfi_adjust_cfa_offset -24
        ret
        .cfi_endproc
        .size   fake_work, . - fake_work
# Its table says: to find the caller, go to the beginning of this very sentence.
        .globl  fake_endless
        .type   fake_endless, @function
fake_endless:
        .cfi_startproc
        .cfi_escape 0x0f, 0x03, 0x2f, 0xfd, 0xff
        nop
        ret
        .cfi_endproc
        .size   fake_endless, . - fake_endless
)");
extern "C" {
extern char fake_entry[];
extern char fake_resume[];
extern char fake_endless[];
__attribute__((visibility("hidden"), used)) lwpt_debug fake_debug;
}

asm(R"(
        .section .note.lwp,"a",@note
        .p2align 2
        .long   5
        .long   8
        .long   1
        .asciz  "LWPT"
        .p2align 2
1:      .quad   fake_debug - 1b
        .text
)");

namespace {

std::uint64_t address_of(const void* object)
{
    return reinterpret_cast<std::uint64_t>(object);
}

// r15 r14 r13 r12 rbx rbp rip, then fake_work's frame, its return address, and the entry's frame.
void park(unsigned i)
{
    std::uint64_t* const sp = &stacks[i][kStackWords - 16];
    sp[6] = address_of(&fake_resume[0]);
    sp[7 + 3] = address_of(&fake_entry[0]) + 6;  // behind the nop and the call
    Record& record = records[i];
    record.id = i + 1;
    record.seq = 2;
    record.state = 4;
    record.sp = address_of(sp);
    record.stack_lo = address_of(&stacks[i][0]);
    record.stack_hi = address_of(&stacks[i][kStackWords]);
    record.wait_kind = 2;
    record.wait_object = address_of(&fake_debug);
    std::snprintf(&record.name[0], sizeof record.name, "worker-%u", i + 1);
}

void publish_field(lwpt_field_slot slot, std::size_t offset, std::size_t width)
{
    fake_debug.fields[slot] = {static_cast<std::uint16_t>(offset),
                               static_cast<std::uint16_t>(width)};
}

void publish()
{
    fake_debug.magic = LWPT_MAGIC;
    fake_debug.abi_major = LWPT_ABI_MAJOR;
    fake_debug.size = sizeof fake_debug;
    fake_debug.arch = LWPT_ARCH_X86_64;
    fake_debug.reg_layout = LWPT_REGS_X86_64_SYSV_STACK7;
    fake_debug.pid_at_init = ::getpid();
    fake_debug.field_count = LWPT_SLOT_COUNT;
    for (lwpt_field& field : fake_debug.fields) {
        field = {LWPT_NOT_PROVIDED, 0};
    }
    publish_field(LWPT_SLOT_thread_id, offsetof(Record, id), 8);
    publish_field(LWPT_SLOT_thread_seq, offsetof(Record, seq), 8);
    publish_field(LWPT_SLOT_thread_state, offsetof(Record, state), 4);
    publish_field(LWPT_SLOT_thread_sp, offsetof(Record, sp), 8);
    publish_field(LWPT_SLOT_thread_stack_lo, offsetof(Record, stack_lo), 8);
    publish_field(LWPT_SLOT_thread_stack_hi, offsetof(Record, stack_hi), 8);
    publish_field(LWPT_SLOT_thread_wait_kind, offsetof(Record, wait_kind), 4);
    publish_field(LWPT_SLOT_thread_wait_object, offsetof(Record, wait_object), 8);
    publish_field(LWPT_SLOT_thread_name, offsetof(Record, name), sizeof Record::name);
    fake_debug.name_count = 2;
    fake_debug.names[0] = {LWPT_THREAD_STATE, 4, "blocked"};
    fake_debug.names[1] = {LWPT_WAIT_KIND, 2, "cond"};
    fake_debug.thread_slab_count = 1;
    fake_debug.thread_slabs[0] = {address_of(&records[0]), sizeof(Record), kThreads};
    std::strcpy(&fake_debug.version[0], "9.9 fake");
}

Record* make_records(std::size_t count)
{
    void* const memory = ::mmap(nullptr, count * sizeof(Record), PROT_READ | PROT_WRITE,
                                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) {
        std::abort();
    }
    auto* const made = static_cast<Record*>(memory);
    fake_debug.thread_slabs[0] = {address_of(made), sizeof(Record),
                                  static_cast<std::uint32_t>(count)};
    return made;
}

// As many threads as fit, each with a stack that never ends.
void make_a_crowd(std::size_t count)
{
    for (std::uint64_t& word : stacks[1]) {
        word = address_of(&fake_resume[0]);
    }
    Record* const crowd = make_records(count);
    for (std::size_t i = 0; i < count; ++i) {
        crowd[i] = records[1];
        crowd[i].id = i + 1;
    }
}

// Threads whose mutexes are held by the next one, the last one's by the first.
void make_a_circle(std::size_t count)
{
    publish_field(LWPT_SLOT_mutex_word, 0, 8);
    fake_debug.name_count = 4;
    fake_debug.names[2] = {LWPT_WAIT_KIND, 3, "mutex"};
    fake_debug.names[3] = {LWPT_CONSTANT, 0x7fffffff, "mutex_owner_mask"};
    Record* const circle = make_records(count);
    for (std::size_t i = 0; i < count; ++i) {
        circle[i] = records[0];
        circle[i].id = i + 1;
        circle[i].wait_kind = 3;
        circle[i].wait_object = address_of(&circle[(i + 1) % count].id);  // its word is the holder
    }
}

void make_noise(void* into, std::size_t size, std::mt19937_64& random)
{
    for (std::size_t at = 0; at + sizeof(std::uint64_t) <= size; at += sizeof(std::uint64_t)) {
        const std::uint64_t word = random();
        std::memcpy(static_cast<char*>(into) + at, &word, sizeof word);
    }
}

// Changes everything that is published as long as the program lives.
void* storm(void* /*unused*/)
{
    std::mt19937_64 random(1);
    const lwpt_debug whole = fake_debug;
    for (unsigned turn = 0;; ++turn) {
        fake_debug = whole;
        if (turn % 2 == 0) {
            auto* const bytes = reinterpret_cast<unsigned char*>(&fake_debug);
            bytes[random() % offsetof(lwpt_debug, names)] = static_cast<unsigned char>(random());
        }
        make_noise(&records[0], sizeof records, random);
        make_noise(&stacks[0], sizeof stacks, random);
    }
    return nullptr;
}

// Cases that keep a reader busy, fill its memory or its terminal.
bool attack(std::string_view name)
{
    std::mt19937_64 random(2);
    if (name == "vast") {
        constexpr std::size_t kSize = std::size_t{1} << 40U;
        void* const memory =
            ::mmap(nullptr, kSize, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        fake_debug.thread_slabs[0] = {address_of(memory), 16 * 1024, 15'000'000};
        return memory != MAP_FAILED;
    }
    if (name == "crowd") {
        make_a_crowd(66'000);
    } else if (name == "tables") {
        make_a_crowd(5'000);
        stacks[1][kStackWords - 16 + 6] = address_of(&fake_endless[0]);
    } else if (name == "overlap") {
        make_a_crowd(1'000);
        fake_debug.thread_slab_count = LWPT_MAX_SLABS;
        for (lwpt_slab& slab : fake_debug.thread_slabs) {
            slab = fake_debug.thread_slabs[0];
        }
    } else if (name == "circle") {
        make_a_circle(20'000);
    } else if (name == "noise") {
        make_noise(make_records(3'000), 3'000 * sizeof(Record), random);
    } else if (name == "odd") {
        fake_debug.generation = 1;
    } else if (name == "words") {
        for (lwpt_name& entry : fake_debug.names) {
            std::memset(&entry.name[0], '\x1b', sizeof entry.name);
            std::strncpy(&entry.name[0], kEscapes, sizeof entry.name);
        }
        fake_debug.name_count = LWPT_MAX_NAMES;
        std::memset(&fake_debug.version[0], '\x1b', sizeof fake_debug.version);
        std::memset(&fake_debug.build[0], '\x07', sizeof fake_debug.build);
        std::memset(&fake_debug.model[0], '\x9b', sizeof fake_debug.model);
        std::memcpy(&records[0].name[0], kEscapes, std::strlen(kEscapes));
        ::prctl(PR_SET_NAME, kEscapes);
    } else if (name == "storm") {
        pthread_t thread{};
        return ::pthread_create(&thread, nullptr, storm, nullptr) == 0;
    } else {
        return false;
    }
    return true;
}

// Whether `name` is a case; damages the descriptor or the records accordingly.
bool damage(std::string_view name)
{
    if (name == "whole") {
    } else if (name == "not-started") {
        fake_debug.pid_at_init = 0;
    } else if (name == "major") {
        fake_debug.abi_major = 3;
    } else if (name == "minor") {
        fake_debug.abi_minor = 9;
    } else if (name == "magic") {
        fake_debug.magic = 1;
    } else if (name == "parent") {
        fake_debug.pid_at_init = 1;
    } else if (name == "count") {
        fake_debug.thread_slabs[0].count = 0xffffffff;
    } else if (name == "slabs") {
        fake_debug.thread_slab_count = 0xffffffff;
    } else if (name == "names") {
        fake_debug.name_count = 0xffffffff;
    } else if (name == "address") {
        fake_debug.thread_slabs[0].address = 0xfffffffffffff000;
    } else if (name == "width") {
        publish_field(LWPT_SLOT_thread_id, 0xfff0, 0xfff0);
    } else if (name == "torn") {
        records[1].seq = 3;
    } else if (name == "stack") {
        records[1].sp = 16;
        records[2].stack_hi = 0xffffffffffffffff;
        records[3].sp = records[3].stack_hi - 8;
    } else if (name == "loop") {
        // The return address leads back into the same function, again and again.
        for (std::uint64_t& word : stacks[1]) {
            word = address_of(&fake_resume[0]);
        }
    } else if (name == "state") {
        records[1].state = 77;
    } else if (name == "escape") {
        std::strcpy(&records[1].name[0], "a\x1b]52;c;QQ==\x07\xff");
    } else {
        return false;
    }
    return true;
}

}  // namespace

int main(int argc, char** argv)
{
    publish();
    for (unsigned i = 0; i < kThreads; ++i) {
        park(i);
    }
    if (argc != 2 || (!damage(argv[1]) && !attack(argv[1]))) {
        return 2;
    }
    std::printf("descriptor %p\nready\n", static_cast<void*>(&fake_debug));
    std::fflush(stdout);
    char byte = 0;
    while (::read(STDIN_FILENO, &byte, 1) > 0) {}
}
