// thr_create with a bad stack, and thr_setconcurrency.
#include <climits>
#include <cstdint>

#include "bad_input/bad_input.h"

namespace bad_input {
namespace {

struct Flags {
    const char* name;
    long value;
};
constexpr Flags kFlags[] = {
    {"unbound", 0},
    {"THR_BOUND", THR_BOUND},
    {"THR_DETACHED", THR_DETACHED},
    {"THR_DAEMON", THR_DAEMON},
    {"THR_SUSPENDED", THR_SUSPENDED},
    {"THR_NEW_LWP", THR_NEW_LWP},
    {"all flags", THR_BOUND | THR_DETACHED | THR_DAEMON | THR_SUSPENDED | THR_NEW_LWP}};

alignas(64) char own_stack[1 << 16];
bool has_run = false;

void* note_run(void* /*argument*/)
{
    has_run = true;
    return nullptr;
}

// A thread that must not come into being: its id stays untouched, and nothing runs.
int create(void* stack, std::size_t size, void* (*start)(void*), long flags)
{
    constexpr thread_t kUntouched = 0xdeadbeefU;
    thread_t id = kUntouched;
    const int level = thr_getconcurrency();
    const int error = thr_create(stack, size, start, nullptr, flags, &id);
    const bool is_clean = id == kUntouched && !has_run && thr_getconcurrency() == level;
    return is_clean ? error : kDamage;
}

void add_small_stacks(Table& table, const Flags& flags)
{
    const std::size_t least = thr_min_stack();
    for (const std::size_t size : {std::size_t{1}, std::size_t{2}, std::size_t{64},
                                   std::size_t{4095}, least / 2, least - 16, least - 1}) {
        const std::string what = " bytes of stack, " + std::string{flags.name};
        table.add("thr_create: " + std::to_string(size) + what, EINVAL,
                  [size, &flags] { return create(nullptr, size, note_run, flags.value); });
        table.add("thr_create: the caller's " + std::to_string(size) + what, EINVAL,
                  [size, &flags] { return create(own_stack, size, note_run, flags.value); });
    }
    table.add("thr_create: the caller's empty stack, " + std::string{flags.name}, EINVAL,
              [&flags] { return create(own_stack, 0, note_run, flags.value); });
    table.add("thr_create: nothing to call, " + std::string{flags.name}, EINVAL,
              [&flags] { return create(nullptr, 0, nullptr, flags.value); });
}

// More than an address space holds, up to where adding a guard overflows.
void add_huge_stacks(Table& table, const Flags& flags)
{
    for (const std::size_t size :
         {SIZE_MAX, SIZE_MAX - 1, SIZE_MAX - 4095, SIZE_MAX - 4096, SIZE_MAX - 65536,
          SIZE_MAX / 2 + 1, SIZE_MAX / 2, std::size_t{1} << 62, std::size_t{1} << 48}) {
        table.add_either("thr_create: " + std::to_string(size) + " bytes of stack, " + flags.name,
                         {ENOMEM, EAGAIN},
                         [size, &flags] { return create(nullptr, size, note_run, flags.value); });
    }
}

void add_levels(Table& table)
{
    const auto add = [&table](int level, int expected) {
        table.add("thr_setconcurrency " + std::to_string(level), expected, [level] {
            const int before = thr_getconcurrency();
            const int error = thr_setconcurrency(level);
            return thr_getconcurrency() == before ? error : kDamage;
        });
    };
    for (const int negative : {-1, -2, -65536, INT_MIN + 1, INT_MIN}) {
        add(negative, EINVAL);
    }
    for (const int huge : {65537, 100'000, 1 << 20, INT_MAX - 1, INT_MAX}) {
        add(huge, EAGAIN);
    }
}

}  // namespace

void add_create_rows(Table& table)
{
    for (const Flags& flags : kFlags) {
        add_small_stacks(table, flags);
        add_huge_stacks(table, flags);
    }
    add_levels(table);
}

}  // namespace bad_input
