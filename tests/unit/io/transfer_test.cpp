// read(2), write(2), recv(2), send(2) and their kin on descriptors that are not ready.
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <pty.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <numeric>
#include <string>

#include "unit/io/crew.h"
#include "unit/io/files.h"

namespace {

using io_test::Crew;
using io_test::Pair;

std::string read_text(int fd, std::size_t room = 64)
{
    std::string text(room, '\0');
    const ssize_t got = read(fd, text.data(), text.size());
    if (got < 0) {
        return "error " + std::to_string(errno);
    }
    text.resize(static_cast<std::size_t>(got));
    return text;
}

// Each kind of descriptor that can be waited for: what is written at one end, a read that began
// before gets at the other.
TEST(Transfer, AReadWaitsForWhateverItIs)
{
    for (const Pair::Kind kind : Pair::kAll) {
        SCOPED_TRACE(Pair::name(kind));
        Pair pair{kind};
        ASSERT_TRUE(pair.works());
        Crew crew;
        std::string got;
        const thread_t reader = crew.start([&] { got = read_text(pair.reader()); });
        ASSERT_TRUE(io_test::asleep(reader));
        ASSERT_EQ(write(pair.writer(), "eight by", 8), 8);
        crew.join();
        EXPECT_EQ(got.size(), 8U);
        if (kind != Pair::kEvent) {
            EXPECT_EQ(got, "eight by");
        }
    }
}

TEST(Transfer, ATimerAndAnEventAreAwaited)
{
    const int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
    ASSERT_GE(timer, 0);
    itimerspec when{};
    when.it_value.tv_nsec = 20'000'000;
    Crew crew;
    crew.start([&] {
        ASSERT_EQ(timerfd_settime(timer, 0, &when, nullptr), 0);
        std::uint64_t expired = 0;
        EXPECT_EQ(read(timer, &expired, sizeof(expired)), 8);
        EXPECT_EQ(expired, 1U);
    });
    crew.join();
    close(timer);
}

TEST(Transfer, AWriteWaitsUntilAllIsWritten)
{
    for (const Pair::Kind kind : {Pair::kPipe, Pair::kSocket, Pair::kTcp}) {
        SCOPED_TRACE(Pair::name(kind));
        Pair pair{kind};
        ASSERT_TRUE(pair.works());
        std::string sent(3'000'000, '\0');
        std::iota(sent.begin(), sent.end(), '\0');
        std::string got;
        Crew crew;
        const thread_t writer = crew.start([&] {
            EXPECT_EQ(write(pair.writer(), sent.data(), sent.size()),
                      static_cast<ssize_t>(sent.size()));
            pair.close_writer();
        });
        ASSERT_TRUE(io_test::asleep(writer));
        crew.start([&] {
            for (;;) {
                const std::string part = read_text(pair.reader(), 100'000);
                if (part.empty()) {
                    break;
                }
                got += part;
            }
        });
        crew.join();
        EXPECT_TRUE(got == sent);
    }
}

// Each of many waits makes some progress: none of them counts as a wake-up for nothing, after which
// the kernel would be left to write one of the parts.
TEST(Transfer, AVectorIsWrittenWholeHoweverManyWaitsItTakes)
{
    constexpr std::size_t kPart = 1'000'000;
    for (const Pair::Kind kind : {Pair::kPipe, Pair::kSocket}) {
        SCOPED_TRACE(Pair::name(kind));
        Pair pair{kind};
        ASSERT_TRUE(pair.works());
        const std::string part(kPart, 'x');
        std::array<iovec, 2> list{};
        list.fill({const_cast<char*>(part.data()), kPart});  // NOLINT: read only
        Crew crew;
        crew.start([&] {
            EXPECT_EQ(writev(pair.writer(), list.data(), 2), static_cast<ssize_t>(2 * kPart));
            pair.close_writer();
        });
        std::size_t got = 0;
        crew.start([&] {
            std::array<char, 4096> some{};
            for (ssize_t size = 1; size > 0;) {
                size = read(pair.reader(), some.data(), some.size());
                got += size > 0 ? static_cast<std::size_t>(size) : 0;
                thr_yield();
            }
        });
        crew.join();
        EXPECT_EQ(got, 2 * kPart);
    }
}

TEST(Transfer, AVectorIsWrittenAndReadWhole)
{
    for (const Pair::Kind kind : {Pair::kPipe, Pair::kSocket}) {
        SCOPED_TRACE(Pair::name(kind));
        Pair pair{kind};
        ASSERT_TRUE(pair.works());
        std::array<std::string, 5> parts;
        std::string sent;
        std::array<iovec, 5> list{};
        for (std::size_t i = 0; i < parts.size(); ++i) {
            parts[i].assign(i == 1 ? 0 : 70'000 * i + 1, static_cast<char>('a' + i));
            sent += parts[i];
            list[i] = {parts[i].data(), parts[i].size()};
        }
        Crew crew;
        crew.start([&] {
            EXPECT_EQ(writev(pair.writer(), list.data(), 5), static_cast<ssize_t>(sent.size()));
            pair.close_writer();
        });
        std::string got;
        crew.start([&] {
            for (;;) {
                std::array<char, 1000> one{};
                std::array<char, 1> two{};
                const std::array<iovec, 2> room{{{two.data(), 1}, {one.data(), one.size()}}};
                const ssize_t size = readv(pair.reader(), room.data(), 2);
                if (size <= 0) {
                    break;
                }
                got += two[0];
                got.append(one.data(), static_cast<std::size_t>(size) - 1);
            }
        });
        crew.join();
        EXPECT_TRUE(got == sent);
    }
}

TEST(Transfer, RecvWithWaitallWaitsForAll)
{
    Pair pair{Pair::kSocket};
    ASSERT_TRUE(pair.works());
    Crew crew;
    std::string got(10, '\0');
    const thread_t reader = crew.start(
        [&] { EXPECT_EQ(recv(pair.reader(), got.data(), got.size(), MSG_WAITALL), 10); });
    ASSERT_TRUE(io_test::asleep(reader));
    ASSERT_EQ(send(pair.writer(), "01234", 5, 0), 5);
    ASSERT_TRUE(io_test::asleep(reader));
    ASSERT_EQ(send(pair.writer(), "56789", 5, 0), 5);
    crew.join();
    EXPECT_EQ(got, "0123456789");
    crew.start([&] {
        std::array<char, 10> rest{};
        EXPECT_EQ(recv(pair.reader(), rest.data(), rest.size(), MSG_WAITALL), 3);
    });
    ASSERT_EQ(send(pair.writer(), "end", 3, 0), 3);
    pair.close_writer();
    crew.join();
}

TEST(Transfer, PeekLeavesTheData)
{
    Pair pair{Pair::kSocket};
    ASSERT_TRUE(pair.works());
    Crew crew;
    const thread_t reader = crew.start([&] {
        std::array<char, 8> first{};
        EXPECT_EQ(recv(pair.reader(), first.data(), first.size(), MSG_PEEK), 4);
        EXPECT_EQ(read_text(pair.reader()), "data");
    });
    ASSERT_TRUE(io_test::asleep(reader));
    ASSERT_EQ(write(pair.writer(), "data", 4), 4);
}

TEST(Transfer, NonblockingDescriptorsAnswerAtOnce)
{
    for (const Pair::Kind kind : {Pair::kPipe, Pair::kSocket, Pair::kTerminal}) {
        SCOPED_TRACE(Pair::name(kind));
        Pair pair{kind};
        ASSERT_TRUE(pair.works());
        ASSERT_EQ(fcntl(pair.reader(), F_SETFL, O_RDWR | O_NONBLOCK), 0);
        Crew crew;
        crew.start([&] {
            char byte = 0;
            errno = 0;
            EXPECT_EQ(read(pair.reader(), &byte, 1), -1);
            EXPECT_EQ(errno, EAGAIN);
        });
    }
    Pair pair{Pair::kSocket};
    ASSERT_TRUE(pair.works());
    ASSERT_EQ(fcntl(pair.writer(), F_SETFL, O_RDWR | O_NONBLOCK), 0);
    Crew crew;
    crew.start([&] {
        const std::string much(4'000'000, 'x');
        const ssize_t some = write(pair.writer(), much.data(), much.size());
        EXPECT_GT(some, 0);
        EXPECT_LT(some, 4'000'000);
        errno = 0;
        EXPECT_EQ(write(pair.writer(), much.data(), much.size()), -1);
        EXPECT_EQ(errno, EAGAIN);
    });
}

TEST(Transfer, TheDescriptionStaysBlocking)
{
    Pair pair{Pair::kSocket};
    ASSERT_TRUE(pair.works());
    Crew crew;
    const thread_t reader = crew.start([&] { EXPECT_EQ(read_text(pair.reader()), "x"); });
    ASSERT_TRUE(io_test::asleep(reader));
    EXPECT_EQ(fcntl(pair.reader(), F_GETFL) & O_NONBLOCK, 0);
    ASSERT_EQ(write(pair.writer(), "x", 1), 1);
}

TEST(Transfer, SocketTimeoutsEndTheWait)
{
    Pair pair{Pair::kSocket};
    ASSERT_TRUE(pair.works());
    const timeval soon{0, 20'000};
    ASSERT_EQ(setsockopt(pair.reader(), SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof(soon)), 0);
    ASSERT_EQ(setsockopt(pair.writer(), SOL_SOCKET, SO_SNDTIMEO, &soon, sizeof(soon)), 0);
    Crew crew;
    crew.start([&] {
        char byte = 0;
        errno = 0;
        EXPECT_EQ(recv(pair.reader(), &byte, 1, 0), -1);
        EXPECT_EQ(errno, EAGAIN);
        const std::string much(4'000'000, 'x');
        const ssize_t some = send(pair.writer(), much.data(), much.size(), 0);
        EXPECT_GT(some, 0);
        EXPECT_LT(some, 4'000'000);
        errno = 0;
        EXPECT_EQ(send(pair.writer(), much.data(), much.size(), 0), -1);
        EXPECT_EQ(errno, EAGAIN);
    });
}

TEST(Transfer, EveryReaderOfOneDescriptorGetsItsShare)
{
    Crew{}.start([] {});  // the model is chosen with the first thread
    const std::size_t readers = io_test::parks() ? 1000 : 200;
    Pair pair{Pair::kPipe};
    ASSERT_TRUE(pair.works());
    std::atomic<std::size_t> bytes{0};
    Crew crew;
    thread_t last = 0;
    for (std::size_t i = 0; i < readers; ++i) {
        last = crew.start([&] { bytes += read_text(pair.reader(), 1).size(); });
    }
    ASSERT_TRUE(io_test::asleep(last));
    const std::string all(readers, 'x');
    ASSERT_EQ(write(pair.writer(), all.data(), all.size()), static_cast<ssize_t>(readers));
    crew.join();
    EXPECT_EQ(bytes, readers);
}

TEST(Transfer, ReadersAndWritersOfOneSocketDoNotMix)
{
    Pair pair{Pair::kSocket};
    ASSERT_TRUE(pair.works());
    const std::string much(2'000'000, 'x');
    Crew crew;
    const thread_t reader = crew.start([&] { EXPECT_EQ(read_text(pair.writer()), "answer"); });
    ASSERT_TRUE(io_test::asleep(reader));
    crew.start([&] { EXPECT_EQ(write(pair.writer(), much.data(), much.size()), 2'000'000); });
    crew.start([&] {
        std::size_t got = 0;
        while (got < much.size()) {
            got += read_text(pair.reader(), 300'000).size();
        }
        EXPECT_EQ(write(pair.reader(), "answer", 6), 6);
    });
}

TEST(Transfer, FilesAndErrorsAreLibcsBusiness)
{
    Crew crew;
    crew.start([] {
        char byte = 0;
        errno = 0;
        EXPECT_EQ(read(-1, &byte, 1), -1);
        EXPECT_EQ(errno, EBADF);
        const int file = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
        ASSERT_GE(file, 0);
        EXPECT_EQ(read_text(file, 5), "Name:");
        errno = 0;
        EXPECT_EQ(recv(file, &byte, 1, 0), -1);
        EXPECT_EQ(errno, ENOTSOCK);
        errno = 0;
        EXPECT_EQ(write(file, &byte, 1), -1);
        EXPECT_EQ(errno, EBADF);
        close(file);
        const int none = open("/dev/null", O_RDWR | O_CLOEXEC);
        EXPECT_EQ(read(none, &byte, 1), 0);
        EXPECT_EQ(write(none, &byte, 1), 1);
        close(none);
    });
}

// A computation on the only LWP does not keep those that wait from being woken.
TEST(Transfer, AWaiterIsNoticedWhileAnotherComputes)
{
    Pair pair{Pair::kSocket};
    ASSERT_TRUE(pair.works());
    std::atomic<bool> got{false};
    Crew crew;
    const thread_t reader = crew.start([&] {
        EXPECT_EQ(read_text(pair.reader()), "x");
        got = true;
    });
    ASSERT_TRUE(io_test::asleep(reader));
    crew.start([&] {
        ASSERT_EQ(write(pair.writer(), "x", 1), 1);
        const auto end = std::chrono::steady_clock::now() + bounded::kPatience;
        while (!got && std::chrono::steady_clock::now() < end) {}
        EXPECT_TRUE(got);
    });
}

// Nor does a call that the library does not know.
TEST(Transfer, AWaiterIsNoticedWhileAnotherHoldsItsLwp)
{
    Pair pair{Pair::kSocket};
    Pair other{Pair::kPipe};
    ASSERT_TRUE(pair.works() && other.works());
    Crew crew;
    const thread_t reader = crew.start([&] {
        EXPECT_EQ(read_text(pair.reader()), "x");
        EXPECT_EQ(write(other.writer(), "y", 1), 1);
    });
    ASSERT_TRUE(io_test::asleep(reader));
    crew.start([&] {
        ASSERT_EQ(write(pair.writer(), "x", 1), 1);
        char byte = 0;
        EXPECT_EQ(syscall(SYS_read, other.reader(), &byte, 1), 1);
    });
}

}  // namespace
