#include "target/descriptors.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstring>

#include "support/unique_fd.h"

namespace lwpi {
namespace {

// Enough for what a person looks at; a target with more costs no more.
constexpr std::size_t kMostNames = 4096;
constexpr std::size_t kMostTable = 8U << 20U;

template <typename Number>
std::optional<Number> number_in(std::string_view text, int base)
{
    Number value{};
    const auto result = std::from_chars(text.data(), text.data() + text.size(), value, base);
    return result.ec == std::errc{} ? std::optional(value) : std::nullopt;
}

std::vector<std::string_view> words_of(std::string_view line)
{
    std::vector<std::string_view> words;
    while (!line.empty()) {
        const std::size_t begin = line.find_first_not_of(' ');
        if (begin == std::string_view::npos) {
            break;
        }
        const std::size_t end = std::min(line.find(' ', begin), line.size());
        words.push_back(line.substr(begin, end - begin));
        line.remove_prefix(end);
    }
    return words;
}

template <typename Each>
void for_each_line(std::string_view text, Each each)
{
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        each(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
}

// "0100007F:0050": words of 32 bits as this machine's memory has them, then the port.
std::optional<std::string> address_in(std::string_view text)
{
    const std::size_t colon = text.find(':');
    if (colon != 8 && colon != 32) {
        return std::nullopt;
    }
    std::array<std::uint32_t, 4> words{};
    for (std::size_t i = 0; i < colon / 8; ++i) {
        words.at(i) = number_in<std::uint32_t>(text.substr(8 * i, 8), 16).value_or(0);
    }
    const unsigned port = number_in<unsigned>(text.substr(colon + 1), 16).value_or(0);
    std::array<char, INET6_ADDRSTRLEN> address{};
    const bool six = colon == 32;
    if (::inet_ntop(six ? AF_INET6 : AF_INET, words.data(), address.data(), address.size()) ==
        nullptr) {
        return std::nullopt;
    }
    return six ? fmt::format("[{}]:{}", address.data(), port)
               : fmt::format("{}:{}", address.data(), port);
}

// "socket:[4711]" for `kind` "socket".
std::optional<std::uint64_t> inode_in(std::string_view link, std::string_view kind)
{
    if (!link.starts_with(kind) || !link.substr(kind.size()).starts_with(":[")) {
        return std::nullopt;
    }
    return number_in<std::uint64_t>(link.substr(kind.size() + 2), 10);
}

// The peer's inode among the attributes of one unix socket.
std::optional<std::uint64_t> peer_in(const nlmsghdr& message)
{
    const auto* attribute =
        reinterpret_cast<const char*>(&message) + NLMSG_SPACE(sizeof(unix_diag_msg));
    const char* const end = reinterpret_cast<const char*>(&message) + message.nlmsg_len;
    while (end - attribute >= static_cast<std::ptrdiff_t>(sizeof(nlattr))) {
        nlattr head{};
        std::memcpy(&head, attribute, sizeof(head));
        if (head.nla_len < sizeof(head)) {
            break;
        }
        if (head.nla_type == UNIX_DIAG_PEER &&
            head.nla_len >= sizeof(head) + sizeof(std::uint32_t)) {
            std::uint32_t peer = 0;
            std::memcpy(&peer, attribute + sizeof(head), sizeof(peer));
            return peer;
        }
        attribute += NLMSG_ALIGN(head.nla_len);
    }
    return std::nullopt;
}

// Who is connected with whom, in this network namespace; empty where the kernel does not tell.
std::map<std::uint64_t, std::uint64_t> unix_peers()
{
    std::map<std::uint64_t, std::uint64_t> peers;
    const UniqueFd kernel(::socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
    struct {
        nlmsghdr head;
        unix_diag_req request;
    } question{};
    question.head.nlmsg_len = sizeof(question);
    question.head.nlmsg_type = SOCK_DIAG_BY_FAMILY;
    question.head.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    question.request.sdiag_family = AF_UNIX;
    question.request.udiag_states = ~0U;
    question.request.udiag_show = UDIAG_SHOW_PEER;
    if (!kernel || ::send(kernel.get(), &question, sizeof(question), 0) < 0) {
        return peers;
    }
    alignas(nlmsghdr) std::array<char, 32768> answer{};
    for (;;) {
        const ssize_t got = ::recv(kernel.get(), answer.data(), answer.size(), 0);
        if (got <= 0) {
            return peers;
        }
        for (std::size_t at = 0; at + NLMSG_HDRLEN <= static_cast<std::size_t>(got);) {
            const auto* message = reinterpret_cast<const nlmsghdr*>(&answer.at(at));
            const std::size_t length = message->nlmsg_len;
            if (length < NLMSG_SPACE(sizeof(unix_diag_msg)) ||
                length > static_cast<std::size_t>(got) - at || message->nlmsg_type == NLMSG_DONE ||
                message->nlmsg_type == NLMSG_ERROR) {
                return peers;
            }
            if (const auto peer = peer_in(*message)) {
                unix_diag_msg socket{};
                std::memcpy(&socket, &answer.at(at + NLMSG_HDRLEN), sizeof(socket));
                peers[socket.udiag_ino] = *peer;
            }
            at += NLMSG_ALIGN(length);
        }
    }
}

}  // namespace

std::optional<InternetSocket> parse_internet(std::string_view line)
{
    constexpr std::size_t kInode = 9;
    constexpr unsigned kListening = 10;
    const auto words = words_of(line);
    if (words.size() <= kInode) {
        return std::nullopt;
    }
    const auto local = address_in(words[1]);
    const auto remote = address_in(words[2]);
    const auto inode = number_in<std::uint64_t>(words[kInode], 10);
    if (!local || !remote || !inode) {
        return std::nullopt;
    }
    if (number_in<unsigned>(words[3], 16) == kListening) {
        return InternetSocket{*inode, *local + " listening"};
    }
    const bool connected = !words[2].ends_with(":0000");
    return InternetSocket{*inode, connected ? *local + " with " + *remote : *local};
}

void Descriptors::read_internet(const char* table, const char* protocol)
{
    const std::string text = process_.read_file(table, kMostTable).text;
    for_each_line(text, [&](std::string_view line) {
        if (const auto socket = parse_internet(line); socket && socket->inode != 0) {
            (*sockets_)[socket->inode] = fmt::format("{} {}", protocol, socket->name);
        }
    });
}

void Descriptors::read_unix()
{
    constexpr std::size_t kInode = 6;
    const std::string text = process_.read_file("net/unix", kMostTable).text;
    for_each_line(text, [&](std::string_view line) {
        const auto words = words_of(line);
        const auto inode =
            words.size() > kInode ? number_in<Inode>(words[kInode], 10) : std::nullopt;
        if (inode) {
            const bool named = words.size() > kInode + 1;
            (*sockets_)[*inode] = named ? fmt::format("unix {}", words[kInode + 1]) : "unix";
        }
    });
    peers_ = unix_peers();
}

void Descriptors::read_sockets()
{
    sockets_.emplace();
    read_internet("net/tcp", "TCP");
    read_internet("net/tcp6", "TCP");
    read_internet("net/udp", "UDP");
    read_internet("net/udp6", "UDP");
    read_unix();
}

void Descriptors::read_ends()
{
    ends_.emplace();
    for (const int fd : process_.descriptors(kMostNames)) {
        const std::string link = process_.read_link(fmt::format("fd/{}", fd).c_str()).value_or("");
        const auto pipe = inode_in(link, "pipe");
        const auto inode = pipe ? pipe : inode_in(link, "socket");
        if (inode) {
            (*ends_)[*inode].push_back(static_cast<std::uint64_t>(fd));
        }
    }
}

std::string Descriptors::with_end(Inode inode, std::uint64_t fd)
{
    if (!ends_) {
        read_ends();
    }
    if (const auto entry = ends_->find(inode); entry != ends_->end()) {
        for (const std::uint64_t other : entry->second) {
            if (other != fd) {
                return fmt::format(" with fd {}", other);
            }
        }
    }
    return {};
}

std::string Descriptors::socket_name(Inode inode, std::uint64_t fd)
{
    if (!sockets_) {
        read_sockets();
    }
    const auto known = sockets_->find(inode);
    if (known == sockets_->end()) {
        return fmt::format("socket {}", inode);
    }
    const auto peer = peers_.find(inode);
    if (peer == peers_.end()) {
        return known->second;
    }
    const std::string end = with_end(peer->second, fd);
    if (!end.empty()) {
        return known->second + end;
    }
    const auto other = sockets_->find(peer->second);
    const bool named = other != sockets_->end() && other->second != "unix";
    return known->second + (named ? " with " + other->second : " with another process");
}

std::string Descriptors::name(std::uint64_t fd)
{
    constexpr std::uint64_t kMostDescriptors = 1U << 20U;
    if (const auto known = names_.find(fd); known != names_.end()) {
        return known->second;
    }
    if (fd >= kMostDescriptors || names_.size() >= kMostNames) {
        return {};
    }
    std::string text = process_.read_link(fmt::format("fd/{}", fd).c_str()).value_or("");
    if (const auto pipe = inode_in(text, "pipe")) {
        text = "pipe" + with_end(*pipe, fd);
    } else if (const auto socket = inode_in(text, "socket")) {
        text = socket_name(*socket, fd);
    }
    return names_[fd] = text;
}

}  // namespace lwpi
