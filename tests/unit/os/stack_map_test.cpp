#include "os/stack_map.h"

#include <sys/mman.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "base/compiler.h"
#include "unit/os/forked.h"

namespace lt::os {
namespace {

constexpr std::size_t kKiB = 1024;
constexpr std::size_t kMiB = 1024 * kKiB;
// TLS and TCB of a small program, and the latter alone.
constexpr std::size_t kTop = 4352;
constexpr std::size_t kAboveTcb = 2368;

char* pointer(std::uintptr_t address)
{
    return reinterpret_cast<char*>(address);
}

StackSlot* allocate(std::size_t usable)
{
    Error error = Error::kNone;
    StackSlot* slot = stack_slot_allocate(usable, error);
    EXPECT_NE(slot, nullptr) << to_errno(error);
    return slot;
}

std::size_t count_maps()
{
    std::ifstream maps{"/proc/self/maps"};
    return static_cast<std::size_t>(
        std::count(std::istreambuf_iterator<char>{maps}, std::istreambuf_iterator<char>{}, '\n'));
}

bool kernel_has_light_guards()
{
    constexpr int kGuardInstall = 102;
    void* page =
        mmap(nullptr, 4 * kKiB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    const bool known = madvise(page, 4 * kKiB, kGuardInstall) == 0;
    munmap(page, 4 * kKiB);
    return known;
}

TEST(StackMap, ClassHasRoomForEveryRequestAndNoMoreThanDouble)
{
    for (std::size_t usable = 1; usable < 64 * kMiB; usable = usable * 5 / 4 + 1) {
        const std::size_t size = stack_class_size(stack_size_class(usable));
        EXPECT_GE(size, usable);
        if (usable > 16 * kKiB) {
            EXPECT_LT(size, 2 * usable);
        }
    }
    EXPECT_EQ(stack_class_size(stack_size_class(16 * kKiB)), 16 * kKiB);
    EXPECT_EQ(stack_class_size(stack_size_class(16 * kKiB + 1)), 32 * kKiB);
    EXPECT_EQ(stack_class_size(stack_size_class(kDefaultStackSize)), kDefaultStackSize);
}

TEST(StackMap, WholeSlotCanBeWritten)
{
    for (const std::size_t usable : {16 * kKiB, 100 * kKiB, 2 * kMiB, 5 * kMiB}) {
        StackSlot* slot = allocate(usable);
        ASSERT_NE(slot, nullptr);
        EXPECT_GE(slot->hi - slot->lo, usable);
        EXPECT_GE(slot->stack_hi - slot->lo, usable);
        std::memset(pointer(slot->lo), 0x5a, slot->hi - slot->lo);
        stack_slot_free(slot);
    }
}

TEST(StackMap, ByteBelowSlotIsGuarded)
{
    StackSlot* slot = allocate(64 * kKiB);
    ASSERT_NE(slot, nullptr);
    EXPECT_EXIT(*pointer(slot->lo - 1) = 1, testing::KilledBySignal(SIGSEGV), "");
    stack_slot_free(slot);
}

TEST(StackMap, GuardHasTheSizeAskedFor)
{
    forked::run([] {
        constexpr std::size_t kGuard = 64 * kKiB;
        stack_guard_size(kGuard);
        StackSlot* slot = allocate(32 * kKiB);
        ASSERT_NE(slot, nullptr);
        EXPECT_EXIT(*pointer(slot->lo - kGuard) = 1, testing::KilledBySignal(SIGSEGV), "");
    });
}

TEST(StackMap, FreedSlotIsUsedAgain)
{
    StackSlot* slot = allocate(128 * kKiB);
    stack_slot_free(slot);
    EXPECT_EQ(allocate(128 * kKiB), slot);
    stack_slot_free(slot);
}

TEST(StackMap, SlotsDoNotOverlap)
{
    std::vector<StackSlot*> slots;
    for (int i = 0; i < 1000; ++i) {
        slots.push_back(allocate(i % 2 == 0 ? 20 * kKiB : 300 * kKiB));
    }
    std::sort(slots.begin(), slots.end(),
              [](const StackSlot* a, const StackSlot* b) { return a->lo < b->lo; });
    for (std::size_t i = 1; i < slots.size(); ++i) {
        EXPECT_LE(slots[i - 1]->hi, slots[i]->lo - slots[i]->guard_bytes);
    }
    for (StackSlot* slot : slots) {
        stack_slot_free(slot);
    }
}

TEST(StackMap, TopsOfNeighboursLieInDifferentCacheSetsOnTwoPages)
{
    forked::run([] {
        stack_slot_reserve(kTop, kAboveTcb);
        std::set<std::uintptr_t> lines;
        for (int i = 0; i < 8; ++i) {
            const StackSlot* slot = allocate(16 * kKiB);
            lines.insert(slot->stack_hi % kPageSize / kCacheLine);
            EXPECT_LE(slot->colour + kTop + kKiB, 2 * kPageSize) << "a third for every sleeper";
        }
        EXPECT_EQ(lines.size(), 8U);
    });
}

// With thousands of threads every page that a switch touches costs a walk through the page tables.
TEST(StackMap, FramesOfASleeperLieOnThePageOfItsTcb)
{
    constexpr std::size_t kFrames = 640;
    forked::run([] {
        stack_slot_reserve(kTop, kAboveTcb);
        for (int i = 0; i < 100; ++i) {
            const StackSlot* slot = allocate(kMiB);
            const std::uintptr_t top = slot->hi - slot->colour;
            EXPECT_EQ((top - kTop - kFrames) / kPageSize, (top - kAboveTcb) / kPageSize);
        }
    });
}

// TLS that does not fit a page with the frames is no reason for a page more.
TEST(StackMap, LargeTlsCostsNoPageForColours)
{
    for (const std::size_t top : {std::size_t{9000}, std::size_t{3} * kPageSize - 1536}) {
        forked::run([top] {
            stack_slot_reserve(top, kAboveTcb);
            for (int i = 0; i < 100; ++i) {
                const StackSlot* slot = allocate(kMiB);
                EXPECT_LE(slot->colour + top + kKiB, 3 * kPageSize);
            }
        });
    }
}

// Slots a power of two apart would have their tops' pages in a few sets of the TLB.
TEST(StackMap, NeighboursLieAnOddNumberOfPagesApart)
{
    forked::run([] {
        for (const std::size_t usable : {16 * kKiB, 2 * kMiB}) {
            const StackSlot* slot = allocate(usable);
            EXPECT_EQ((allocate(usable)->hi - slot->hi) / (4 * kKiB) % 2, 1U);
        }
    });
}

TEST(StackMap, EmptyingGivesBackAll)
{
    StackSlot* slot = allocate(64 * kKiB);
    ASSERT_NE(slot, nullptr);
    *pointer(slot->lo) = 1;
    *pointer(slot->hi - 1) = 2;
    stack_slot_empty(slot);
    EXPECT_EQ(*pointer(slot->lo), 0);
    EXPECT_EQ(*pointer(slot->hi - 1), 0);
    stack_slot_free(slot);
}

TEST(StackMap, HundredThousandStacksNeedFewMaps)
{
    if (!kernel_has_light_guards()) {
        GTEST_SKIP() << "this kernel's guards cost maps";
    }
    forked::run([] {
        const std::size_t before = count_maps();
        for (int i = 0; i < 100'000; ++i) {
            StackSlot* slot = allocate(i < 90'000 ? 64 * kKiB : kDefaultStackSize);
            ASSERT_NE(slot, nullptr) << i;
        }
        EXPECT_LT(count_maps() - before, 200U);
    });
}

TEST(StackMap, ReportsThatThereIsNoAddressSpaceLeft)
{
    forked::run([] {
        std::size_t pages = 0;
        std::ifstream{"/proc/self/statm"} >> pages;
        const rlim_t bytes = pages * 4 * kKiB + 300 * kMiB;
        const rlimit limit{bytes, bytes};
        ASSERT_EQ(setrlimit(RLIMIT_AS, &limit), 0);
        Error error = Error::kNone;
        StackSlot* last = nullptr;
        int made = 0;
        while (StackSlot* slot = stack_slot_allocate(kDefaultStackSize, error)) {
            last = slot;
            ASSERT_LT(++made, 1000);
        }
        EXPECT_EQ(error, Error::kNoMemory);
        EXPECT_GT(made, 100);
        // What was made stays usable, and what is freed can be had again.
        *pointer(last->hi - 1) = 1;
        stack_slot_free(last);
        EXPECT_EQ(stack_slot_allocate(kDefaultStackSize, error), last);
    });
}

TEST(StackMap, AbsurdSizeIsRefused)
{
    Error error = Error::kNone;
    EXPECT_EQ(stack_slot_allocate(~std::size_t{0} / 2, error), nullptr);
    EXPECT_EQ(error, Error::kNoMemory);
}

}  // namespace
}  // namespace lt::os
