// What a call costs when nothing is to be waited for: one system call, the one that the program
// asked for.
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fstream>
#include <string>
#include <vector>

#include "support/traced.h"
#include "unit/io/crew.h"
#include "unit/io/files.h"

namespace {

using io_test::Pair;
using traced::mark;
using traced::Traced;

void serve(int fd)
{
    std::array<char, 8> ball{};
    while (read(fd, ball.data(), ball.size()) == 8) {
        ASSERT_EQ(write(fd, ball.data(), ball.size()), 8);
    }
}

void play(int fd, int rounds)
{
    std::array<char, 8> ball{};
    for (int i = 0; i < rounds; ++i) {
        ASSERT_EQ(write(fd, ball.data(), ball.size()), 8);
        ASSERT_EQ(read(fd, ball.data(), ball.size()), 8);
    }
}

bool reads_pipes_without_waiting()
{
    Pair pair{Pair::kPipe};
    char byte = 0;
    const iovec part{&byte, 1};
    return preadv2(pair.reader(), &part, 1, -1, RWF_NOWAIT) < 0 && errno == EAGAIN;
}

// One buffer in the two shapes that calls want.
struct Message {
    Message() { header.msg_iov = &part, header.msg_iovlen = 1; }
    Message(const Message&) = delete;
    Message& operator=(const Message&) = delete;

