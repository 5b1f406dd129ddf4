#include "target/process.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <thread>

using namespace lwpi;

namespace {

// A child with a hundred threads that wait for ever; -1 when it could not be made.
pid_t start_threads()
{
    std::array<int, 2> ready{};
    if (::pipe(ready.data()) != 0) {
        return -1;
    }
    const pid_t child = ::fork();
    if (child == 0) {
        for (int i = 0; i < 100; ++i) {
            std::thread([] {
                for (;;) {
                    ::pause();
                }
            }).detach();
        }
        if (::write(ready[1], "", 1) != 1) {
            ::_exit(1);
        }
        for (;;) {
            ::pause();
        }
    }
    ::close(ready[1]);
    char byte = 0;
    const bool is_ready = child > 0 && ::read(ready[0], &byte, 1) == 1;
    ::close(ready[0]);
    return is_ready ? child : -1;
}

}  // namespace

// Its tasks lose their memory and vanish from /proc one by one: that is its end, and never an error
// that looks like a lack of permission.
TEST(Process, MapsOfOneThatIsEndingAreEmpty)
{
    for (int round = 0; round < 20; ++round) {
        const pid_t child = start_threads();
        ASSERT_GT(child, 0);
        const Process process(child);
        ASSERT_FALSE(process.maps().text.empty());
        ASSERT_EQ(::kill(child, SIGKILL), 0);
        while (!process.has_ended()) {
            ASSERT_EQ(process.maps().error, 0);
        }
        EXPECT_TRUE(process.maps().text.empty());
        ASSERT_EQ(::waitpid(child, nullptr, 0), child);
    }
}
