#include "unwind/unwinder.h"

#include <libunwind.h>

#include <algorithm>
#include <cstring>

#include "unwind/frame_pointer.h"
#include "unwind/proc_info.h"

namespace lwpi {
namespace {

// Words a stack may cost: some 2 a frame with libunwind's row cache, some 90 without. Tables made
// to keep the decoder busy end here: each stack, and all stacks of a snapshot.
constexpr std::size_t kMostWords = 1'000'000;
constexpr std::size_t kAllowance = 10'000'000;
constexpr std::size_t kAllowancePerFrame = 4;

bool same_images(const ModuleTable& a, const ModuleTable& b)
{
    return std::equal(a.all().begin(), a.all().end(), b.all().begin(), b.all().end(),
                      [](const Module& x, const Module& y) {
                          return x.start == y.start && x.end == y.end && x.path == y.path &&
                                 x.build_id == y.build_id && x.inode == y.inode;
                      });
}

}  // namespace

// The argument of all accessors. TRAP: libunwind's own find_proc_info would take it for a structure
// of its own; ours does not.
struct Unwinder::Impl {
    explicit Impl(Memory& memory) : pages(memory)
    {
        unw_accessors_t accessors{};
        accessors.find_proc_info = [](unw_addr_space_t as, unw_word_t pc, unw_proc_info_t* info,
                                      int need, void* self) {
            return static_cast<Impl*>(self)->find_info(as, pc, info, need);
        };
        accessors.put_unwind_info = [](unw_addr_space_t, unw_proc_info_t*, void*) {};
        accessors.get_dyn_info_list_addr = [](unw_addr_space_t, unw_word_t*, void*) {
            return -UNW_ENOINFO;
        };
        accessors.access_mem = [](unw_addr_space_t, unw_word_t address, unw_word_t* value,
                                  int write, void* self) {
            return write != 0 ? -UNW_EINVAL : static_cast<Impl*>(self)->get_word(address, value);
        };
        accessors.access_reg = [](unw_addr_space_t, unw_regnum_t number, unw_word_t* value,
                                  int write, void* self) {
            return write != 0 ? -UNW_EINVAL : static_cast<Impl*>(self)->get_register(number, value);
        };
        accessors.access_fpreg = [](unw_addr_space_t, unw_regnum_t, unw_fpreg_t*, int, void*) {
            return -UNW_EBADREG;
        };
        accessors.resume = [](unw_addr_space_t, unw_cursor_t*, void*) { return -UNW_EINVAL; };
        accessors.get_proc_name = [](unw_addr_space_t, unw_word_t, char*, size_t, unw_word_t*,
                                     void*) { return -UNW_ENOINFO; };
        space = unw_create_addr_space(&accessors, 0);
        if (space == nullptr) {
            throw std::bad_alloc();
        }
        unw_set_caching_policy(space, UNW_CACHE_GLOBAL);
    }
    ~Impl() { unw_destroy_addr_space(space); }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    int find_info(unw_addr_space_t as, unw_word_t pc, unw_proc_info_t* info, int need)
    {
        const int result = find_proc_info(modules, as, pc, info, need, this);
        no_table = result < 0;
        return result;
    }

    int get_word(unw_word_t address, unw_word_t* value);
    int get_register(unw_regnum_t number, unw_word_t* value);
    [[nodiscard]] bool is_code(Address address) const
    {
        const Mapping* const map = find_mapping(maps, address);
        return map != nullptr && map->executable;
    }
    UnwoundStack walk(std::size_t depth);
    UnwoundStack walk_twice(std::size_t depth);
    UnwindEnd why_ended(int step, bool table_missing_before) const;
    std::optional<std::uint64_t> missing_frame_pointer(unw_cursor_t& cursor);

    unw_addr_space_t space = nullptr;
    PageCache pages;
    std::size_t allowance = kAllowance;  // words that the stacks to come may cost in all
    ModuleTable modules;
    std::vector<Mapping> maps;

