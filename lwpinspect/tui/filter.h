// The filter language: words that must all match, such as `state:blocked fn:cache age>10 req`.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/snapshot.h"

namespace lwpi::tui {

struct Term {
    enum class Kind : std::uint8_t {
        kAnything,  // a piece of the name, "#id", wait, state or a function
        kState,     // begins so; of an LWP also its kernel letter
        kWait,
        kFunction,  // a function on its stack, or its start function
        kName,      // or, of a thread without one, its start function
        kLwp,       // an LWP's index or TID
        kOlder,     // blocked or ready for longer than
        kYounger,
    };
    Kind kind = Kind::kAnything;
    std::string text;
    std::int64_t number = 0;
};

struct Filter {
    std::vector<Term> terms;
    // Whether it asks for functions, so that every stack must be read.
    [[nodiscard]] bool needs_stacks() const noexcept;
};

struct ParsedFilter {
    Filter filter;
    std::string error;  // empty: none
};

[[nodiscard]] ParsedFilter parse_filter(std::string_view text);
// All of `text` as one term that may occur anywhere: what a search looks for.
[[nodiscard]] Filter anywhere(std::string_view text);

// Whether `piece` is in `text`, in capitals or small letters.
[[nodiscard]] bool contains(std::string_view text, std::string_view piece);

// Applies a filter to one snapshot, which must outlive it.
class Matcher {
  public:
    Matcher(const Filter& filter, const Snapshot& snapshot);
    [[nodiscard]] bool matches(const ThreadInfo& thread) const;
    [[nodiscard]] bool matches(const LwpInfo& lwp) const;

  private:
    [[nodiscard]] bool in_stack(std::size_t term, const Stack& stack) const;
    [[nodiscard]] bool term_matches(std::size_t index, const ThreadInfo& thread) const;
    [[nodiscard]] bool term_matches(std::size_t index, const LwpInfo& lwp) const;

    const Filter& filter_;
    const Snapshot& snapshot_;
    std::vector<std::vector<bool>> places_;  // for each term: does its text occur in that function
};

}  // namespace lwpi::tui
