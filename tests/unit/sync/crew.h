// Threads for the tests of synchronisation objects, and memory that can vanish.
#pragma once

#include <synch.h>
#include <thread.h>

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <chrono>
#include <deque>
#include <functional>
#include <new>

#include "support/bounded.h"

namespace lt_test {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// Lets time pass: for tests of what depends on nothing else.
inline void let_pass(milliseconds time)
{
    const auto until = steady_clock::now() + time;
    while (steady_clock::now() < until) {
        thr_yield();
    }
}

// Threads that run a function each; all are joined at the end.
class Crew {
  public:
    Crew() = default;
    Crew(const Crew&) = delete;
    Crew& operator=(const Crew&) = delete;
    ~Crew() { join(); }

    thread_t start(std::function<void()> work, long flags = 0)
    {
        work_.push_back(std::move(work));
        thread_t id = 0;
        EXPECT_EQ(thr_create(nullptr, 0, run, &work_.back(), flags, &id), 0);
        ids_.push_back(id);
        return id;
    }

    void join()
    {
        for (const thread_t id : ids_) {
            EXPECT_EQ(thr_join(id, nullptr, nullptr), 0);
        }
        ids_.clear();
        work_.clear();
    }

  private:
    static void* run(void* work)
    {
        (*static_cast<std::function<void()>*>(work))();
        return nullptr;
    }

    std::deque<std::function<void()>> work_;
    std::deque<thread_t> ids_;
};

// An object on pages of its own: once dropped, any touch of it ends the test.
template <class Object>
class OnItsOwnPage {
  public:
    static Object* make()
    {
        void* page = ::mmap(nullptr, sizeof(Object), PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        return page == MAP_FAILED ? nullptr : new (page) Object{};
    }

    static void drop(Object* object) { ::munmap(object, sizeof(Object)); }
};

}  // namespace lt_test
