// O_NONBLOCK set after a thread has waited: whoever sets it, by whichever way, reads obey it.
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "unit/io/crew.h"
#include "unit/io/files.h"

namespace {

using io_test::Crew;
using io_test::Pair;

void wait_once(const Pair& pair)
{
    Crew crew;
    const thread_t reader = crew.start([&] {
        char byte = 0;
        EXPECT_EQ(read(pair.reader(), &byte, 1), 1);
    });
    ASSERT_TRUE(io_test::asleep(reader));
    ASSERT_EQ(write(pair.writer(), "x", 1), 1);
}

int error_of_read(int fd)
{
    int error = 0;
    Crew crew;
    crew.start([&] {
        std::array<char, 8> room{};
        errno = 0;
        EXPECT_EQ(read(fd, room.data(), room.size()), -1);
        error = errno;
    });
    crew.join();
    return error;
}

bool set_flag(int fd)
{
    return fcntl(fd, F_SETFL, O_RDWR | O_NONBLOCK) == 0;
}

// What another holder of the description does to it.
class Others {
  public:
    static bool by_fcntl(int fd) { return set_flag(fd); }

    static bool by_ioctl(int fd)
    {
        int on = 1;
        return ioctl(fd, FIONBIO, &on) == 0;
    }

    static bool by_a_copy(int fd)
    {
        const int copy = dup(fd);
        return set_flag(copy) && close(copy) == 0;
    }

    static bool in_a_child(int fd)
    {
        const pid_t child = fork();
        if (child == 0) {
            // Directly: the parent cannot have seen it.
            _exit(syscall(SYS_fcntl, fd, F_SETFL, O_RDWR | O_NONBLOCK) == 0 ? 0 : 1);
        }
        int status = 1;
        return waitpid(child, &status, 0) == child && status == 0;
    }

    static bool who_got_it_in_a_message(int fd)
    {
        Pair post{Pair::kSocket};
        char byte = 'x';
        iovec part{&byte, 1};
        alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> room{};
        msghdr message{};
        message.msg_iov = &part;
        message.msg_iovlen = 1;
        message.msg_control = room.data();
        message.msg_controllen = room.size();
        cmsghdr* head = CMSG_FIRSTHDR(&message);
        *head = {CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS};
        std::memcpy(CMSG_DATA(head), &fd, sizeof(int));
        if (sendmsg(post.writer(), &message, 0) != 1 || recvmsg(post.reader(), &message, 0) != 1) {
            return false;
        }
        int copy = -1;
        std::memcpy(&copy, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(int));
        const bool set = syscall(SYS_fcntl, copy, F_SETFL, O_RDWR | O_NONBLOCK) == 0;
        return set && close(copy) == 0;
    }
};

TEST(Nonblocking, IsObeyedWhoeverSetsIt)
{
    const std::array ways{Others::by_fcntl, Others::by_ioctl, Others::by_a_copy, Others::in_a_child,
                          Others::who_got_it_in_a_message};
    for (std::size_t i = 0; i < ways.size(); ++i) {
        SCOPED_TRACE(i);
        Pair pair{Pair::kSocket};
        ASSERT_TRUE(pair.works());
        wait_once(pair);
        ASSERT_TRUE(ways[i](pair.reader()));
        EXPECT_EQ(error_of_read(pair.reader()), EAGAIN);
    }
}

TEST(Nonblocking, IsObeyedFromTheBeginning)
{
    std::array<int, 2> ends{};
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data()), 0);
    EXPECT_EQ(error_of_read(ends[0]), EAGAIN);
    close(ends[0]);
    close(ends[1]);
}

// A number closed by stdio, or behind the library's back, is another file's when it comes back.
TEST(Nonblocking, BelongsToTheFileNotToTheNumber)
{
    for (const bool by_stdio : {true, false}) {
        std::array<int, 2> ends{};
        ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()), 0);
        if (by_stdio) {
            FILE* file = fdopen(ends[0], "r+");
            ASSERT_NE(file, nullptr);
            ASSERT_EQ(fclose(file), 0);
        } else {
            ASSERT_EQ(syscall(SYS_close, ends[0]), 0);
        }
        const int event = eventfd(0, EFD_NONBLOCK);
        EXPECT_EQ(event, ends[0]);
        EXPECT_EQ(error_of_read(event), EAGAIN);
        close(event);
        close(ends[1]);
    }
}

// Who waits in the parent is not disturbed by what its child of vfork, which has its memory, does
// with descriptors of the same numbers.
TEST(Nonblocking, AChildOfVforkHasDescriptorsOfItsOwn)
{
    Pair pair{Pair::kSocket};
    ASSERT_TRUE(pair.works());
    Crew crew;
    const thread_t reader = crew.start([&] {
        char byte = 0;
        EXPECT_EQ(read(pair.reader(), &byte, 1), 1);
    });
    ASSERT_TRUE(io_test::asleep(reader));
    const pid_t child = vfork();
    if (child == 0) {
        const bool reused = close(pair.reader()) == 0 &&
                            socket(AF_UNIX, SOCK_STREAM, 0) == pair.reader() &&
                            close(pair.reader()) == 0 && dup(pair.writer()) == pair.reader();
        _exit(reused ? 0 : 1);
    }
    int status = 1;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    EXPECT_EQ(write(pair.writer(), "x", 1), 1);
}

}  // namespace
