// Descriptors whose numbers are closed and reused at once, by the library's close and behind its
// back, while threads read and write them: every byte arrives where it belongs, nobody waits for
// ever.
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>

#include "stress.h"

namespace {

constexpr std::uint64_t kDefaultRounds = 20'000;
constexpr std::size_t kCrew = 8;

void close_somehow(int fd, stress::Random& random)
{
    if (random.below(2) == 0) {
        stress::check(close(fd) == 0, "close works");
    } else {
        stress::check(syscall(SYS_close, fd) == 0, "the system call works");
    }
}

struct Exchange {
    std::array<int, 2> ends{};
    std::uint64_t token = 0;
};

void* answer(void* argument)
{
    auto& exchange = *static_cast<Exchange*>(argument);
    std::uint64_t got = 0;
    ssize_t size = 0;
    do {
        size = read(exchange.ends[1], &got, sizeof(got));
    } while (size < 0 && errno == EINTR);
    stress::check(size == sizeof(got) && got == exchange.token, "its own token arrives");
    got = ~got;
    stress::check(write(exchange.ends[1], &got, sizeof(got)) == sizeof(got), "the answer is sent");
    return nullptr;
}

// A pair of descriptors, one exchange, and both numbers are free for the next.
void one_round(stress::Random& random, std::uint64_t token)
{
    Exchange exchange;
    exchange.token = token;
    const bool socket = random.below(4) != 0;
    if (socket) {
        stress::check(socketpair(AF_UNIX, SOCK_STREAM, 0, exchange.ends.data()) == 0, "a pair");
        thread_t peer = 0;
        stress::check(thr_create(nullptr, 0, answer, &exchange, 0, &peer) == 0, "a thread");
        if (random.below(2) == 0) {
            thr_yield();
        }
        stress::check(write(exchange.ends[0], &token, sizeof(token)) == sizeof(token), "sent");
        std::uint64_t got = 0;
        stress::check(read(exchange.ends[0], &got, sizeof(got)) == sizeof(got) && got == ~token,
                      "the answer arrives");
        stress::check(thr_join(peer, nullptr, nullptr) == 0, "joined");
    } else {
        stress::check(pipe(exchange.ends.data()) == 0, "a pipe");
        stress::check(write(exchange.ends[1], &token, sizeof(token)) == sizeof(token), "written");
        std::uint64_t got = 0;
        stress::check(read(exchange.ends[0], &got, sizeof(got)) == sizeof(got) && got == token,
                      "read");
    }
    close_somehow(exchange.ends[0], random);
    close_somehow(exchange.ends[1], random);
}

}  // namespace

void stress::run(const Options& options)
{
    const std::uint64_t rounds = options.count == 0 ? kDefaultRounds : options.count;
    std::atomic<std::uint64_t> next{1};
    Crew crew{kCrew, [&](std::size_t number) {
                  Random random{options.seed + number};
                  for (std::uint64_t token = next++; token <= rounds; token = next++) {
                      one_round(random, token);
                  }
              }};
    crew.join();
    report("rounds", rounds);
}
