// Threads of one test, joined at its end.
#pragma once

#include <thread.h>

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <iterator>
#include <memory>
#include <string_view>
#include <vector>

#include "support/bounded.h"
#include "support/insight.h"

namespace io_test {

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

class Crew {
  public:
    explicit Crew(long flags = 0) : flags_{flags} {}
    Crew(const Crew&) = delete;
    Crew& operator=(const Crew&) = delete;
    ~Crew() { join(); }

    thread_t start(std::function<void()> body)
    {
        auto* owned = new std::function<void()>{std::move(body)};
        thread_t id = 0;
        const int error = thr_create(nullptr, 0, run, owned, flags_, &id);
        EXPECT_EQ(error, 0);
        if (error != 0) {
            delete owned;
            return 0;
        }
        ids_.push_back(id);
        return id;
    }

    void join()
    {
        for (const thread_t id : ids_) {
            EXPECT_EQ(thr_join(id, nullptr, nullptr), 0);
        }
        ids_.clear();
    }

  private:
    static void* run(void* argument)
    {
        const std::unique_ptr<std::function<void()>> body{
            static_cast<std::function<void()>*>(argument)};
        (*body)();
        return nullptr;
    }

    long flags_;
    std::vector<thread_t> ids_;
};

// The thread sleeps: in the library, or, where calls do not park, in the kernel as far as it can be
// told without asking for the very call.
inline bool asleep(thread_t id)
{
    return !parks() || bounded::until([id] { return insight::is_blocked(id); });
}

}  // namespace io_test
