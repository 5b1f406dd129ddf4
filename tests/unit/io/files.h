// Two descriptors, of which one reads what is written to the other.
#pragma once

#include <fcntl.h>
#include <netinet/in.h>
#include <pty.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <string>

namespace io_test {

// A socket that listens on a port of this machine, which `address` gets. -1: there is none.
inline int listen_here(sockaddr_in& address)
{
    const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (bind(listener, generic, size) == 0 && listen(listener, 1) == 0 &&
        getsockname(listener, generic, &size) == 0) {
        return listener;
    }
    close(listener);
    return -1;
}

class Pair {
  public:
    enum Kind { kPipe, kFifo, kSocket, kDatagram, kTcp, kTerminal, kEvent };
    static constexpr std::array kAll{kPipe, kFifo, kSocket, kDatagram, kTcp, kTerminal, kEvent};

    static const char* name(Kind kind)
    {
        constexpr std::array kNames{"pipe", "FIFO",     "socket", "datagrams",
                                    "TCP",  "terminal", "event"};
        return kNames[static_cast<std::size_t>(kind)];
    }

    explicit Pair(Kind kind)
    {
        switch (kind) {
            case kPipe:
                make(pipe2(ends_.data(), O_CLOEXEC));
                break;
            case kFifo:
                make_fifo();
                break;
            case kSocket:
            case kDatagram:
                make(socketpair(AF_UNIX,
                                (kind == kSocket ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC, 0,
                                ends_.data()));
                break;
            case kTcp:
                make_tcp();
                break;
            case kTerminal:
                make_terminal();
                break;
            case kEvent:
                ends_[0] = eventfd(0, EFD_CLOEXEC);
                ends_[1] = dup(ends_[0]);
                break;
        }
    }
    Pair(const Pair&) = delete;
    Pair& operator=(const Pair&) = delete;
    ~Pair()
    {
        close_reader();
        close_writer();
    }

    [[nodiscard]] bool works() const { return ends_[0] >= 0 && ends_[1] >= 0; }
    [[nodiscard]] int reader() const { return ends_[0]; }
    [[nodiscard]] int writer() const { return ends_[1]; }
    void close_reader() { shut(ends_[0]); }
    void close_writer() { shut(ends_[1]); }

  private:
    void make(int result)
    {
        if (result != 0) {
            ends_ = {-1, -1};
        }
    }

    static void shut(int& fd)
    {
        if (fd >= 0) {
            close(fd);
            fd = -1;
        }
    }

    void make_fifo()
    {
        std::array<char, 32> directory{"/tmp/io_test_XXXXXX"};
        if (mkdtemp(directory.data()) == nullptr) {
            return;
        }
        const std::string path = std::string{directory.data()} + "/fifo";
        if (mkfifo(path.c_str(), 0600) == 0) {
            ends_[1] = open(path.c_str(), O_RDWR | O_CLOEXEC);
            ends_[0] = open(path.c_str(), O_RDONLY | O_CLOEXEC);
        }
        unlink(path.c_str());
        rmdir(directory.data());
    }

    void make_tcp()
    {
        sockaddr_in address{};
        const int listener = listen_here(address);
        if (listener < 0) {
            return;
        }
        ends_[1] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        const int room = 65536;
        setsockopt(ends_[1], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
        setsockopt(listener, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
        if (connect(ends_[1], reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0) {
            ends_[0] = accept(listener, nullptr, nullptr);
        }
        close(listener);
    }

    void make_terminal()
    {
        if (openpty(&ends_[1], &ends_[0], nullptr, nullptr, nullptr) != 0) {
            return;
        }
        termios settings{};
        tcgetattr(ends_[0], &settings);
        cfmakeraw(&settings);
        tcsetattr(ends_[0], TCSANOW, &settings);
    }

    std::array<int, 2> ends_{-1, -1};
};

}  // namespace io_test
