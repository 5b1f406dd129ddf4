// How often a test tries what happens by chance.
#pragma once

#include <chrono>

namespace bounded {

// The rounds of a test of chance: many, but no more than fit in a few seconds, for where processors
// are scarce each may take several of the kernel's time slices. At least one.
class Rounds {
  public:
    explicit Rounds(int most) : most_{most} {}

    // Whether there is another.
    [[nodiscard]] bool next()
    {
        ++number_;
        return number_ == 0 || (number_ < most_ && std::chrono::steady_clock::now() < end_);
    }
    // That of the last one, from 0.
    [[nodiscard]] int number() const { return number_; }

  private:
    std::chrono::steady_clock::time_point end_ =
        std::chrono::steady_clock::now() + std::chrono::seconds{3};
    int most_;
    int number_ = -1;
};

}  // namespace bounded
