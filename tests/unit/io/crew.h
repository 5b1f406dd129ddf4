// What tests of calls that park share: threads, and whether calls park here.
#pragma once

#include <thread.h>

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <string_view>

#include "support/bounded.h"
#include "support/crew.h"
#include "support/insight.h"

namespace io_test {

using crew::Crew;

// Whether calls park here at all.
inline bool parks()
{
    const char* choice = std::getenv("LIBTHREAD_IO");
    // Asked when a thread has been made, and true of a child of fork as well.
    static const bool two_levels = insight::is_two_level();
    return two_levels && (choice == nullptr || std::string_view{choice} != "block");
}

inline int kernel_tasks()
{
    const std::filesystem::directory_iterator tasks("/proc/self/task");
    return static_cast<int>(std::distance(begin(tasks), end(tasks)));
}

// The thread sleeps: in the library, or, where calls do not park, in the kernel as far as it can be
// told without asking for the very call.
inline bool asleep(thread_t id)
{
    return !parks() || bounded::until([id] { return insight::is_blocked(id); });
}

}  // namespace io_test
