// Pipes where the kernel knows no RWF_NOWAIT for them, as before Linux 6.4: a filter says so.
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <string>

#include "unit/io/crew.h"
#include "unit/io/files.h"

namespace {

using io_test::Crew;
using io_test::Pair;

bool make_kernel_older()
{
    constexpr auto kLoad = static_cast<unsigned short>(BPF_LD | BPF_W | BPF_ABS);
    constexpr auto kJump = static_cast<unsigned short>(BPF_JMP | BPF_JEQ | BPF_K);
    constexpr auto kReturn = static_cast<unsigned short>(BPF_RET | BPF_K);
    std::array<sock_filter, 5> code{{{kLoad, 0, 0, offsetof(seccomp_data, nr)},
                                     {kJump, 1, 0, SYS_preadv2},
                                     {kJump, 0, 1, SYS_pwritev2},
                                     {kReturn, 0, 0, SECCOMP_RET_ERRNO | EOPNOTSUPP},
                                     {kReturn, 0, 0, SECCOMP_RET_ALLOW}}};
    const sock_fprog program{code.size(), code.data()};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0;
}

// What the body returns in a child under the filter.
int in_older_kernel(int (*body)())
{
    const pid_t child = fork();
    if (child == 0) {
        _exit(make_kernel_older() ? body() : 100);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int read_and_write_much()
{
    constexpr std::size_t kMuch = 300'000;
    Pair pair{Pair::kPipe};
    std::size_t got = 0;
    ssize_t put = 0;
    Crew crew;
    const thread_t reader = crew.start([&] {
        std::string room(5000, ' ');
        while (got < kMuch) {
            got += static_cast<std::size_t>(read(pair.reader(), room.data(), room.size()));
        }
    });
    if (!io_test::asleep(reader)) {
        return 1;
    }
    crew.start([&] {
        const std::string much(kMuch, 'x');
        put = write(pair.writer(), much.data(), much.size());
    });
    crew.join();
    return put == kMuch && got == kMuch ? 0 : 2;
}

TEST(OlderKernel, PipesAreReadAndWritten)
{
    EXPECT_EQ(in_older_kernel(read_and_write_much), 0);
}

// Each write to such a pipe is a packet of its own.
int write_vectors()
{
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_DIRECT) != 0) {
        return 1;
    }
    int faults = 0;
    Crew crew;
    crew.start([&] {
        std::string most(4000, 'm');
        std::string more(200, 'n');
        const std::array<iovec, 3> fits{{{most.data(), 3000}, {nullptr, 0}, {most.data(), 1000}}};
        const std::array<iovec, 2> does_not{{{most.data(), 4000}, {more.data(), 200}}};
        faults += writev(ends[1], fits.data(), 3) == 4000 ? 0 : 10;
        faults += writev(ends[1], does_not.data(), 2) == 4200 ? 0 : 20;
        std::string room(5000, ' ');
        faults += read(ends[0], room.data(), room.size()) == 4000 ? 0 : 40;
    });
    crew.join();
    return faults;
}

TEST(OlderKernel, AVectorThatFitsIsOneWrite)
{
    EXPECT_EQ(in_older_kernel(write_vectors), 0);
}

}  // namespace
