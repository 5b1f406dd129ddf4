// Regular expressions that a user looks for names with: POSIX' extended ones.
#pragma once

#include <memory>
#include <string>

namespace lwpi {

// The C library's: std::regex calls itself for each character, and a name may be as long as the
// target likes.
class Pattern {
  public:
    // Throws std::invalid_argument: `text` is no regular expression.
    explicit Pattern(const std::string& text);

    // Whether some part of `text` matches.
    [[nodiscard]] bool is_in(const std::string& text) const;

  private:
    struct Compiled;
    std::shared_ptr<const Compiled> compiled_;
};

}  // namespace lwpi
