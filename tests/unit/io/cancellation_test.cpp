// Each call that waits for a descriptor is a cancellation point: before it waits, and while.
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstring>

#include "support/rounds.h"
#include "unit/io/child.h"
#include "unit/io/crew.h"
#include "unit/io/files.h"

namespace {

using io_test::Crew;
using io_test::Pair;

// One end of a pair of sockets from which nothing comes, and into which nothing more goes; and a
// child that does not end.
class Silent {
  public:
    Silent()
    {
        part_ = {bytes_.data(), bytes_.size()};
        message_.msg_iov = &part_;
        message_.msg_iovlen = 1;
        while (::send(fd(), bytes_.data(), bytes_.size(), MSG_DONTWAIT) > 0) {}
    }
    Silent(const Silent&) = delete;
    Silent& operator=(const Silent&) = delete;

    [[nodiscard]] int fd() const { return pair_.reader(); }
    [[nodiscard]] char* data() { return bytes_.data(); }
    [[nodiscard]] std::size_t size() const { return bytes_.size(); }
    [[nodiscard]] iovec* part() { return &part_; }
    [[nodiscard]] msghdr* message() { return &message_; }
    [[nodiscard]] pid_t child() const { return child_.pid(); }
    [[nodiscard]] pollfd waiting() const { return {fd(), POLLIN, 0}; }

  private:
    const io_test::Child child_{0};
    Pair pair_{Pair::kSocket};
    std::array<char, 4096> bytes_{};
    iovec part_{};
    msghdr message_{};
};

void wait_by_select(Silent& end)
{
    fd_set readable;
    FD_ZERO(&readable);
    FD_SET(end.fd(), &readable);
    static_cast<void>(select(end.fd() + 1, &readable, nullptr, nullptr, nullptr));
}

void wait_by_epoll(Silent& end)
{
    static const int set = epoll_create1(EPOLL_CLOEXEC);
    epoll_event event{};
    event.events = EPOLLIN;
    epoll_ctl(set, EPOLL_CTL_ADD, end.fd(), &event);
    static_cast<void>(epoll_wait(set, &event, 1, -1));
}

void wait_by_accept(Silent& /*end*/)
{
    static const int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr address{};
    address.sa_family = AF_UNIX;
    bind(listener, &address, sizeof(sa_family_t));  // a name of the kernel's choice
    listen(listener, 1);
    static_cast<void>(accept(listener, nullptr, nullptr));
}

void wait_by_waitid(Silent& end)
{
    siginfo_t info{};
    waitid(P_PID, static_cast<id_t>(end.child()), &info, WEXITED);
}

struct Way {
    const char* name;
    void (*wait)(Silent&);
};

class Cancellation : public testing::TestWithParam<Way> {};

// Cancels a thread that has made its call, or is about to.
void cancel_one(void (*wait)(Silent&), bool first)
{
    Silent end;
    std::atomic<pthread_t> handle{};
    std::atomic<bool> go{!first};
    std::atomic<bool> unwound{false};
    Crew crew;
    const thread_t waiter = crew.start([&] {
        struct Unwinding {
            std::atomic<bool>& seen;
            ~Unwinding() { seen = true; }
        } unwinding{unwound};
        handle = pthread_self();
        EXPECT_TRUE(bounded::until([&] { return go.load(); }));
        wait(end);
        ADD_FAILURE() << "not cancelled";
    });
    EXPECT_TRUE(bounded::until([&] { return handle.load() != pthread_t{}; }));
    EXPECT_TRUE(first || io_test::asleep(waiter));
    EXPECT_EQ(pthread_cancel(handle), 0);
    go = true;
    crew.join();
    EXPECT_TRUE(unwound);
}

// By itself, so that there is nobody whose attention is drawn.
void cancel_itself(void (*wait)(Silent&))
{
    Silent end;
    Crew crew;
    crew.start([&] {
        EXPECT_EQ(pthread_cancel(pthread_self()), 0);
        wait(end);
        ADD_FAILURE() << "not cancelled";
    });
    crew.join();
}

TEST_P(Cancellation, ByTheThreadItself)
{
    cancel_itself(GetParam().wait);
}

TEST_P(Cancellation, EndsTheWait)
{
    cancel_one(GetParam().wait, false);
}

TEST_P(Cancellation, ThatCameBeforeTheCall)
{
    cancel_one(GetParam().wait, true);
}

INSTANTIATE_TEST_SUITE_P(
    Calls, Cancellation,
    testing::Values(
        Way{"Read", [](Silent& end) { static_cast<void>(read(end.fd(), end.data(), 1)); }},
        Way{"Readv", [](Silent& end) { static_cast<void>(readv(end.fd(), end.part(), 1)); }},
        Way{"Recv", [](Silent& end) { static_cast<void>(recv(end.fd(), end.data(), 1, 0)); }},
        Way{"Recvfrom",
            [](Silent& end) {
                static_cast<void>(recvfrom(end.fd(), end.data(), 1, 0, nullptr, nullptr));
            }},
        Way{"Recvmsg", [](Silent& end) { static_cast<void>(recvmsg(end.fd(), end.message(), 0)); }},
        Way{"Write",
            [](Silent& end) { static_cast<void>(write(end.fd(), end.data(), end.size())); }},
        Way{"Writev", [](Silent& end) { static_cast<void>(writev(end.fd(), end.part(), 1)); }},
        Way{"Send",
            [](Silent& end) { static_cast<void>(send(end.fd(), end.data(), end.size(), 0)); }},
        Way{"Sendto",
            [](Silent& end) {
                static_cast<void>(sendto(end.fd(), end.data(), end.size(), 0, nullptr, 0));
            }},
        Way{"Sendmsg", [](Silent& end) { static_cast<void>(sendmsg(end.fd(), end.message(), 0)); }},
        Way{"Accept", wait_by_accept},
        Way{"Poll",
            [](Silent& end) {
                pollfd file = end.waiting();
                static_cast<void>(poll(&file, 1, -1));
            }},
        Way{"Ppoll",
            [](Silent& end) {
                pollfd file = end.waiting();
                static_cast<void>(ppoll(&file, 1, nullptr, nullptr));
            }},
        Way{"Select", wait_by_select}, Way{"EpollWait", wait_by_epoll},
        Way{"Waitpid", [](Silent& end) { waitpid(end.child(), nullptr, 0); }},
        Way{"Waitid", wait_by_waitid}),
    [](const auto& tested) { return tested.param.name; });

// A request that came between a thread's last look and its sleep was lost: the thread slept for
// ever.
TEST(CancellationRace, IsNotLost)
{
    constexpr unsigned kLongestDelay = 400;
    const Silent end;
    Crew{}.start([] {});  // whether calls park can be told from now on
    for (bounded::Rounds rounds{io_test::parks() ? 3'000 : 100}; rounds.next();) {
        std::atomic<pthread_t> handle{};
        Crew crew;
        crew.start([&] {
            char byte = 0;
            handle = pthread_self();
            static_cast<void>(read(end.fd(), &byte, 1));
            ADD_FAILURE() << "not cancelled";
        });
        while (handle.load() == pthread_t{}) {
            thr_yield();
        }
        for (std::atomic<unsigned> delay{static_cast<unsigned>(rounds.number()) % kLongestDelay};
             delay > 0; --delay) {}
        EXPECT_EQ(pthread_cancel(handle), 0);
        crew.join();
    }
}

}  // namespace
