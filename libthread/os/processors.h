// Processors, the kernel tasks of a process, and which processors may run which task.
#pragma once

#include <bit>
#include <cstdint>

namespace lt::os {

inline constexpr int kMostCpus = 1024;

class CpuMask {
  public:
    static constexpr CpuMask all()
    {
        CpuMask mask;
        for (std::uint64_t& word : mask.words_) {
            word = ~std::uint64_t{0};
        }
        return mask;
    }
    static constexpr CpuMask only(int cpu)
    {
        CpuMask mask;
        mask.add(cpu);
        return mask;
    }

    constexpr void add(int cpu) { words_[cpu / 64] |= std::uint64_t{1} << (cpu % 64); }
    constexpr void remove(int cpu) { words_[cpu / 64] &= ~(std::uint64_t{1} << (cpu % 64)); }
    [[nodiscard]] constexpr bool has(int cpu) const
    {
        return cpu >= 0 && cpu < kMostCpus && (words_[cpu / 64] >> (cpu % 64) & 1) != 0;
    }
    [[nodiscard]] constexpr int count() const
    {
        int sum = 0;
        for (const std::uint64_t word : words_) {
            sum += std::popcount(word);
        }
        return sum;
    }
    [[nodiscard]] constexpr bool is_empty() const { return count() == 0; }
    // The lowest; -1: none.
    [[nodiscard]] constexpr int first() const
    {
        for (int cpu = 0; cpu < kMostCpus; ++cpu) {
            if (has(cpu)) {
                return cpu;
            }
        }
        return -1;
    }
    [[nodiscard]] constexpr bool is_within(const CpuMask& other) const
    {
        return (*this - other).is_empty();
    }
    friend constexpr CpuMask operator&(CpuMask left, const CpuMask& right)
    {
        for (int i = 0; i < kWords; ++i) {
            left.words_[i] &= right.words_[i];
        }
        return left;
    }
    friend constexpr CpuMask operator|(CpuMask left, const CpuMask& right)
    {
        for (int i = 0; i < kWords; ++i) {
            left.words_[i] |= right.words_[i];
        }
        return left;
    }
    friend constexpr CpuMask operator-(CpuMask left, const CpuMask& right)
    {
        for (int i = 0; i < kWords; ++i) {
            left.words_[i] &= ~right.words_[i];
        }
        return left;
    }
    friend constexpr bool operator==(const CpuMask&, const CpuMask&) = default;

    static constexpr std::uint32_t kBytes = kMostCpus / 8;

  private:
    static constexpr int kWords = kMostCpus / 64;
    std::uint64_t words_[kWords] = {};
};

// Those in use, and those that the machine has.
CpuMask online_cpus() noexcept;
CpuMask present_cpus() noexcept;

// Those that the caller could be allowed: the machine's, or its container's.
CpuMask usable_cpus() noexcept;

// The processors that may run a task; 0 is the caller. 0 or an error number.
int get_affinity(int task, CpuMask& mask) noexcept;
int set_affinity(int task, const CpuMask& mask) noexcept;

// The first `size` - 1 bytes of a file, ended by 0; how many, or minus an error number.
long read_text(const char* path, char* text, std::uint32_t size) noexcept;

// Calls visit(task) for each kernel task of a process (0: the caller's), until it returns an error
// number, which is returned. ESRCH: no such process.
template <class Visit>
int for_each_task(int process, Visit visit) noexcept;

// What for_each_task reads: the tasks after `position` in the folder opened by open_tasks.
class TaskList {
  public:
    explicit TaskList(int process) noexcept;
    ~TaskList();
    TaskList(const TaskList&) = delete;
    TaskList& operator=(const TaskList&) = delete;

    [[nodiscard]] bool is_open() const { return folder_ >= 0; }
    // 0: no more.
    int next() noexcept;

  private:
    long folder_;
    long filled_ = 0;
    long at_ = 0;
    alignas(8) char entries_[2048];
};

template <class Visit>
int for_each_task(int process, Visit visit) noexcept
{
    TaskList tasks{process};
    if (!tasks.is_open()) {
        return 3;  // ESRCH
    }
    while (const int task = tasks.next()) {
        if (const int error = visit(task); error != 0) {
            return error;
        }
    }
    return 0;
}

// An outcome of change() below that is no error number.
inline constexpr int kChanged = -1;

// Calls change(task) in rounds until one has changed nothing: a task that is made meanwhile has
// what its maker had, and may escape a round. change() returns 0, kChanged, or an error number,
// which is returned. Gives up where others change the same back again and again.
template <class Change>
int change_every_task(int process, Change change) noexcept
{
    constexpr int kMostRounds = 1000;
    bool changed = true;
    for (int round = 0; changed && round < kMostRounds; ++round) {
        changed = false;
        const int error = for_each_task(process, [&](int task) {
            const int outcome = change(task);
            changed = changed || outcome == kChanged;
            return outcome == kChanged ? 0 : outcome;
        });
        if (error != 0) {
            return error;
        }
    }
    return 0;
}

// Whether there is a word at that address.
bool is_readable_word(const void* address) noexcept;

// Whether the kernel can store a word there; it does, so the word is to be written afterwards.
bool is_writable_word(void* address) noexcept;

}  // namespace lt::os
