// thr_main(3C).
#include <thread.h>

#include <pthread.h>

#include "conformance/fixture.h"

namespace conformance {
namespace {

class ThrMain : public ThreadTest {};

INSTANTIATE_TEST_SUITE_P(Threads, ThrMain, bindings(), binding_name);

// THR-SELF-03: thr_main is 1 in the initial thread and 0 in others.
TEST_P(ThrMain, S03TellsTheInitialThread)
{
    EXPECT_EQ(thr_main(), 1);
    int other = -1;
    join(start([&] { other = thr_main(); }));
    EXPECT_EQ(other, 0);
    EXPECT_EQ(thr_main(), 1);
}

void* store_thr_main(void* place)
{
    *static_cast<int*>(place) = thr_main();
    return nullptr;
}

// THR-SELF-03: so it is in a thread that pthread_create made.
TEST_P(ThrMain, S03IsZeroInAThreadMadeByPthreadCreate)
{
    int other = -1;
    pthread_t handle{};
    ASSERT_EQ(pthread_create(&handle, nullptr, store_thr_main, &other), 0);
    ASSERT_EQ(pthread_join(handle, nullptr), 0);
    EXPECT_EQ(other, 0);
}

}  // namespace
}  // namespace conformance