    // Of the stack being unwound:
    Registers registers;
    StackCopy stack;
    std::size_t words = 0;
    std::size_t most_words = 0;
    bool no_table = false;
    bool truncated = false;
    bool unreadable = false;
    bool unknown_register = false;
    std::optional<std::uint64_t> recovered_rbp;  // found when a walk stopped for the lack of it
};

int Unwinder::Impl::get_word(unw_word_t address, unw_word_t* value)
{
    if (++words > most_words) {
        return -UNW_EINVAL;
    }
    const std::size_t size = stack.bytes.size();
    if (address >= stack.address && address - stack.address < size &&
        size - (address - stack.address) >= sizeof *value) {
        std::memcpy(value, stack.bytes.data() + (address - stack.address), sizeof *value);
        return 0;
    }
    if (address >= stack.address && address < stack.stack_end) {
        truncated = true;
        return -UNW_EINVAL;
    }
    const auto word = pages.word(address);
    if (!word) {
        unreadable = true;
        return -UNW_EINVAL;
    }
    *value = *word;
    return 0;
}

int Unwinder::Impl::get_register(unw_regnum_t number, unw_word_t* value)
{
    std::optional<std::uint64_t> known;
    switch (number) {
        case UNW_X86_64_RIP:
            known = registers.pc;
            break;
        case UNW_X86_64_RSP:
            known = registers.sp;
            break;
        case UNW_X86_64_RBP:
            known = registers.rbp;
            break;
        case UNW_X86_64_RBX:
            known = registers.rbx;
            break;
        case UNW_X86_64_RDI:
            known = registers.rdi;
            break;
        case UNW_X86_64_RDX:
            known = registers.rdx;
            break;
        case UNW_X86_64_R12:
            known = registers.r12;
            break;
        case UNW_X86_64_R13:
            known = registers.r13;
            break;
        case UNW_X86_64_R14:
            known = registers.r14;
            break;
        case UNW_X86_64_R15:
            known = registers.r15;
            break;
        default:
            break;
    }
    if (!known) {
        unknown_register = true;
        return -UNW_EBADREG;
    }
    *value = *known;
    return 0;
}

UnwindEnd Unwinder::Impl::why_ended(int step, bool table_missing_before) const
{
    if (truncated) {
        return UnwindEnd::kTruncated;
    }
    if (step == 0) {
        if (!no_table) {
            return UnwindEnd::kEntry;
        }
        // A frame pointer of zero ends a chain; after code with tables it is just some number.
        return table_missing_before ? UnwindEnd::kBottom : UnwindEnd::kNoUnwindInfo;
    }
    return unreadable && !no_table ? UnwindEnd::kMemory : UnwindEnd::kNoUnwindInfo;
}

std::optional<std::uint64_t> Unwinder::Impl::missing_frame_pointer(unw_cursor_t& cursor)
{
    unw_proc_info_t info{};
    unw_word_t sp = 0;
    if (registers.rbp || !unknown_register || unw_get_proc_info(&cursor, &info) != 0 ||
        unw_get_reg(&cursor, UNW_REG_SP, &sp) != 0) {
        return std::nullopt;
    }
    return recover_frame_pointer(info.start_ip, sp, stack.stack_end,
                                 {[this](Address address) -> std::optional<std::uint64_t> {
                                      unw_word_t value = 0;
                                      return get_word(address, &value) == 0
                                                 ? std::optional<std::uint64_t>(value)
                                                 : std::nullopt;
                                  },
                                  [this](Address address) { return is_code(address); }});
}

UnwoundStack Unwinder::Impl::walk(std::size_t depth)
{
    UnwoundStack result;
    truncated = unreadable = unknown_register = no_table = false;
    recovered_rbp.reset();
    unw_cursor_t cursor;
    if (unw_init_remote(&cursor, space, this) != 0) {
        result.end = UnwindEnd::kMemory;
        return result;
    }
    bool exact = true;
    bool table_missing_before = false;
    unw_word_t previous_sp = 0;
    for (;;) {
        unw_word_t pc = 0;
        unw_word_t sp = 0;
        unw_get_reg(&cursor, UNW_REG_IP, &pc);
        unw_get_reg(&cursor, UNW_REG_SP, &sp);
        if (pc == 0) {
            result.end = UnwindEnd::kBottom;
            return result;
        }
        // vfork has taken its return address off the stack.
        const bool is_higher = sp > previous_sp || (sp == previous_sp && result.frames.size() == 1);
        if (!result.frames.empty() && (!is_higher || (no_table && !is_code(pc)))) {
            result.end = no_table ? UnwindEnd::kNoUnwindInfo : UnwindEnd::kLoop;
            return result;
        }
        const bool signal_frame = unw_is_signal_frame(&cursor) > 0;
        result.frames.push_back({pc, exact || signal_frame});
        if (result.frames.size() >= depth) {
            result.end = UnwindEnd::kLimit;
            return result;
        }
        previous_sp = sp;
        exact = signal_frame;
        table_missing_before = no_table;
        truncated = unreadable = unknown_register = no_table = false;
        const int step = unw_step(&cursor);
        if (step <= 0) {
            if (step < 0) {
                recovered_rbp = missing_frame_pointer(cursor);
            }
            result.end = why_ended(step, table_missing_before);
            return result;
        }
    }
}

// A second time where the first one stopped for the lack of a frame pointer that was found then.
UnwoundStack Unwinder::Impl::walk_twice(std::size_t depth)
{
    UnwoundStack result = walk(depth);
    if (recovered_rbp) {
        registers.rbp = recovered_rbp;
        UnwoundStack longer = walk(depth);
        if (longer.frames.size() > result.frames.size()) {
            return longer;
        }
    }
    return result;
}

Unwinder::Unwinder(Memory& memory) : impl_(std::make_unique<Impl>(memory))
{
}
Unwinder::~Unwinder() = default;

void Unwinder::use(const ModuleTable& modules, const std::vector<Mapping>& maps)
{
    if (!same_images(impl_->modules, modules)) {
        unw_flush_cache(impl_->space, 0, 0);
    }
    impl_->modules = modules;
    impl_->maps = maps;
    impl_->pages.clear();
    impl_->allowance = kAllowance;
}

UnwoundStack Unwinder::unwind(const Registers& registers, const StackCopy& stack, std::size_t depth)
{
    impl_->registers = registers;
    impl_->stack = stack;
    impl_->words = 0;
    impl_->allowance += kAllowancePerFrame * depth;
    impl_->most_words = std::min(kMostWords, impl_->allowance);
    UnwoundStack result = impl_->walk_twice(depth);
    impl_->allowance -= std::min(impl_->words, impl_->allowance);
    return result;
}

}  // namespace lwpi
