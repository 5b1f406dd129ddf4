// Threads of one test, joined at its end.
#pragma once

#include <thread.h>

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <utility>
#include <vector>

namespace crew {

class Crew {
  public:
    // The flags of thr_create() for each that is started without its own.
    explicit Crew(long flags = 0) : flags_{flags} {}
    Crew(const Crew&) = delete;
    Crew& operator=(const Crew&) = delete;
    ~Crew() { join(); }

    thread_t start(std::function<void()> body) { return start(std::move(body), flags_); }

    // 0: it could not be made, and the test has failed.
    thread_t start(std::function<void()> body, long flags)
    {
        auto owned = std::make_unique<std::function<void()>>(std::move(body));
        thread_t id = 0;
        const int error = thr_create(nullptr, 0, run, owned.get(), flags, &id);
        EXPECT_EQ(error, 0);
        if (error != 0) {
            return 0;
        }
        static_cast<void>(owned.release());
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

}  // namespace crew
