// What the conformance tests share: threads made with the flags of the test's parameter, and the
// check that each test leaves no thread behind.
//
// The parameter is the flag that each thread is created with, 0 (unbound) or THR_BOUND. Model and
// concurrency come from the environment: ctest runs each binary several times.
#pragma once

#include <thread.h>

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <string>
#include <type_traits>
#include <utility>

#include "support/blocked.h"
#include "support/bounded.h"
#include "support/child.h"
#include "support/latch.h"
#include "support/platform.h"

namespace conformance {

using namespace std::chrono_literals;

// What a thread runs. Owned by the fixture until the test's end, so that no thread needs to free
// it.
struct Body {
    Body() = default;
    Body(const Body&) = delete;
    Body& operator=(const Body&) = delete;
    virtual ~Body() = default;
    virtual void* run() = 0;

    std::atomic<thread_t> id{0};
    Body* next = nullptr;
};

template <class Function>
struct BodyOf final : Body {
    explicit BodyOf(Function given) : function{std::move(given)} {}

    void* run() override
    {
        if constexpr (std::is_void_v<std::invoke_result_t<Function&>>) {
            function();
            return nullptr;
        } else {
            return function();
        }
    }

    Function function;
};

// Runs the body that `argument` points to.
inline void* run_body(void* argument)
{
    return static_cast<Body*>(argument)->run();
}

// Whether every thread has an LWP: statements about multiplexing do not hold then.
inline bool is_bound_model()
{
    return platform::is_one_to_one();
}

// No thread has it.
constexpr thread_t kNeverIssued = 0x3ffffff0;

// Of a function that tells its error in errno.
inline void expect_failure(long result, int error)
{
    const int seen = errno;
    EXPECT_EQ(result, -1);
    EXPECT_EQ(seen, error);
}

// The kernel tasks of this process, the library's helpers included: compare differences only.
inline int kernel_task_count()
{
    return platform::lwp_count();
}

// Whether a thread of that id runs: neither ended nor unknown.
inline bool is_alive(thread_t id)
{
    return thr_kill(id, 0) == 0;
}

// Joins `id` and returns its status; a failure to join fails the test.
inline void* join(thread_t id)
{
    void* status = nullptr;
    EXPECT_EQ(thr_join(id, nullptr, &status), 0) << "thread " << id;
    return status;
}

// A number as a thread's argument or status.
inline void* as_pointer(std::uintptr_t number)
{
    return reinterpret_cast<void*>(number);
}

class ThreadTest : public testing::TestWithParam<long> {
  protected:
    // The parameter: 0 or THR_BOUND.
    [[nodiscard]] static long binding() { return GetParam(); }

    // Whether the threads of this test are multiplexed on the pool.
    [[nodiscard]] static bool is_multiplexed() { return GetParam() == 0 && !is_bound_model(); }

    // Starts function() in a thread made with the parameter and `flags`. May be called by any
    // thread of the test. Returns the id, 0 on failure (which fails the test).
    template <class Function>
    thread_t start(Function function, long flags = 0)
    {
        return start_on(nullptr, 0, std::move(function), flags);
    }

    // The same on the stack given, or on one of the library's of the size given.
    template <class Function>
    thread_t start_on(void* stack, std::size_t size, Function function, long flags = 0)
    {
        Body* const body = new BodyOf<Function>{std::move(function)};
        keep(body);
        thread_t id = 0;
        EXPECT_EQ(thr_create(stack, size, run_body, body, binding() | flags, &id), 0);
        body->id.store(id);
        return id;
    }

    // Every thread of the test has ended, and every undetached one was joined.
    void TearDown() override
    {
        for (const Body* body = bodies_.load(); body != nullptr; body = body->next) {
            const thread_t id = body->id.load();
            EXPECT_TRUE(id == 0 || bounded::until([id] { return !is_alive(id); }))
                << "thread " << id << " outlives its test";
        }
        if (HasFailure()) {
            // The threads left may still use their bodies, and joining them could take for ever.
            return;
        }
        thread_t departed = 0;
        while (thr_join(0, &departed, nullptr) == 0) {
            ADD_FAILURE() << "thread " << departed << " was not joined by its test";
        }
        free_bodies();
    }

  private:
    void keep(Body* body)
    {
        body->next = bodies_.load();
        while (!bodies_.compare_exchange_weak(body->next, body)) {}
    }

    void free_bodies()
    {
        Body* body = bodies_.exchange(nullptr);
        while (body != nullptr) {
            delete std::exchange(body, body->next);
        }
    }

    std::atomic<Body*> bodies_{nullptr};
};

// The values of the parameter, and their names: Unbound, Bound.
inline auto bindings()
{
    return testing::Values(0L, static_cast<long>(THR_BOUND));
}

inline std::string binding_name(const testing::TestParamInfo<long>& info)
{
    return info.param == 0 ? "Unbound" : "Bound";
}

}  // namespace conformance
