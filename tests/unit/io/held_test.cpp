// Calls that hold their LWP: others run meanwhile, and the results are libc's.
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>

#include "unit/io/crew.h"
#include "unit/io/files.h"

namespace {

using io_test::Crew;
using io_test::Pair;

// Two descriptions of one file without a name.
struct File {
    File()
    {
        std::array<char, 32> path{"/tmp/io_test_XXXXXX"};
        one = mkstemp(path.data());
        two = open(path.data(), O_RDWR | O_CLOEXEC);
        unlink(path.data());
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    ~File()
    {
        close(one);
        close(two);
    }
    int one = -1;
    int two = -1;
};

TEST(Held, AThreadThatWaitsForALockDoesNotKeepItsHolderFromRunning)
{
    const File file;
    ASSERT_TRUE(file.one >= 0 && file.two >= 0);
    for (const bool whole : {true, false}) {
        struct flock range {};
        range.l_type = F_WRLCK;
        const auto lock = [&](int fd) {
            return whole ? flock(fd, LOCK_EX) : fcntl(fd, F_OFD_SETLKW, &range);
        };
        const auto unlock = [&](int fd) {
            struct flock none {};
            none.l_type = F_UNLCK;
            return whole ? flock(fd, LOCK_UN) : fcntl(fd, F_OFD_SETLK, &none);
        };
        ASSERT_EQ(lock(file.one), 0);
        std::atomic<bool> waits{false};
        Crew crew;
        crew.start([&] {
            waits = true;
            EXPECT_EQ(lock(file.two), 0);
            EXPECT_EQ(unlock(file.two), 0);
        });
        crew.start([&] {
            EXPECT_TRUE(bounded::until([&] { return waits.load(); }));
            EXPECT_EQ(unlock(file.one), 0);
        });
    }
}

TEST(Held, CommandsOfFcntlGoThrough)
{
    const File file;
    Crew crew;
    crew.start([&] {
        EXPECT_EQ(fcntl(file.one, F_GETFL) & O_ACCMODE, O_RDWR);
        EXPECT_EQ(fcntl(file.one, F_SETFL, O_APPEND), 0);
        EXPECT_NE(fcntl(file.one, F_GETFL) & O_APPEND, 0);
        const int copy = fcntl(file.one, F_DUPFD_CLOEXEC, 200);
        EXPECT_GE(copy, 200);
        EXPECT_EQ(close(copy), 0);
        EXPECT_EQ(lockf(file.one, F_LOCK, 0), 0);
        EXPECT_EQ(lockf(file.one, F_ULOCK, 0), 0);
        errno = 0;
        EXPECT_EQ(fcntl(-1, F_GETFD), -1);
        EXPECT_EQ(errno, EBADF);
    });
}

TEST(Held, AWaitForAChildLetsOthersEndIt)
{
    Pair pair{Pair::kPipe};
    ASSERT_TRUE(pair.works());
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        char byte = 0;
        _exit(read(pair.reader(), &byte, 1) == 1 ? 7 : 1);
    }
    Crew crew;
    crew.start([&] {
        int status = 0;
        EXPECT_EQ(waitpid(child, &status, 0), child);
        EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 7) << status;
    });
    crew.start([&] { EXPECT_EQ(write(pair.writer(), "x", 1), 1); });
}

// The holder is another process, which gives way when a thread tells it to.
TEST(Held, AThreadThatWaitsForAnotherProcessesLockDoesNotKeepOthersFromRunning)
{
    const File file;
    Pair to_child{Pair::kPipe};
    Pair from_child{Pair::kPipe};
    ASSERT_TRUE(file.one >= 0 && to_child.works() && from_child.works());
    const auto lock = [&](int command, short type) {
        struct flock range {};
        range.l_type = type;
        return fcntl(file.one, command, &range);
    };
    char byte = 0;
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        const bool held = lock(F_SETLK, F_WRLCK) == 0 && write(from_child.writer(), "h", 1) == 1;
        _exit(held && read(to_child.reader(), &byte, 1) == 1 ? 0 : 1);
    }
    ASSERT_EQ(read(from_child.reader(), &byte, 1), 1);
    Crew crew;
    crew.start([&] {
        EXPECT_EQ(lock(F_SETLKW, F_WRLCK), 0);
        EXPECT_EQ(lock(F_SETLK, F_UNLCK), 0);
    });
    crew.start([&] { EXPECT_EQ(write(to_child.writer(), "x", 1), 1); });
    crew.join();
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
}

// A name server of one answer: there is no such name.
void answer_once(int fd)
{
    std::array<unsigned char, 512> packet{};
    sockaddr_in asker{};
    socklen_t size = sizeof(asker);
    auto* address = reinterpret_cast<sockaddr*>(&asker);
    const ssize_t got = recvfrom(fd, packet.data(), packet.size(), 0, address, &size);
    constexpr ssize_t kHeader = 12;
    ASSERT_GE(got, kHeader);
    packet[2] = 0x81;  // an answer
    packet[3] = 0x83;  // NXDOMAIN
    packet[11] = 0;    // no additional records, though the question may have one
    const auto is_end = [&packet](std::size_t at) { return packet[at] == 0; };
    std::size_t end = kHeader;
    while (!is_end(end)) {
        end += packet[end] + 1U;
    }
    constexpr std::size_t kTypeAndClass = 4;
    EXPECT_GT(sendto(fd, packet.data(), end + 1 + kTypeAndClass, 0, address, size), 0);
}

TEST(Held, ALookUpLetsTheNameServerRun)
{
    const int server = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    ASSERT_EQ(bind(server, generic, size), 0);
    ASSERT_EQ(getsockname(server, generic, &size), 0);
    std::atomic<int> result{0};
    Crew crew;
    crew.start([&] {
        ASSERT_EQ(res_init(), 0);
        _res.nscount = 1;
        _res.retrans = 60;  // seconds: there is one answer, to the first question
        _res.nsaddr_list[0] = address;
        addrinfo* found = nullptr;
        addrinfo hints{};
        hints.ai_family = AF_INET;
        hints.ai_socktype = SOCK_STREAM;
        result = getaddrinfo("nowhere.invalid.", "80", &hints, &found);
        if (result == 0) {
            freeaddrinfo(found);
        }
        // Whoever has not been asked (no dns among the sources of names) ends here.
        sendto(server, "no question", 11, 0, generic, size);
    });
    crew.start([&] { answer_once(server); });
    crew.join();
    EXPECT_EQ(result, EAI_NONAME);
    close(server);
}

TEST(Held, AddressesAreFound)
{
    Crew crew;
    crew.start([] {
        addrinfo* found = nullptr;
        addrinfo hints{};
        hints.ai_flags = AI_NUMERICHOST;
        ASSERT_EQ(getaddrinfo("127.0.0.1", "80", &hints, &found), 0);
        ASSERT_NE(found, nullptr);
        freeaddrinfo(found);
    });
}

}  // namespace
