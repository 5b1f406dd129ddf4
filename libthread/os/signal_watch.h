// Sleeping until a signal waits, which stays in its queue.
#pragma once

#include <cstdint>

namespace lt::os {

// For one task of ours. It gives up sharing the process's descriptors and has one of its own, where
// no program finds it, closes it, or sees a number missing.
class SignalWatch {
  public:
    // Which signals end the sleep, all of them blocked. False: the kernel refuses a descriptor.
    [[nodiscard]] bool set(std::uint64_t signals) noexcept;

    // Returns once one of them waits for the task or its process, after a handler of a signal that
    // is not in `mask`, or for nothing.
    void sleep(std::uint64_t mask) const noexcept;

    // In a copy of the process, where the task's copy shares the descriptors of all.
    void forget() noexcept { file_ = -1; }

  private:
    long file_ = -1;
    std::uint64_t signals_ = 0;
};

}  // namespace lt::os
