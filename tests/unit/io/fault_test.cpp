// The kernel refuses what parking needs: calls wait in it instead, and others run meanwhile.
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <vector>

#include "unit/io/child.h"
#include "unit/io/crew.h"
#include "unit/io/files.h"

namespace {

using io_test::Crew;
using io_test::Pair;

constexpr int kCannotRefuse = 77;

// From now on system call `number` fails with `error`: whatever its second argument, or only if
// that is `operation`. For all tasks of the process.
bool refuse(long number, int error, long operation = -1)
{
    constexpr auto kNumber = static_cast<std::uint32_t>(offsetof(seccomp_data, nr));
    constexpr auto kOperation = static_cast<std::uint32_t>(offsetof(seccomp_data, args[1]));
    const bool any = operation < 0;
    std::array<sock_filter, 6> filter{{
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, kNumber),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(number), 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, kOperation),
        BPF_JUMP(BPF_JMP | (any ? BPF_JGE : BPF_JEQ) | BPF_K,
                 any ? 0 : static_cast<std::uint32_t>(operation), 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(error)),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    }};
    const sock_fprog program{filter.size(), filter.data()};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) == 0;
}

// A byte from one thread to another, by a read and by a poll that have to wait for it.
bool bytes_arrive()
{
    Pair pair{Pair::kSocket};
    Pair other{Pair::kPipe};
    if (!pair.works() || !other.works()) {
        return false;
    }
    int good = 0;
    {
        Crew crew;
        crew.start([&] {
            char byte = 0;
            good += read(pair.reader(), &byte, 1) == 1 && byte == 'a' ? 1 : 0;
        });
        crew.start([&] { good += write(pair.writer(), "a", 1) == 1 ? 1 : 0; });
    }
    {
        Crew crew;
        crew.start([&] {
            pollfd file{other.reader(), POLLIN, 0};
            good += poll(&file, 1, 60'000) == 1 && file.revents == POLLIN ? 1 : 0;
        });
        crew.start([&] { good += write(other.writer(), "b", 1) == 1 ? 1 : 0; });
    }
    return good == 4;
}

// The end of a child that a second thread lets end, told to the first.
bool child_is_awaited()
{
    const io_test::Child child{6};
    int status = 0;
    Crew crew;
    crew.start([&] { waitpid(child.pid(), &status, 0); });
    crew.start([&] { child.tell(); });
    crew.join();
    return WIFEXITED(status) && WEXITSTATUS(status) == 6;
}

bool refuse_watches(int error)
{
    return refuse(SYS_epoll_ctl, error, EPOLL_CTL_ADD);
}

// What happens in a process of its own: it is not forgiven.
int status_of_child(bool (*refuse_it)(), bool (*works)() = bytes_arrive)
{
    const pid_t child = fork();
    if (child == 0) {
        _exit(!refuse_it() ? kCannotRefuse : works() ? 0 : 1);
    }
    int status = 0;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status)) << status;
    return WEXITSTATUS(status);
}

TEST(Fault, CallsWaitInTheKernelWhereTheyCannotPark)
{
    const std::array<bool (*)(), 5> faults{
        [] { return refuse(SYS_epoll_create1, EMFILE); },
        [] { return refuse(SYS_eventfd2, EMFILE); },
        [] { return refuse_watches(ENOSPC); },
        // When others have waited before.
        [] { return bytes_arrive() && refuse_watches(ENOSPC); },
        [] { return bytes_arrive() && refuse_watches(ENOMEM); },
    };
    for (std::size_t i = 0; i < faults.size(); ++i) {
        SCOPED_TRACE(i);
        const int status = status_of_child(faults[i]);
        EXPECT_TRUE(status == 0 || status == kCannotRefuse) << status;
    }
}

TEST(Fault, ChildrenAreAwaitedInTheKernelWithoutADescriptor)
{
    const std::array<bool (*)(), 4> faults{
        [] { return refuse(SYS_pidfd_open, ENOSYS); },
        [] { return refuse(SYS_pidfd_open, EMFILE); },
        [] { return refuse(SYS_epoll_create1, EMFILE); },
        [] { return refuse_watches(ENOSPC); },
    };
    for (std::size_t i = 0; i < faults.size(); ++i) {
        SCOPED_TRACE(i);
        const int status = status_of_child(faults[i], child_is_awaited);
        EXPECT_TRUE(status == 0 || status == kCannotRefuse) << status;
    }
}

// For real: there are numbers for the pairs of bytes_arrive(), and no more. Later there are.
TEST(Fault, NoDescriptorIsLeftForThePoller)
{
    EXPECT_EQ(status_of_child([] {
                  constexpr rlim_t kFew = 24;
                  rlimit limit{};
                  getrlimit(RLIMIT_NOFILE, &limit);
                  limit.rlim_cur = kFew;
                  setrlimit(RLIMIT_NOFILE, &limit);
                  std::vector<int> all;
                  for (int fd = 0; (fd = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0;) {
                      all.push_back(fd);
                  }
                  for (int i = 0; i < 4; ++i) {
                      close(all.back());
                      all.pop_back();
                  }
                  const bool arrived = bytes_arrive();
                  for (const int fd : all) {
                      close(fd);
                  }
                  return arrived;
              }),
              0);
}

}  // namespace
