// thr_min_stack(3C).
#include <thread.h>

#include "conformance/fixture.h"

namespace conformance {
namespace {

class ThrMinStack : public ThreadTest {};

INSTANTIATE_TEST_SUITE_P(Threads, ThrMinStack, bindings(), binding_name);

// THR-SELF-09: at least 4096, and the same at each call and in each thread.
TEST_P(ThrMinStack, S09IsConstantAndAtLeastAPage)
{
    const std::size_t here = thr_min_stack();
    EXPECT_GE(here, 4096U);
    EXPECT_EQ(thr_min_stack(), here);
    std::size_t there = 0;
    join(start([&] { there = thr_min_stack(); }));
    EXPECT_EQ(there, here);
    EXPECT_EQ(thr_min_stack(), here);
}

}  // namespace
}  // namespace conformance
