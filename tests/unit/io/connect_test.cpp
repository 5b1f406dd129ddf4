// connect(2) to what is not this machine, as far as the library can tell: an address of a network
// namespace that the test makes for itself.
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "unit/io/crew.h"
#include "unit/io/files.h"

namespace {

using io_test::Crew;

constexpr const char* kAddress = "10.77.0.1";

sockaddr* generic(sockaddr_in& address)
{
    return reinterpret_cast<sockaddr*>(&address);
}

sockaddr_in address_of(const char* text)
{
    sockaddr_in address{};
    address.sin_family = AF_INET;
    inet_pton(AF_INET, text, &address.sin_addr);
    return address;
}

int stream()
{
    return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

// The loopback device of a namespace of our own gets another address too.
bool enter_own_network()
{
    if (unshare(CLONE_NEWNET) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) {
        return false;
    }
    const int control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ifreq request{};
    std::strcpy(request.ifr_name, "lo");
    request.ifr_flags = IFF_UP | IFF_LOOPBACK | IFF_RUNNING;
    bool done = ioctl(control, SIOCSIFFLAGS, &request) == 0;
    std::strcpy(request.ifr_name, "lo:1");
    sockaddr_in address = address_of(kAddress);
    std::memcpy(&request.ifr_addr, &address, sizeof(address));
    done = done && ioctl(control, SIOCSIFADDR, &request) == 0;
    close(control);
    return done;
}

// Has as many callers as it holds: whoever calls next has to wait.
class BusyListener {
  public:
    BusyListener()
    {
        socklen_t size = sizeof(address_);
        works_ = bind(fd_, generic(address_), size) == 0 && listen(fd_, 0) == 0 &&
                 getsockname(fd_, generic(address_), &size) == 0 && call(caller_) == 0;
    }
    BusyListener(const BusyListener&) = delete;
    BusyListener& operator=(const BusyListener&) = delete;
    ~BusyListener()
    {
        close(caller_);
        close(fd_);
    }

    [[nodiscard]] bool works() const { return works_; }

    // What connect(2) says: 0 or an error number.
    [[nodiscard]] int call(int fd)
    {
        sockaddr_in to = address_;
        return connect(fd, generic(to), sizeof(to)) == 0 ? 0 : errno;
    }

    void accept_one() const
    {
        const int peer = accept(fd_, nullptr, nullptr);
        EXPECT_GE(peer, 0);
        close(peer);
    }

  private:
    sockaddr_in address_ = address_of(kAddress);
    int fd_ = stream();
    int caller_ = stream();
    bool works_ = false;
};

class Connect : public testing::Test {
  protected:
    static void SetUpTestSuite()
    {
        has_network = enter_own_network();
        // The model is chosen with the first thread, the poller is made for the first that waits.
        io_test::Pair pair{io_test::Pair::kPipe};
        Crew crew;
        crew.start([&] {
            char byte = 0;
            EXPECT_EQ(read(pair.reader(), &byte, 1), 1);
        });
        crew.start([&] { EXPECT_EQ(write(pair.writer(), "x", 1), 1); });
    }
    void SetUp() override
    {
        if (!has_network) {
            GTEST_SKIP() << "no namespace of one's own to be had";
        }
    }
    static inline bool has_network = false;
};

// For as long as it takes, asleep in the library: a thread whose LWP is held by the kernel runs, as
// far as the library knows. What it does to the socket is what libc's does.
TEST_F(Connect, WaitsForABusyServer)
{
    BusyListener listener;
    ASSERT_TRUE(listener.works());
    const int fd = stream();
    std::atomic<bool> connected{false};
    Crew crew;
    const thread_t caller = crew.start([&] {
        EXPECT_EQ(listener.call(fd), 0);
        connected = true;
    });
    ASSERT_TRUE(io_test::asleep(caller));
    EXPECT_FALSE(connected);
    EXPECT_EQ(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
    crew.start([&] {
        listener.accept_one();
        listener.accept_one();
    });
    crew.join();
    EXPECT_EQ(listener.call(fd), EISCONN);
    close(fd);
}

TEST_F(Connect, RefusalsAreErrors)
{
    sockaddr_in nobody = address_of(kAddress);
    nobody.sin_port = htons(9);
    sockaddr_in nowhere = address_of("192.0.2.1");
    Crew crew;
    crew.start([&] {
        const int fd = stream();
        EXPECT_EQ(connect(fd, generic(nobody), sizeof(nobody)), -1);
        EXPECT_EQ(errno, ECONNREFUSED);
        EXPECT_EQ(connect(fd, generic(nowhere), sizeof(nowhere)), -1);
        EXPECT_EQ(errno, ENETUNREACH);
        EXPECT_EQ(connect(fd, generic(nobody), 1), -1);
        EXPECT_EQ(errno, EINVAL);
        close(fd);
        EXPECT_EQ(connect(fd, generic(nobody), sizeof(nobody)), -1);
        EXPECT_EQ(errno, EBADF);
        EXPECT_EQ(connect(STDIN_FILENO, generic(nobody), sizeof(nobody)), -1);
        EXPECT_EQ(errno, ENOTSOCK);
    });
}

TEST_F(Connect, DatagramsNeedNoAnswer)
{
    sockaddr_in nobody = address_of(kAddress);
    nobody.sin_port = htons(9);
    Crew crew;
    crew.start([&] {
        const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        EXPECT_EQ(connect(fd, generic(nobody), sizeof(nobody)), 0);
        sockaddr none{};
        none.sa_family = AF_UNSPEC;
        EXPECT_EQ(connect(fd, &none, sizeof(none)), 0);
        close(fd);
    });
}

TEST_F(Connect, NonblockingSocketsDoNotWait)
{
    BusyListener listener;
    ASSERT_TRUE(listener.works());
    Crew crew;
    crew.start([&] {
        const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        EXPECT_EQ(listener.call(fd), EINPROGRESS);
        EXPECT_EQ(listener.call(fd), EALREADY);
        close(fd);
    });
}

TEST_F(Connect, TheSocketsTimeoutEndsIt)
{
    BusyListener listener;
    ASSERT_TRUE(listener.works());
    Crew crew;
    crew.start([&] {
        const int fd = stream();
        const timeval soon{0, 30'000};
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &soon, sizeof(soon));
        EXPECT_EQ(listener.call(fd), EINPROGRESS);
        close(fd);
    });
}

TEST_F(Connect, AHandlerEndsTheCallNotTheAttempt)
{
    struct sigaction action {};
    action.sa_handler = [](int) {};
    ASSERT_EQ(sigaction(SIGUSR1, &action, nullptr), 0);
    BusyListener listener;
    ASSERT_TRUE(listener.works());
    const int fd = stream();
    std::atomic<bool> ended{false};
    Crew crew;
    const thread_t caller = crew.start([&] {
        EXPECT_EQ(listener.call(fd), EINTR);
        ended = true;
    });
    ASSERT_TRUE(io_test::asleep(caller));
    EXPECT_TRUE(bounded::until([&] {
        thr_kill(caller, SIGUSR1);
        thr_yield();
        return ended.load();
    }));
    crew.join();
    fcntl(fd, F_SETFL, O_NONBLOCK);
    EXPECT_EQ(listener.call(fd), EALREADY);
    close(fd);
}

TEST_F(Connect, ClosingEndsIt)
{
    if (!io_test::parks()) {
        GTEST_SKIP() << "the kernel waits for the file";
    }
    BusyListener listener;
    ASSERT_TRUE(listener.works());
    const int fd = stream();
    Crew crew;
    const thread_t caller = crew.start([&] { EXPECT_EQ(listener.call(fd), EBADF); });
    ASSERT_TRUE(io_test::asleep(caller));
    EXPECT_EQ(close(fd), 0);
}

TEST_F(Connect, IsACancellationPoint)
{
    BusyListener listener;
    ASSERT_TRUE(listener.works());
    const int fd = stream();
    std::atomic<pthread_t> handle{};
    std::atomic<bool> cleaned{false};
    Crew crew;
    const thread_t caller = crew.start([&] {
        handle = pthread_self();
        struct Cleaner {
            std::atomic<bool>& done;
            ~Cleaner() { done = true; }
        } cleaner{cleaned};
        static_cast<void>(listener.call(fd));
        ADD_FAILURE() << "not cancelled";
    });
    ASSERT_TRUE(io_test::asleep(caller));
    EXPECT_TRUE(bounded::until([&] { return handle.load() != pthread_t{}; }));
    EXPECT_EQ(pthread_cancel(handle), 0);
    crew.join();
    EXPECT_TRUE(cleaned);
    close(fd);
}

// A process whose system calls are filtered does not use what its filter may not know: an LWP is
// held instead, and others run.
int connect_under_a_filter()
{
    sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    const sock_fprog program{1, &allow};
    BusyListener listener;
    if (!listener.works() || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0) {
        return 1;
    }
    int error = -1;
    Crew crew;
    crew.start([&] {
        const int fd = stream();
        const timeval limit{bounded::kPatience.count(), 0};
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
        error = listener.call(fd);
        close(fd);
    });
    crew.start([&] {
        listener.accept_one();
        listener.accept_one();
    });
    crew.join();
    return error == 0 ? 0 : 2;
}

TEST_F(Connect, WaitsInTheKernelUnderAFilter)
{
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        _exit(connect_under_a_filter());
    }
    int status = 0;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
}

}  // namespace
