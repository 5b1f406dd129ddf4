// Calls that hold their LWP: others run meanwhile, and the results are libc's.
#include <fcntl.h>
#include <netdb.h>
#include <sys/file.h>
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
