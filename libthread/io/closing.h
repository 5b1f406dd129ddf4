// Descriptors that the program closes, or gives to another file, while threads may wait for them.
#pragma once

namespace lt::io {

// Around the closing of the numbers `first` to `last`: threads asleep when it begins fail with
// EBADF, those that came in between look again.
class Closing {
  public:
    Closing(int first, int last) noexcept
        : Closing{static_cast<unsigned>(first), static_cast<unsigned>(last)}
    {
    }
    Closing(unsigned first, unsigned last) noexcept;
    ~Closing();
    Closing(const Closing&) = delete;
    Closing& operator=(const Closing&) = delete;

  private:
    unsigned first_;
    unsigned last_;  // below first_: nothing is known of any
};

// Whether the number is one of the library's own descriptors.
bool is_own_fd(int fd) noexcept;

// The first of the library's own descriptors from `first` to `last`; `last` if there is none.
unsigned next_own_fd(unsigned first, unsigned last) noexcept;

// The library's own descriptor gets out of the way of a program that wants its number.
void vacate_fd(int fd) noexcept;

}  // namespace lt::io
