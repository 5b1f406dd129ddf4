// What is done to all tasks of a process while it makes more.
#include <gtest/gtest.h>

#include <cerrno>
#include <future>
#include <set>
#include <thread>

#include "os/processors.h"
#include "os/syscall.h"

namespace {

int own_task()
{
    return static_cast<int>(lt::os::kernel_thread_id());
}

TEST(TaskRounds, GoOnUntilOneHasChangedNothing)
{
    int visits = 0;
    const int error = lt::os::change_every_task(0, [&](int task) {
        if (task != own_task()) {
            return 0;
        }
        ++visits;
        return visits <= 3 ? lt::os::kChanged : 0;
    });
    EXPECT_EQ(error, 0);
    EXPECT_EQ(visits, 4);
}

TEST(TaskRounds, FindWhoWasMadeByOneThatWasVisitedLater)
{
    std::promise<void> end;
    std::promise<int> number;
    std::thread made;
    std::set<int> changed;
    EXPECT_EQ(lt::os::change_every_task(0,
                                        [&](int task) {
                                            if (!made.joinable()) {
                                                made = std::thread([&] {
                                                    number.set_value(own_task());
                                                    end.get_future().wait();
                                                });
                                            }
                                            return changed.insert(task).second ? lt::os::kChanged
                                                                               : 0;
                                        }),
              0);
    EXPECT_TRUE(changed.contains(own_task()));
    EXPECT_TRUE(changed.contains(number.get_future().get()));
    end.set_value();
    made.join();
}

TEST(TaskRounds, EndWithTheFirstError)
{
    int visits = 0;
    EXPECT_EQ(lt::os::change_every_task(0,
                                        [&](int) {
                                            ++visits;
                                            return EPERM;
                                        }),
              EPERM);
    EXPECT_EQ(visits, 1);
}

TEST(TaskRounds, KnowThatThereIsNoSuchProcess)
{
    EXPECT_EQ(lt::os::change_every_task(0x7ffffff0, [](int) { return 0; }), ESRCH);
}

// Somebody undoes it each time.
TEST(TaskRounds, AreNotEndless)
{
    EXPECT_EQ(lt::os::change_every_task(0, [](int) { return lt::os::kChanged; }), 0);
}

}  // namespace
