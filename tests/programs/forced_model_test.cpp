// A model that was asked for is the one that runs: without this, the tests that force a model could
// pass on another one, for the library falls back when its self-test fails.
#include <thread.h>

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "support/insight.h"

namespace {

TEST(ForcedModel, IsTheOneThatRuns)
{
    const char* wanted = std::getenv("LIBTHREAD_MODEL");
    ASSERT_NE(wanted, nullptr);
    // The library chooses when it is first needed.
    thread_t tid = 0;
    ASSERT_EQ(thr_create(nullptr, 0, [](void* arg) { return arg; }, nullptr, 0, &tid), 0);
    ASSERT_EQ(thr_join(tid, nullptr, nullptr), 0);
    // mn takes the first way that works: on the systems we support, the first.
    EXPECT_EQ(insight::model(), std::string(wanted) == "mn" ? "hand" : wanted);
}

}  // namespace
