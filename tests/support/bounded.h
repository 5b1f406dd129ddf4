// Waiting for a condition, with a limit.
#pragma once

#include <thread.h>

#include <time.h>

#include <chrono>
#include <cstdint>

namespace bounded {

using namespace std::chrono_literals;
using std::chrono::seconds;

// Generous: a machine under load must not fail a test that is right.
inline constexpr std::chrono::seconds kPatience = 20s;

// Asks `predicate` until it is true or `limit` has passed; returns its last answer. Lets other
// threads run meanwhile: first by yielding, then by sleeping, which also frees the processor for
// other kernel tasks.
template <class Predicate>
[[nodiscard]] bool until(Predicate predicate, std::chrono::nanoseconds limit = kPatience)
{
    constexpr int kYieldsOnly = 100;
    const auto end = std::chrono::steady_clock::now() + limit;
    for (int round = 0; !predicate(); ++round) {
        if (std::chrono::steady_clock::now() > end) {
            return predicate();
        }
        thr_yield();
        if (round >= kYieldsOnly) {
            const timespec pause{0, 200'000};
            nanosleep(&pause, nullptr);
        }
    }
    return true;
}

// The same without a call of the library: the caller computes, and its LWP stays its own.
template <class Predicate>
[[nodiscard]] bool compute_until(Predicate predicate)
{
    constexpr std::uint64_t kSome = 1U << 20U;
    const auto end = std::chrono::steady_clock::now() + kPatience;
    for (std::uint64_t round = 1; !predicate(); ++round) {
        if (round % kSome == 0 && std::chrono::steady_clock::now() > end) {
            return false;
        }
    }
    return true;
}

// Watches that `predicate` stays true for `window`: for statements of the form "does not happen".
template <class Predicate>
[[nodiscard]] bool holds_for(std::chrono::nanoseconds window, Predicate predicate)
{
    return !until([&] { return !predicate(); }, window);
}

}  // namespace bounded
