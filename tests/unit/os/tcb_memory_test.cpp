// What becomes of the memory of threads that are no more.
#include <malloc.h>

#include "unit/os/tcb_runner.h"

namespace {

using namespace tcb_runner;

class OnModelAfterwards : public OnModel {};

INSTANTIATE_TEST_SUITE_P(Tcb, OnModelAfterwards,
                         testing::Values(os::TcbModel::kHand, os::TcbModel::kHusk),
                         [](const auto& which) {
                             return std::string{os::tcb_model_name(which.param)};
                         });

TEST_P(OnModelAfterwards, DestroyFreesWhatLibcKeepsPerThread)
{
    with_model(GetParam(), [] {
        constexpr int kRounds = 20;
        constexpr int kThreads = 100;
        constexpr std::size_t kSlack = 100'000;  // one full cache alone holds four times that
        std::size_t after_first = 0;
        for (int round = 0; round < kRounds; ++round) {
            os::StackSlot* slots[kThreads];
            for (os::StackSlot*& slot : slots) {
                slot = make();
                ASSERT_NE(slot, nullptr);
                ASSERT_EQ(text(run(*slot, fill_malloc_cache)), "");
            }
            for (os::StackSlot* slot : slots) {
                destroy(slot);
            }
            if (round == 0) {
                after_first = mallinfo2().uordblks;
            }
        }
        EXPECT_LT(mallinfo2().uordblks, after_first + kSlack);
    });
}

const char* do_little(void*)
{
    os::tcb_first_run();
    os::tcb_reset_own();
    return nullptr;
}

// Of every third thread's block libc keeps memory, which must be freed; every stack must be empty,
// and good for a new thread. Rounds are many: a block left in glibc's list would be found by the
// pthreads that are made meanwhile.
TEST(Tcb, RetiringFreesBlocksAndStacks)
{
    with_model(os::TcbModel::kHand, [] {
        constexpr int kRounds = 20;
        constexpr int kThreads = 100;
        constexpr std::size_t kSlack = 100'000;
        ASSERT_TRUE(os::tcb_can_retire());
        std::size_t after_first = 0;
        for (int round = 0; round < kRounds; ++round) {
            os::StackSlot* slots[kThreads];
            for (os::StackSlot*& slot : slots) {
                slot = make();
                ASSERT_NE(slot, nullptr);
            }
            os::StackSlot* chain = nullptr;
            for (int i = 0; i < kThreads; ++i) {
                ASSERT_EQ(text(run(*slots[i], do_little)), "");
                if (i % 3 == 0) {
                    ASSERT_EQ(text(run(*slots[i], fill_malloc_cache)), "");
                }
                *reinterpret_cast<char*>(slots[i]->lo) = 1;
                slots[i]->next = chain;
                chain = slots[i];
            }
            ASSERT_EQ(os::tcb_retire(chain), nullptr);
            for (const os::StackSlot* slot : slots) {
                ASSERT_EQ(slot->tcb, nullptr);
                ASSERT_EQ(*reinterpret_cast<const char*>(slot->lo), 0);
            }
            if (round == 0) {
                after_first = mallinfo2().uordblks;
            }
        }
        EXPECT_LT(mallinfo2().uordblks, after_first + kSlack);
    });
}

}  // namespace