    std::array<char, 8> bytes{};
    iovec part{bytes.data(), bytes.size()};
    msghdr header{};
};

using Transfer = ssize_t (*)(int, Message&);

constexpr std::array<Transfer, 5> kReads{
    [](int fd, Message& to) { return read(fd, to.bytes.data(), to.bytes.size()); },
    [](int fd, Message& to) { return readv(fd, &to.part, 1); },
    [](int fd, Message& to) { return recv(fd, to.bytes.data(), to.bytes.size(), 0); },
    [](int fd, Message& to) {
        return recvfrom(fd, to.bytes.data(), to.bytes.size(), 0, nullptr, nullptr);
    },
    [](int fd, Message& to) { return recvmsg(fd, &to.header, 0); },
};
constexpr std::array<Transfer, 5> kWrites{
    [](int fd, Message& from) { return write(fd, from.bytes.data(), from.bytes.size()); },
    [](int fd, Message& from) { return writev(fd, &from.part, 1); },
    [](int fd, Message& from) { return send(fd, from.bytes.data(), from.bytes.size(), 0); },
    [](int fd, Message& from) {
        return sendto(fd, from.bytes.data(), from.bytes.size(), 0, nullptr, 0);
    },
    [](int fd, Message& from) { return sendmsg(fd, &from.header, 0); },
};

// Each write with each read. Once before: the first call for a descriptor finds out what it is.
void exchange(const Pair& pair, std::size_t ways)
{
    Message message;
    for (std::size_t i = 0; i < ways; ++i) {
        mark();
        EXPECT_EQ(kWrites[i](pair.writer(), message), 8);
        EXPECT_EQ(kReads[i](pair.reader(), message), 8);
        mark();
    }
}

TEST(FastPath, DataThatIsThereCostsOneSystemCall)
{
    for (const Pair::Kind kind : {Pair::kSocket, Pair::kTcp, Pair::kPipe}) {
        SCOPED_TRACE(Pair::name(kind));
        if (kind == Pair::kPipe && !reads_pipes_without_waiting()) {
            continue;
        }
        const std::size_t ways = kind == Pair::kPipe ? 2 : kReads.size();
        Pair pair{kind};
        ASSERT_TRUE(pair.works());
        const Traced child{[&pair, ways] {
            Message message;
            EXPECT_EQ(write(pair.writer(), message.bytes.data(), message.bytes.size()), 8);
            EXPECT_EQ(read(pair.reader(), message.bytes.data(), message.bytes.size()), 8);
            exchange(pair, ways);
        }};
        EXPECT_TRUE(child.ended_well());
        EXPECT_EQ(child.calls().size(), 2 * ways);
    }
}

// How many descriptors the kernel's table of the process has room for.
int table_size()
{
    std::ifstream status{"/proc/self/status"};
    std::string word;
    int size = 0;
    while (status >> word) {
        if (word == "FDSize:" && status >> size) {
            return size;
        }
    }
    return -1;
}

// Else whoever parks first waits in the kernel until the table has grown to where the poller's
// descriptors are, an RCU grace period.
TEST(FastPath, TheFirstWaitFindsRoomInTheDescriptorTable)
{
    constexpr int kHighest = 1024;
    ASSERT_LE(table_size(), kHighest);
    const pid_t child = fork();
    if (child == 0) {
        int size = 0;
        {
            io_test::Crew crew;
            crew.start([&size] { size = table_size(); });
        }
        _exit(size > kHighest || !io_test::parks() ? 0 : 1);
    }
    int status = -1;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
}

TEST(FastPath, AChildThatHasEndedCostsOneSystemCall)
{
    const Traced child{[] {
        const pid_t ended = fork();
        if (ended == 0) {
            _exit(0);
        }
        siginfo_t info{};
        EXPECT_EQ(waitid(P_PID, static_cast<id_t>(ended), &info, WEXITED | WNOWAIT), 0);
        mark();
        EXPECT_EQ(waitpid(ended, nullptr, 0), ended);
        mark();
    }};
    EXPECT_TRUE(child.ended_well());
    EXPECT_EQ(child.calls(), std::vector<long>{SYS_wait4});
}

// No flag of accept(2) forbids it to wait: it asks first.
TEST(FastPath, AConnectionThatIsThereCostsOneQuestionMore)
{
    const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int caller = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ASSERT_EQ(listen(listener, 1), 0);  // on a port of the kernel's choice
    sockaddr_in address{};
    socklen_t size = sizeof(address);
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    ASSERT_EQ(getsockname(listener, generic, &size), 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ASSERT_EQ(connect(caller, generic, size), 0);
    const Traced child{[listener] {
        close(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));  // memory for what is known of them
        mark();
        const int peer = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
        mark();
        EXPECT_GE(peer, 0);
    }};
    EXPECT_TRUE(child.ended_well());
    const std::vector<long> both{SYS_poll, SYS_accept4};
    const std::vector<long> straight{SYS_accept4};
    EXPECT_TRUE(child.calls() == both || child.calls() == straight)  // bound threads: straight
        << testing::PrintToString(child.calls());
    close(caller);
    close(listener);
}

// What the flags are, and that the descriptor is to be watched, is known after the first wait; and
// after some, that what is to be read comes when the others have had a turn: hardly any attempts
// are in vain.
TEST(FastPath, AReadThatWaitsEachTimeCostsNoAttemptMore)
{
    constexpr int kRounds = 100;
    const Traced child{[] {
        constexpr int kWarmUp = 8;
        Pair pair{Pair::kSocket};  // nobody else's
        ASSERT_TRUE(pair.works());
        io_test::Crew crew;
        crew.start([&pair] { serve(pair.reader()); });
        play(pair.writer(), kWarmUp);
        mark();
        play(pair.writer(), kRounds);
        mark();
        shutdown(pair.writer(), SHUT_WR);
    }};
    EXPECT_TRUE(child.ended_well());
    const auto count = [&child](long number) {
        return std::count(child.calls().begin(), child.calls().end(), number);
    };
    EXPECT_EQ(count(SYS_fcntl), 0);
    EXPECT_LE(count(SYS_recvfrom), 3 * kRounds);
    // Some, if the clock LWP has ceased to look.
    EXPECT_LE(count(SYS_epoll_ctl), kRounds / 2);
    // Who sends is next in the same queue: mostly nobody sleeps. Under the tracer others may help.
    EXPECT_LE(count(SYS_epoll_wait) + count(SYS_epoll_pwait) + count(SYS_epoll_pwait2),
              kRounds / 2);
}

}  // namespace
