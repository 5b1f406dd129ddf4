#include "thread/placement.h"

#include <pthread.h>

#include "lwp/lwp.h"
#include "os/syscall.h"
#include "sched/critical.h"
#include "sync/mutex.h"
#include "thread/registry.h"

namespace lt {
namespace {

using os::CpuMask;

// Guards what follows, and who looks and then changes affinities. Ranks above all other locks; held
// over fork, and over system calls.
constinit MutexWords sets_mutex{};

struct Set {
    bool used = false;
    CpuMask cpus;
};

constinit Set sets[kMostSets] = {};
constinit bool have_sets = false;
// The process is bound to the only processor it can use: affinity does not show it.
constinit bool bound_to_the_only_cpu = false;

void lock_sets()
{
    // A mutex of this type fails for nobody.
    static_cast<void>(lock_mutex(current(), sets_mutex));
}

void unlock_sets()
{
    static_cast<void>(unlock_mutex(current(), sets_mutex));
}

// A single processor is what a set, or having no set, may come to: then it is no binding.
int bound_cpu(const CpuMask& mask, int set)
{
    if (mask.count() != 1) {
        return kNoCpu;
    }
    if (set != kNoSet) {
        return mask == sets[set - 1].cpus ? kNoCpu : mask.first();
    }
    const CpuMask usable = os::usable_cpus();
    const CpuMask choice = usable & free_cpus();
    if (choice.count() == 1 && usable.count() == 1) {
        return bound_to_the_only_cpu ? mask.first() : kNoCpu;
    }
    return choice == mask ? kNoCpu : mask.first();
}

int set_of_mask(const CpuMask& mask)
{
    for (int set = 1; have_sets && set <= kMostSets; ++set) {
        if (is_set(set) && !mask.is_empty() && mask.is_within(sets[set - 1].cpus)) {
            return set;
        }
    }
    return kNoSet;
}

// 0, os::kChanged or an error number. The kernel may grant less than is asked for.
int change_affinity(int task, const CpuMask& wanted)
{
    CpuMask before;
    CpuMask after;
    int error = os::get_affinity(task, before);
    error = error == 0 ? os::set_affinity(task, wanted) : error;
    error = error == 0 ? os::get_affinity(task, after) : error;
    return error == 0 && after != before ? os::kChanged : error;
}

// Gives the tasks of this process that may use all of `before`, and nothing else, `after` instead.
void replace_masks(const CpuMask& before, const CpuMask& after)
{
    os::change_every_task(0, [&](int task) {
        CpuMask mask;
        const bool concerned = os::get_affinity(task, mask) == 0 && mask == before;
        return concerned && change_affinity(task, after) == os::kChanged ? os::kChanged : 0;
    });
}

// Takes `cpu` from the tasks of this process that have others besides.
void withdraw_cpu(int cpu)
{
    os::change_every_task(0, [&](int task) {
        CpuMask mask;
        const bool concerned = os::get_affinity(task, mask) == 0 && mask.has(cpu);
        mask.remove(cpu);
        return concerned && change_affinity(task, mask) == os::kChanged ? os::kChanged : 0;
    });
}

bool somebody_needs(int cpu)
{
    return os::for_each_task(0, [cpu](int task) {
               CpuMask mask;
               const bool needs = os::get_affinity(task, mask) == 0 && mask == CpuMask::only(cpu);
               return needs ? EBUSY : 0;
           }) != 0;
}

}  // namespace

int task_of_lwp(std::uint32_t id) noexcept
{
    int found = 0;
    {
        const CriticalRegion region{current()};
        const LifeGuard guard{id};
        const Thread* const thread = find_thread(id);
        // relaxed: a thread that is switched to or from meanwhile is found there or not.
        if (is_live(thread) && thread->lwp != nullptr &&
            (thread->has(kFlagBound) ||
             thread->state.load(memory_order_relaxed) == ThreadState::kRunning)) {
            // relaxed: as above.
            found = static_cast<int>(thread->lwp->tid.load(memory_order_relaxed));
        }
    }
    if (found == 0 && id != 0 && id <= 0x7fffffff &&
        os::raw_syscall(SYS_tgkill, os::process_id(), static_cast<long>(id), 0) == 0) {
        found = static_cast<int>(id);
    }
    return found;
}

PlacementLock::PlacementLock() noexcept
{
    lock_sets();
}

PlacementLock::~PlacementLock()
{
    unlock_sets();
}

bool is_set(int set) noexcept
{
    return set >= 1 && set <= kMostSets && sets[set - 1].used;
}

const CpuMask& cpus_of_set(int set) noexcept
{
    return sets[set - 1].cpus;
}

CpuMask free_cpus() noexcept
{
    CpuMask mask = CpuMask::all();
    for (const Set& set : sets) {
        mask = mask - set.cpus;
    }
    return mask;
}

Error make_set(int& number) noexcept
{
    for (int set = 1; set <= kMostSets; ++set) {
        if (!sets[set - 1].used) {
            if (!have_sets) {
                // The child of a fork finds the sets whole, and unlocked.
                ::pthread_atfork(lock_sets, unlock_sets, unlock_sets);
                have_sets = true;
            }
            sets[set - 1].used = true;
            number = set;
            return Error::kNone;
        }
    }
    return Error::kLimit;
}

void destroy_set(int set) noexcept
{
    const CpuMask usable = os::usable_cpus();
    const CpuMask own = sets[set - 1].cpus & usable;
    const CpuMask others = free_cpus() & usable;
    sets[set - 1] = {};
    if (!own.is_empty()) {
        replace_masks(own, others | own);
        replace_masks(others, others | own);
    }
}

int set_of_cpu(int cpu) noexcept
{
    for (int set = 1; set <= kMostSets; ++set) {
        if (sets[set - 1].cpus.has(cpu)) {
            return set;
        }
    }
    return kNoSet;
}

Error move_cpu(int cpu, int to) noexcept
{
    const int from = set_of_cpu(cpu);
    if (from == to) {
        return Error::kNone;
    }
    const CpuMask usable = os::usable_cpus();
    const CpuMask left_free = (free_cpus() & usable) - CpuMask::only(cpu);
    if ((from == kNoSet && left_free.is_empty()) || somebody_needs(cpu)) {
        return Error::kBusy;
    }
    // Who was in the set, or outside all, may use the processor with the others from now on.
    const CpuMask before = (to == kNoSet ? free_cpus() : sets[to - 1].cpus) & usable;
    withdraw_cpu(cpu);
    if (from != kNoSet) {
        sets[from - 1].cpus.remove(cpu);
    }
    if (to != kNoSet) {
        sets[to - 1].cpus.add(cpu);
    }
    if (!before.is_empty()) {
        replace_masks(before, before | CpuMask::only(cpu));
    }
    return Error::kNone;
}

int placement_of_task(int task, Placement& placement) noexcept
{
    CpuMask mask;
    if (const int error = os::get_affinity(task, mask); error != 0) {
        return error;
    }
    placement.set = set_of_mask(mask);
    placement.cpu = bound_cpu(mask, placement.set);
    return 0;
}

int bind_task_to_cpu(int task, int cpu) noexcept
{
    Placement now;
    if (const int error = placement_of_task(task, now); error != 0) {
        return error;
    }
    const CpuMask choice = now.set != kNoSet ? sets[now.set - 1].cpus : free_cpus();
    if (cpu != kNoCpu && !choice.has(cpu)) {
        return EINVAL;
    }
    const int outcome = change_affinity(task, cpu != kNoCpu ? CpuMask::only(cpu) : choice);
    if (outcome == 0 || outcome == os::kChanged) {
        bound_to_the_only_cpu = cpu != kNoCpu;
    }
    return outcome;
}

int bind_task_to_set(int task, int set) noexcept
{
    Placement now;
    if (const int error = placement_of_task(task, now); error != 0) {
        return error;
    }
    const CpuMask choice = set != kNoSet ? sets[set - 1].cpus : free_cpus();
    if (choice.is_empty()) {
        return EINVAL;
    }
    if (now.cpu != kNoCpu) {
        return choice.has(now.cpu) ? 0 : EBUSY;
    }
    return change_affinity(task, choice);
}

}  // namespace lt
