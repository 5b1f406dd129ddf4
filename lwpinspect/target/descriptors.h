// What the descriptors of a process are: paths, pipes with their other ends, sockets with their
// peers, from /proc and the kernel's list of sockets. Asked once for each look at a process.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "target/process.h"

namespace lwpi {

class Descriptors {
  public:
    explicit Descriptors(const Process& process) : process_(process) {}

    // "/var/log/x", "pipe with fd 7", "TCP 127.0.0.1:80 with 10.1.2.3:4711", "unix with fd 8",
    // "anon_inode:[eventfd]"; raw, for paths are the target's. Empty: not open, or not to be read.
    [[nodiscard]] std::string name(std::uint64_t fd);

  private:
    using Inode = std::uint64_t;

    void read_sockets();
    void read_internet(const char* table, const char* protocol);
    void read_unix();
    void read_ends();
    // " with fd 7" if another descriptor of the process is one of these.
    [[nodiscard]] std::string with_end(Inode inode, std::uint64_t fd);
    [[nodiscard]] std::string socket_name(Inode inode, std::uint64_t fd);

    const Process& process_;
    std::map<std::uint64_t, std::string> names_;
    std::optional<std::map<Inode, std::string>> sockets_;
    std::map<Inode, Inode> peers_;                                     // of unix sockets
    std::optional<std::map<Inode, std::vector<std::uint64_t>>> ends_;  // pipes and sockets
};

// One line of /proc/net/tcp, tcp6, udp or udp6.
struct InternetSocket {
    std::uint64_t inode = 0;
    std::string name;  // "127.0.0.1:80 with 10.1.2.3:4711"
};
[[nodiscard]] std::optional<InternetSocket> parse_internet(std::string_view line);

}  // namespace lwpi
