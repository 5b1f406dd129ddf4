// A random script of calls on sockets and pipes, and of waits for children, made by one unbound
// thread; prints what each returned. The same seed must print the same whether calls park, block or
// go straight to libc. Blocking calls that would wait for ever have a timeout on their socket.
#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "stress.h"

namespace {

constexpr std::uint64_t kDefaultSteps = 3000;

struct Ends {
    std::array<int, 2> fd{-1, -1};
    bool socket = false;
};

class Script {
  public:
    explicit Script(std::uint64_t seed) : random_{seed} {}

    void run(std::uint64_t steps)
    {
        for (auto& pair : pairs_) {
            open(pair);
        }
        for (std::uint64_t i = 0; i < steps; ++i) {
            step(i);
        }
    }

  private:
    void open(Ends& pair)
    {
        for (int& fd : pair.fd) {
            if (fd >= 0) {
                close(fd);
            }
        }
        const std::uint64_t kind = random_.below(4);
        pair.socket = kind != 0;
        if (pair.socket) {
            const int type = kind == 1 ? SOCK_DGRAM : kind == 2 ? SOCK_SEQPACKET : SOCK_STREAM;
            stress::check(socketpair(AF_UNIX, type, 0, pair.fd.data()) == 0, "socketpair");
        } else {
            stress::check(pipe(pair.fd.data()) == 0, "pipe");
        }
        for (const int fd : pair.fd) {
            const bool nonblocking = !pair.socket || random_.one_in(3);
            if (nonblocking) {
                fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
                continue;
            }
            const timeval soon{0, 1000};
            setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof(soon));
            setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &soon, sizeof(soon));
        }
    }

    long receive(int fd, std::size_t size)
    {
        constexpr std::array<int, 6> kFlags{0,         MSG_PEEK, MSG_WAITALL, MSG_DONTWAIT,
                                            MSG_TRUNC, MSG_OOB};
        const int flags = kFlags[random_.below(kFlags.size())];
        switch (random_.below(4)) {
            case 0:
                return recv(fd, buffer_.data(), size, flags);
            case 1:
                return recvfrom(fd, buffer_.data(), size, flags, nullptr, nullptr);
            case 2: {
                iovec part{buffer_.data(), size};
                msghdr message{};
                message.msg_iov = &part;
                message.msg_iovlen = 1;
                return recvmsg(fd, &message, flags);
            }
            default:
                return read(fd, buffer_.data(), size);
        }
    }

    long send_some(int fd, std::size_t size)
    {
        switch (random_.below(4)) {
            case 0:
                return send(fd, buffer_.data(), size, MSG_NOSIGNAL);
            case 1: {
                const std::array<iovec, 3> parts{
                    {{buffer_.data(), size / 2}, {nullptr, 0}, {buffer_.data(), size - size / 2}}};
                return writev(fd, parts.data(), 3);
            }
            case 2: {
                iovec part{buffer_.data(), size};
                msghdr message{};
                message.msg_iov = &part;
                message.msg_iovlen = 1;
                return sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
            }
            default:
                return write(fd, buffer_.data(), size);
        }
    }

    long wait_for(const Ends& pair)
    {
        std::array<pollfd, 2> files{{{pair.fd[0], POLLIN, 0}, {pair.fd[1], POLLOUT | POLLIN, 0}}};
        const int timeout = static_cast<int>(random_.below(3));
        if (random_.one_in(2)) {
            const int result = poll(files.data(), 2, timeout);
            return result * 1'000'000L + files[0].revents * 1000L + files[1].revents;
        }
        fd_set readable;
        FD_ZERO(&readable);
        FD_SET(pair.fd[0], &readable);
        FD_SET(pair.fd[1], &readable);
        timeval time{0, timeout * 1000};
        const int limit = (pair.fd[0] > pair.fd[1] ? pair.fd[0] : pair.fd[1]) + 1;
        const int result = select(limit, &readable, nullptr, nullptr, &time);
        return result * 10L + (FD_ISSET(pair.fd[0], &readable) ? 1 : 0) +
               (FD_ISSET(pair.fd[1], &readable) ? 2 : 0);
    }

    // How a child ended, by one of the ways to wait for it.
    long wait_for_child()
    {
        const std::uint64_t end = random_.below(4);
        const auto delay = static_cast<useconds_t>(random_.below(3) * 500);
        const std::uint64_t way = random_.below(5);
        const pid_t child = fork();
        if (child == 0) {
            usleep(delay);
            if (end == 0) {
                kill(getpid(), SIGKILL);
            }
            _exit(static_cast<int>(end));
        }
        int status = 0;
        siginfo_t info{};
        rusage usage{};
        pid_t got = child;
        if (way == 0) {
            got = wait(&status);
        } else if (way == 1) {
            got = wait4(child, &status, __WALL, &usage);
        } else {
            const int options = way == 2 ? WEXITED | WNOWAIT : way == 3 ? WEXITED : 0;
            const int result = waitid(P_PID, static_cast<id_t>(child), &info, options);
            status = result != 0 ? errno : info.si_code * 1000 + info.si_status;
        }
        const pid_t last = waitpid(child, nullptr, 0);
        const long kinds = (got == child ? 10 : 0) + (last == child ? 1 : 0);
        return last == child ? kinds * 1'000'000L + status : -kinds * 1'000'000L - status;
    }

    void step(std::uint64_t number)
    {
        Ends& pair = pairs_[random_.below(pairs_.size())];
        const int fd = pair.fd[random_.below(2)];
        constexpr std::array<std::size_t, 6> kSizes{0, 1, 7, 4096, 5000, 300'000};
        const std::size_t size = kSizes[random_.below(kSizes.size())];
        const std::uint64_t action = random_.below(21);
        errno = 0;
        long result = 0;
        if (action < 8) {
            result = receive(fd, size);
        } else if (action < 15) {
            result = send_some(fd, size);
        } else if (action < 18) {
            result = wait_for(pair);
        } else if (action == 18) {
            result = shutdown(fd, static_cast<int>(random_.below(3)));
        } else if (action == 19) {
            result = wait_for_child();
        } else {
            open(pair);
        }
        std::printf("%zu %zu %zu: %ld %d\n", number, action, size, result, result < 0 ? errno : 0);
    }

    stress::Random random_;
    std::array<Ends, 6> pairs_;
    std::vector<char> buffer_ = std::vector<char>(300'000, 'x');
};

}  // namespace

// By itself, not as a crew: the reference makes threads on stacks of the common size only.
void stress::run(const Options& options)
{
    std::signal(SIGPIPE, SIG_IGN);
    Options given = options;
    given.count = options.count == 0 ? kDefaultSteps : options.count;
    const auto start = [](void* argument) -> void* {
        const auto& script = *static_cast<const Options*>(argument);
        Script{script.seed}.run(script.count);
        return nullptr;
    };
    thread_t id = 0;
    check_ok(thr_create(nullptr, 0, start, &given, 0, &id), "thr_create");
    check_ok(thr_join(id, nullptr, nullptr), "thr_join");
}
