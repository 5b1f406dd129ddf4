// What ends a read or a write that waits, other than data: errors, signals, cancellation.
#include <fcntl.h>
#include <netinet/tcp.h>
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
#include <chrono>
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

TEST(TransferEnds, EndAndErrorsWakeTheReader)
{
    for (const Pair::Kind kind : {Pair::kPipe, Pair::kSocket, Pair::kTcp}) {
        SCOPED_TRACE(Pair::name(kind));
        Pair pair{kind};
        ASSERT_TRUE(pair.works());
        Crew crew;
        const thread_t reader = crew.start([&] { EXPECT_EQ(read_text(pair.reader()), ""); });
        ASSERT_TRUE(io_test::asleep(reader));
        pair.close_writer();
    }
    Pair pair{Pair::kSocket};
    ASSERT_TRUE(pair.works());
    Crew crew;
    const thread_t reader = crew.start([&] { EXPECT_EQ(read_text(pair.reader()), ""); });
    ASSERT_TRUE(io_test::asleep(reader));
    ASSERT_EQ(shutdown(pair.reader(), SHUT_RD), 0);
}

// It calls itself readable, but an attempt that does not wait finds nothing; the kernel's own read
// ends. Also if there is a time limit: what it has to say is not awaited.
TEST(TransferEnds, OfADatagramSocketThatWasShutDown)
{
    constexpr int kRounds = 100;
    for (const int microseconds : {0, 1000}) {
        Pair pair{Pair::kDatagram};
        ASSERT_TRUE(pair.works());
        const timeval limit{0, microseconds};
        setsockopt(pair.reader(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
        ASSERT_EQ(shutdown(pair.reader(), SHUT_RD), 0);
        Crew crew;
        crew.start([&] {
            for (int i = 0; i < kRounds; ++i) {
                ASSERT_EQ(read_text(pair.reader()), "");
            }
        });
    }
}

// What a read could have had when its time was over, it gets, as from the kernel, though another
// thread had its LWP by then.
TEST(TransferEnds, ATimeLimitThatPassesWhileAnotherComputesHidesNothing)
{
    constexpr int kRounds = 20;
    Pair pair{Pair::kDatagram};
    ASSERT_TRUE(pair.works());
    const timeval limit{0, 1000};
    setsockopt(pair.reader(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    ASSERT_EQ(shutdown(pair.reader(), SHUT_RD), 0);
    std::atomic<bool> over{false};
    Crew crew;
    crew.start([&] {
        for (int i = 0; i < kRounds; ++i) {
            EXPECT_EQ(read_text(pair.reader()), "");
        }
        over = true;
    });
    crew.start([&] {
        while (!over) {
            const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds{10};
            while (std::chrono::steady_clock::now() < end) {}
            thr_yield();
        }
    });
}

TEST(TransferEnds, AResetFailsTheRead)
{
    Pair pair{Pair::kTcp};
    ASSERT_TRUE(pair.works());
    Crew crew;
    const thread_t reader = crew.start(
        [&] { EXPECT_EQ(read_text(pair.reader()), "error " + std::to_string(ECONNRESET)); });
    ASSERT_TRUE(io_test::asleep(reader));
    const linger abort{1, 0};
    ASSERT_EQ(setsockopt(pair.writer(), SOL_SOCKET, SO_LINGER, &abort, sizeof(abort)), 0);
    pair.close_writer();
}

TEST(TransferEnds, AWriterLearnsThatNobodyReads)
{
    ASSERT_NE(signal(SIGPIPE, SIG_IGN), SIG_ERR);
    for (const Pair::Kind kind : {Pair::kPipe, Pair::kSocket}) {
        SCOPED_TRACE(Pair::name(kind));
        Pair pair{kind};
        ASSERT_TRUE(pair.works());
        Crew crew;
        const thread_t writer = crew.start([&] {
            const std::string much(4'000'000, 'x');
            const ssize_t some = write(pair.writer(), much.data(), much.size());
            EXPECT_LT(some, 4'000'000);
            EXPECT_TRUE(some > 0 || !io_test::parks()) << some;
            errno = 0;
            EXPECT_EQ(write(pair.writer(), "x", 1), -1);
            EXPECT_EQ(errno, EPIPE);
        });
        ASSERT_TRUE(io_test::asleep(writer));
        pair.close_reader();
    }
}

std::atomic<int> handled{0};

// A handler ends the read if it was installed without SA_RESTART, and only then.
TEST(TransferEnds, AHandlerEndsItUnlessItRestarts)
{
    for (const int flags : {0, SA_RESTART}) {
        handled = 0;
        struct sigaction action {};
        action.sa_handler = [](int) { ++handled; };
        action.sa_flags = flags;
        ASSERT_EQ(sigaction(SIGUSR1, &action, nullptr), 0);
        Pair pair{Pair::kSocket};
        ASSERT_TRUE(pair.works());
        std::atomic<bool> ended{false};
        Crew crew;
        const thread_t reader = crew.start([&] {
            char byte = 0;
            errno = 0;
            const ssize_t got = read(pair.reader(), &byte, 1);
            EXPECT_EQ(got, flags == 0 || !io_test::parks() ? got : 1);
            if (io_test::parks()) {
                EXPECT_EQ(got, flags == 0 ? -1 : 1);
                EXPECT_EQ(errno, flags == 0 ? EINTR : 0);
            }
            ended = true;
        });
        ASSERT_TRUE(io_test::asleep(reader));
        ASSERT_TRUE(bounded::until([&] {
            if (handled == 0 || (flags == 0 && !ended)) {
                thr_kill(reader, SIGUSR1);
            }
            return handled != 0 && (flags != 0 || ended);
        }));
        ASSERT_EQ(write(pair.writer(), "x", 1), 1);
    }
}

// Then it returns what it has done, though the handler restarts calls.
TEST(TransferEnds, AHandlerEndsAWriteThatHasBegun)
{
    handled = 0;
    struct sigaction action {};
    action.sa_handler = [](int) { ++handled; };
    action.sa_flags = SA_RESTART;
    ASSERT_EQ(sigaction(SIGUSR1, &action, nullptr), 0);
    for (const Pair::Kind kind : {Pair::kPipe, Pair::kSocket}) {
        SCOPED_TRACE(Pair::name(kind));
        Pair pair{kind};
        ASSERT_TRUE(pair.works());
        std::atomic<bool> ended{false};
        Crew crew;
        const thread_t writer = crew.start([&] {
            const std::string much(4'000'000, 'x');
            const ssize_t some = write(pair.writer(), much.data(), much.size());
            EXPECT_GT(some, 0);
            EXPECT_LT(some, 4'000'000);
            ended = true;
        });
        ASSERT_TRUE(io_test::asleep(writer));
        EXPECT_TRUE(bounded::until([&] {
            if (!ended) {
                thr_kill(writer, SIGUSR1);
            }
            return ended.load();
        }));
        pair.close_reader();
    }
    EXPECT_GT(handled, 0);
}

// Data that comes with the opening of a connection: the one way tells sendto, the other connect.
TEST(TransferEnds, AWriteThatConnectsWaitsForIt)
{
    sockaddr_in address{};
    const int listener = io_test::listen_here(address);
    ASSERT_GE(listener, 0);
    const auto* generic = reinterpret_cast<const sockaddr*>(&address);
    constexpr socklen_t kSize = sizeof(address);
    constexpr int kOn = 1;
    for (const bool by_send : {true, false}) {
        SCOPED_TRACE(by_send);
        Crew crew;
        crew.start([&] {
            const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
            if (by_send) {
                EXPECT_EQ(sendto(fd, "hello", 5, MSG_FASTOPEN, generic, kSize), 5);
            } else {
                setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, &kOn, sizeof(kOn));
                EXPECT_EQ(connect(fd, generic, kSize), 0);
                EXPECT_EQ(write(fd, "hello", 5), 5);
            }
            close(fd);
        });
        crew.start([&] {
            const int fd = accept(listener, nullptr, nullptr);
            EXPECT_EQ(read_text(fd), "hello");
            close(fd);
        });
    }
    close(listener);
}

ssize_t read_by(int way, int fd, iovec room)
{
    msghdr message{};
    message.msg_iov = &room;
    message.msg_iovlen = 1;
    return way == 0   ? read(fd, room.iov_base, room.iov_len)
           : way == 1 ? recv(fd, room.iov_base, room.iov_len, 0)
                      : recvmsg(fd, &message, 0);
}

// A read that does not wait takes less.
TEST(TransferEnds, AReadWaitsForItsLowWaterMark)
{
    for (const int way : {0, 1, 2}) {
        SCOPED_TRACE(way);
        Pair pair{Pair::kTcp};
        ASSERT_TRUE(pair.works());
        constexpr int kLeast = 8;
        ASSERT_EQ(setsockopt(pair.reader(), SOL_SOCKET, SO_RCVLOWAT, &kLeast, sizeof(kLeast)), 0);
        ASSERT_EQ(write(pair.writer(), "four", 4), 4);
        Crew crew;
        crew.start([&] {
            std::array<char, 16> room{};
            EXPECT_EQ(read_by(way, pair.reader(), {room.data(), room.size()}), 12);
        });
        crew.start([&] { EXPECT_EQ(write(pair.writer(), "and more", 8), 8); });
    }
}

TEST(TransferEnds, IsACancellationPoint)
{
    static std::atomic<pthread_t> target{};
    Pair pair{Pair::kPipe};
    ASSERT_TRUE(pair.works());
    int fd = pair.reader();
    const auto body = [](void* argument) -> void* {
        target = pthread_self();
        char byte = 0;
        const ssize_t got = read(*static_cast<int*>(argument), &byte, 1);
        return reinterpret_cast<void*>(got);
    };
    thread_t id = 0;
    ASSERT_EQ(thr_create(nullptr, 0, body, &fd, 0, &id), 0);
    ASSERT_TRUE(bounded::until([] { return target.load() != pthread_t{}; }));
    ASSERT_TRUE(io_test::asleep(id));
    EXPECT_EQ(pthread_cancel(target), 0);
    void* status = nullptr;
    ASSERT_EQ(thr_join(id, nullptr, &status), 0);
    EXPECT_EQ(status, PTHREAD_CANCELED);
}

}  // namespace
