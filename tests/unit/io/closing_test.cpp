// Descriptors closed, replaced and reused while threads wait for them; fork with waiters.
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "unit/io/crew.h"
#include "unit/io/files.h"

namespace {

using io_test::Crew;
using io_test::Pair;

struct Answer {
    ssize_t got = 0;
    int error = 0;
};

void read_byte(int fd, Answer& answer)
{
    std::array<char, 8> room{};  // as much as an event wants
    errno = 0;
    answer.got = read(fd, room.data(), room.size());
    answer.error = errno;
}

// Bound threads wait in the kernel, which goes on with the file it has.
class Closing : public testing::Test {
  protected:
    void SetUp() override
    {
        Crew{}.start([] {});  // the model is chosen with the first thread
        if (!io_test::parks()) {
            GTEST_SKIP() << "calls do not park";
        }
    }
};

TEST_F(Closing, ThoseWhoWaitFailWithEbadf)
{
    for (const Pair::Kind kind : Pair::kAll) {
        SCOPED_TRACE(Pair::name(kind));
        Pair pair{kind};
        ASSERT_TRUE(pair.works());
        Answer first;
        Answer second;
        Crew crew;
        const thread_t one = crew.start([&] { read_byte(pair.reader(), first); });
        const thread_t two = crew.start([&] { read_byte(pair.reader(), second); });
        ASSERT_TRUE(io_test::asleep(one) && io_test::asleep(two));
        pair.close_reader();
        crew.join();
        EXPECT_EQ(first.got, -1);
        EXPECT_EQ(first.error, EBADF);
        EXPECT_EQ(second.got, -1);
        EXPECT_EQ(second.error, EBADF);
    }
}

TEST_F(Closing, Dup2EndsTheWaitForItsTarget)
{
    Pair pair{Pair::kSocket};
    Pair other{Pair::kPipe};
    ASSERT_TRUE(pair.works() && other.works());
    Answer old;
    Answer fresh;
    Crew crew;
    const thread_t waiter = crew.start([&] { read_byte(pair.reader(), old); });
    ASSERT_TRUE(io_test::asleep(waiter));
    ASSERT_EQ(dup2(other.reader(), pair.reader()), pair.reader());
    const thread_t next = crew.start([&] { read_byte(pair.reader(), fresh); });
    ASSERT_TRUE(io_test::asleep(next));
    ASSERT_EQ(write(other.writer(), "x", 1), 1);
    crew.join();
    EXPECT_EQ(old.got, -1);
    EXPECT_EQ(old.error, EBADF);
    EXPECT_EQ(fresh.got, 1);
}

TEST_F(Closing, AReplacementThatFailsEndsNoWait)
{
    Pair pair{Pair::kSocket};
    ASSERT_TRUE(pair.works());
    constexpr int kNoFile = 1'000'000;
    constexpr int kNoFlags = 0x7000;
    Answer answer;
    Crew crew;
    const thread_t waiter = crew.start([&] { read_byte(pair.reader(), answer); });
    ASSERT_TRUE(io_test::asleep(waiter));
    EXPECT_EQ(dup2(kNoFile, pair.reader()), -1);
    EXPECT_EQ(dup3(pair.writer(), pair.reader(), kNoFlags), -1);
    const auto number = static_cast<unsigned>(pair.reader());
    EXPECT_EQ(close_range(number, number, kNoFlags), -1);
    ASSERT_EQ(write(pair.writer(), "x", 1), 1);
    crew.join();
    EXPECT_EQ(answer.got, 1);
}

// The library sees nothing of it until the next wait for the number.
TEST_F(Closing, ANumberReusedBehindTheLibrarysBackIsAnotherFile)
{
    Pair pair{Pair::kSocket};
    Pair other{Pair::kPipe};
    ASSERT_TRUE(pair.works() && other.works());
    Answer old;
    Answer fresh;
    Crew crew;
    const thread_t waiter = crew.start([&] { read_byte(pair.reader(), old); });
    ASSERT_TRUE(io_test::asleep(waiter));
    ASSERT_EQ(syscall(SYS_dup2, other.reader(), pair.reader()), pair.reader());
    const thread_t next = crew.start([&] { read_byte(pair.reader(), fresh); });
    ASSERT_TRUE(io_test::asleep(next));
    ASSERT_EQ(write(other.writer(), "x", 1), 1);
    crew.join();
    EXPECT_EQ(old.got, -1);
    EXPECT_EQ(old.error, EBADF);
    EXPECT_EQ(fresh.got, 1);
}

TEST_F(Closing, TheLibrarysOwnDescriptorsStayOpen)
{
    Pair pair{Pair::kSocket};
    ASSERT_TRUE(pair.works());
    Answer answer;
    {
        Crew crew;
        const thread_t waiter = crew.start([&] { read_byte(pair.reader(), answer); });
        ASSERT_TRUE(io_test::asleep(waiter));
        ASSERT_EQ(write(pair.writer(), "x", 1), 1);
    }
    ASSERT_EQ(answer.got, 1);
    constexpr unsigned kBeyondOurs = 100;
    ASSERT_LT(pair.reader(), 100);
    EXPECT_EQ(close_range(kBeyondOurs, ~0U, 0), 0);
    closefrom(static_cast<int>(kBeyondOurs));
    for (int fd = 100; fd < 1100; ++fd) {
        errno = 0;
        EXPECT_EQ(close(fd), -1);
        EXPECT_EQ(errno, EBADF);
    }
    // A program may want the very numbers.
    for (int fd = 1020; fd < 1030; ++fd) {
        ASSERT_EQ(dup2(pair.writer(), fd), fd);
    }
    answer = {};
    Crew crew;
    const thread_t waiter = crew.start([&] { read_byte(pair.reader(), answer); });
    ASSERT_TRUE(io_test::asleep(waiter));
    ASSERT_EQ(write(1029, "x", 1), 1);
    crew.join();
    EXPECT_EQ(answer.got, 1);
    EXPECT_EQ(close_range(1020, 1029, 0), 0);
}

// The child has no waiters and a poller of its own; the parent's go on.
TEST(Fork, WaitersStayInTheParent)
{
    Pair pair{Pair::kSocket};
    ASSERT_TRUE(pair.works());
    Answer answer;
    Crew crew;
    const thread_t waiter = crew.start([&] { read_byte(pair.reader(), answer); });
    ASSERT_TRUE(io_test::asleep(waiter));
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        Pair own{Pair::kPipe};
        Answer of_child;
        {
            Crew children;
            const thread_t reader = children.start([&] { read_byte(own.reader(), of_child); });
            if (!io_test::asleep(reader) || write(own.writer(), "c", 1) != 1) {
                _exit(2);
            }
        }
        _exit(of_child.got == 1 ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
    ASSERT_EQ(write(pair.writer(), "p", 1), 1);
    crew.join();
    EXPECT_EQ(answer.got, 1);
}

}  // namespace
