// accept(2), poll(2), select(2), epoll_wait(2).
#include <netinet/in.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <deque>

#include "unit/io/crew.h"
#include "unit/io/files.h"

namespace {

using namespace std::chrono_literals;
using Time = std::chrono::steady_clock;
using io_test::Crew;
using io_test::Pair;

class Listener {
  public:
    Listener()
    {
        address_.sin_family = AF_INET;
        address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof(address_);
        works_ = bind(fd_, generic(), size) == 0 && listen(fd_, 100) == 0 &&
                 getsockname(fd_, generic(), &size) == 0;
    }
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;
    ~Listener() { close(fd_); }

    [[nodiscard]] bool works() const { return works_; }
    [[nodiscard]] int fd() const { return fd_; }
    [[nodiscard]] int call() const
    {
        const int caller = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        EXPECT_EQ(connect(caller, reinterpret_cast<const sockaddr*>(&address_), sizeof(address_)),
                  0);
        return caller;
    }

  private:
    sockaddr* generic() { return reinterpret_cast<sockaddr*>(&address_); }

    sockaddr_in address_{};
    int fd_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool works_ = false;
};

TEST(Accept, WaitsForACall)
{
    const Listener listener;
    ASSERT_TRUE(listener.works());
    Crew crew;
    const thread_t server = crew.start([&] {
        sockaddr_in from{};
        socklen_t size = sizeof(from);
        const int peer = accept(listener.fd(), reinterpret_cast<sockaddr*>(&from), &size);
        ASSERT_GE(peer, 0);
        EXPECT_EQ(size, sizeof(from));
        EXPECT_EQ(from.sin_family, AF_INET);
        char byte = 0;
        EXPECT_EQ(read(peer, &byte, 1), 1);
        EXPECT_EQ(write(peer, &byte, 1), 1);
        close(peer);
    });
    ASSERT_TRUE(io_test::asleep(server));
    crew.start([&] {
        const int caller = listener.call();
        char byte = 'q';
        EXPECT_EQ(write(caller, &byte, 1), 1);
        EXPECT_EQ(read(caller, &byte, 1), 1);
        EXPECT_EQ(read(caller, &byte, 1), 0);
        close(caller);
    });
}

TEST(Accept, ManyThreadsShareOneListener)
{
    constexpr int kServers = 100;
    const Listener listener;
    ASSERT_TRUE(listener.works());
    std::atomic<int> served{0};
    Crew crew;
    for (int i = 0; i < kServers; ++i) {
        crew.start([&] {
            const int peer = accept4(listener.fd(), nullptr, nullptr, SOCK_CLOEXEC);
            EXPECT_GE(peer, 0);
            ++served;
            close(peer);
        });
    }
    for (int i = 0; i < kServers; ++i) {
        close(listener.call());
    }
    crew.join();
    EXPECT_EQ(served, kServers);
}

// They would never call themselves ready.
TEST(Accept, RefusesWhatDoesNotListenAndUnknownFlags)
{
    constexpr int kNoFlags = 0x1234;
    const Listener listener;
    ASSERT_TRUE(listener.works());
    Pair connection{Pair::kTcp};
    ASSERT_TRUE(connection.works());
    const int datagrams = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    Crew crew;
    crew.start([&] {
        errno = 0;
        EXPECT_EQ(accept(connection.reader(), nullptr, nullptr), -1);
        EXPECT_EQ(errno, EINVAL);
        errno = 0;
        EXPECT_EQ(accept(datagrams, nullptr, nullptr), -1);
        EXPECT_EQ(errno, EOPNOTSUPP);
        errno = 0;
        EXPECT_EQ(accept4(listener.fd(), nullptr, nullptr, kNoFlags), -1);
        EXPECT_EQ(errno, EINVAL);
    });
    crew.join();
    close(datagrams);
}

TEST(Accept, ConnectionRefusedIsAnError)
{
    // Has a port, which is nobody else's meanwhile, but does not listen.
    const int deaf = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    ASSERT_EQ(bind(deaf, reinterpret_cast<sockaddr*>(&address), size), 0);
    ASSERT_EQ(getsockname(deaf, reinterpret_cast<sockaddr*>(&address), &size), 0);
    Crew crew;
    crew.start([&] {
        const int caller = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        errno = 0;
        EXPECT_EQ(connect(caller, reinterpret_cast<const sockaddr*>(&address), sizeof(address)),
                  -1);
        EXPECT_EQ(errno, ECONNREFUSED);
        close(caller);
    });
    crew.join();
    close(deaf);
}

TEST(Poll, WaitsForOneOfMany)
{
    std::deque<Pair> pairs;
    for (const Pair::Kind kind : Pair::kAll) {
        ASSERT_TRUE(pairs.emplace_back(kind).works());
    }
    for (std::size_t chosen = 0; chosen < pairs.size(); ++chosen) {
        Crew crew;
        const thread_t waiter = crew.start([&] {
            std::array<pollfd, Pair::kAll.size() + 1> files{};
            for (std::size_t i = 0; i < pairs.size(); ++i) {
                files[i] = {pairs[i].reader(), POLLIN, 0};
            }
            files.back() = {-1, POLLIN, 0};
            EXPECT_EQ(poll(files.data(), files.size(), -1), 1);
            for (std::size_t i = 0; i < pairs.size(); ++i) {
                EXPECT_EQ(files[i].revents, i == chosen ? POLLIN : 0);
            }
            std::array<char, 8> got{};
            EXPECT_EQ(read(pairs[chosen].reader(), got.data(), got.size()), 8);
        });
        ASSERT_TRUE(io_test::asleep(waiter));
        ASSERT_EQ(write(pairs[chosen].writer(), "eight by", 8), 8);
    }
}

TEST(Poll, TheTimeoutEndsIt)
{
    Pair pair{Pair::kSocket};
    ASSERT_TRUE(pair.works());
    Crew crew;
    crew.start([&] {
        pollfd file{pair.reader(), POLLIN, 0};
        auto begin = Time::now();
        EXPECT_EQ(poll(&file, 1, 20), 0);
        EXPECT_GE(Time::now() - begin, 20ms);
        EXPECT_EQ(poll(&file, 1, 0), 0);
        EXPECT_EQ(poll(nullptr, 0, 10), 0);
        begin = Time::now();
        const timespec time{0, 15'000'000};
        EXPECT_EQ(ppoll(&file, 1, &time, nullptr), 0);
        EXPECT_GE(Time::now() - begin, 15ms);
        sigset_t none;
        sigemptyset(&none);
        EXPECT_EQ(ppoll(&file, 1, &time, &none), 0);
    });
}

TEST(Poll, WritersAndHangUpsToo)
{
    Pair pair{Pair::kPipe};
    ASSERT_TRUE(pair.works());
    Crew crew;
    crew.start([&] {
        std::array<pollfd, 2> files{{{pair.reader(), 0, 0}, {pair.writer(), POLLOUT, 0}}};
        EXPECT_EQ(poll(files.data(), 2, -1), 1);
        EXPECT_EQ(files[1].revents, POLLOUT);
    });
    crew.join();
    const thread_t waiter = crew.start([&] {
        pollfd file{pair.reader(), 0, 0};
        EXPECT_EQ(poll(&file, 1, -1), 1);
        EXPECT_EQ(file.revents, POLLHUP);
    });
    ASSERT_TRUE(io_test::asleep(waiter));
    pair.close_writer();
}

TEST(Poll, MoreThanCanBeArmedAreTheKernels)
{
    constexpr std::size_t kPairs = 100;
    std::deque<Pair> pairs;
    std::array<pollfd, kPairs> files{};
    for (std::size_t i = 0; i < kPairs; ++i) {
        ASSERT_TRUE(pairs.emplace_back(Pair::kPipe).works());
        files[i] = {pairs[i].reader(), POLLIN, 0};
    }
    Crew crew;
    crew.start([&] { EXPECT_EQ(poll(files.data(), files.size(), -1), 1); });
    crew.start([&] { EXPECT_EQ(write(pairs[77].writer(), "x", 1), 1); });
}

TEST(Select, WaitsForReadableAndWritable)
{
    Pair one{Pair::kSocket};
    Pair two{Pair::kPipe};
    ASSERT_TRUE(one.works() && two.works());
    Crew crew;
    const thread_t waiter = crew.start([&] {
        fd_set readable;
        FD_ZERO(&readable);
        FD_SET(one.reader(), &readable);
        FD_SET(two.reader(), &readable);
        const int limit = std::max(one.reader(), two.reader()) + 1;
        EXPECT_EQ(select(limit, &readable, nullptr, nullptr, nullptr), 1);
        EXPECT_FALSE(FD_ISSET(one.reader(), &readable));
        EXPECT_TRUE(FD_ISSET(two.reader(), &readable));
        fd_set writable;
        FD_ZERO(&writable);
        FD_SET(one.writer(), &writable);
        EXPECT_EQ(select(one.writer() + 1, nullptr, &writable, nullptr, nullptr), 1);
        EXPECT_TRUE(FD_ISSET(one.writer(), &writable));
    });
    ASSERT_TRUE(io_test::asleep(waiter));
    ASSERT_EQ(write(two.writer(), "x", 1), 1);
}

TEST(Select, TheTimeoutEmptiesTheSets)
{
    Pair pair{Pair::kSocket};
    ASSERT_TRUE(pair.works());
    Crew crew;
    crew.start([&] {
        fd_set readable;
        FD_ZERO(&readable);
        FD_SET(pair.reader(), &readable);
        timeval time{0, 20'000};
        const auto begin = Time::now();
        EXPECT_EQ(select(pair.reader() + 1, &readable, nullptr, nullptr, &time), 0);
        EXPECT_GE(Time::now() - begin, 20ms);
        EXPECT_FALSE(FD_ISSET(pair.reader(), &readable));
        EXPECT_EQ(time.tv_sec, 0);
        EXPECT_EQ(time.tv_usec, 0);
        time = {-1, 0};
        errno = 0;
        EXPECT_EQ(select(0, nullptr, nullptr, nullptr, &time), -1);
        EXPECT_EQ(errno, EINVAL);
        const timespec rest{0, 5'000'000};
        EXPECT_EQ(pselect(0, nullptr, nullptr, nullptr, &rest, nullptr), 0);
    });
}

TEST(Epoll, WaitsOnAnotherEpoll)
{
    Pair pair{Pair::kSocket};
    ASSERT_TRUE(pair.works());
    const int set = epoll_create1(EPOLL_CLOEXEC);
    ASSERT_GE(set, 0);
    epoll_event wanted{};
    wanted.events = EPOLLIN;
    wanted.data.u64 = 4711;
    ASSERT_EQ(epoll_ctl(set, EPOLL_CTL_ADD, pair.reader(), &wanted), 0);
    Crew crew;
    const thread_t waiter = crew.start([&] {
        epoll_event got{};
        EXPECT_EQ(epoll_wait(set, &got, 1, -1), 1);
        EXPECT_EQ(got.data.u64, 4711U);
        char byte = 0;
        EXPECT_EQ(read(pair.reader(), &byte, 1), 1);
        EXPECT_EQ(epoll_wait(set, &got, 1, 10), 0);
        EXPECT_EQ(epoll_wait(set, &got, 1, 0), 0);
        const timespec time{0, 5'000'000};
        EXPECT_EQ(epoll_pwait2(set, &got, 1, &time, nullptr), 0);
    });
    ASSERT_TRUE(io_test::asleep(waiter));
    ASSERT_EQ(write(pair.writer(), "x", 1), 1);
    crew.join();
    close(set);
}

std::atomic<int> handled{0};

// poll and its kin end by any handler, one installed with SA_RESTART included.
TEST(Multiplex, AHandlerEndsIt)
{
    handled = 0;
    struct sigaction action {};
    action.sa_handler = [](int) { ++handled; };
    action.sa_flags = SA_RESTART;
    ASSERT_EQ(sigaction(SIGUSR1, &action, nullptr), 0);
    Pair pair{Pair::kSocket};
    ASSERT_TRUE(pair.works());
    for (int which = 0; which < 3; ++which) {
        std::atomic<bool> ended{false};
        Crew crew;
        const thread_t waiter = crew.start([&] {
            pollfd file{pair.reader(), POLLIN, 0};
            fd_set readable;
            FD_ZERO(&readable);
            FD_SET(pair.reader(), &readable);
            const int set = epoll_create1(EPOLL_CLOEXEC);
            epoll_event event{};
            errno = 0;
            const int result = which == 0 ? poll(&file, 1, -1)
                               : which == 1
                                   ? select(pair.reader() + 1, &readable, nullptr, nullptr, nullptr)
                                   : epoll_wait(set, &event, 1, -1);
            EXPECT_EQ(result, -1);
            EXPECT_EQ(errno, EINTR);
            ended = true;
            close(set);
        });
        ASSERT_TRUE(io_test::asleep(waiter));
        ASSERT_TRUE(bounded::until([&] {
            if (!ended) {
                thr_kill(waiter, SIGUSR1);
            }
            return ended.load();
        }));
    }
}

}  // namespace
