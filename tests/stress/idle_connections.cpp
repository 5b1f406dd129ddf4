// Many idle connections, each with an unbound thread of its own that waits in read(2): they cost
// memory, not LWPs, and each is woken by its own byte. Their other ends are in children, so that
// there may be nearly as many as descriptors. By hand: --count 50000.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "stress.h"

namespace {

constexpr std::uint64_t kDefaultConnections = 2000;
constexpr std::size_t kMostTasks = 50;  // helpers and the pool, which may have grown

constexpr std::size_t kBatch = 500;  // connections to one child

// As many as the limit on descriptors allows, raised where it may be.
std::size_t affordable(std::size_t wanted)
{
    constexpr rlim_t kOthers = 100 + kBatch;
    rlimit limit{};
    stress::check(getrlimit(RLIMIT_NOFILE, &limit) == 0, "the limit is known");
    const rlim_t needed = wanted + kOthers;
    if (limit.rlim_cur < needed) {
        const rlimit higher{needed, std::max(needed, limit.rlim_max)};
        if (setrlimit(RLIMIT_NOFILE, &higher) != 0) {
            limit.rlim_cur = limit.rlim_max;
            stress::check(setrlimit(RLIMIT_NOFILE, &limit) == 0, "the soft limit is raised");
        }
    }
    stress::check(getrlimit(RLIMIT_NOFILE, &limit) == 0, "the limit is known");
    return std::min(wanted, limit.rlim_cur - kOthers);
}

// The ends that the threads read, and children with the others.
class Connections {
  public:
    explicit Connections(std::size_t count)
    {
        stress::check(pipe2(starter_.data(), O_CLOEXEC) == 0, "a pipe");
        while (ends_.size() < count) {
            add(std::min(kBatch, count - ends_.size()));
        }
        close(starter_[0]);
    }
    ~Connections()
    {
        for (const int end : ends_) {
            close(end);
        }
    }
    Connections(const Connections&) = delete;
    Connections& operator=(const Connections&) = delete;

    [[nodiscard]] int end(std::size_t index) const { return ends_[index]; }

    // Every child writes a byte to each of its ends, the connection's number.
    void write_to_all()
    {
        close(starter_[1]);
        for (const pid_t child : children_) {
            int status = -1;
            stress::check(waitpid(child, &status, 0) == child && status == 0, "bytes are written");
        }
    }

  private:
    void add(std::size_t count)
    {
        const std::size_t first = ends_.size();
        std::vector<int> others;
        for (std::size_t i = 0; i < count; ++i) {
            std::array<int, 2> pair{};
            stress::check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) == 0,
                          "a pair");
            ends_.push_back(pair[0]);
            others.push_back(pair[1]);
        }
        const pid_t child = fork();
        stress::check(child >= 0, "a child");
        if (child == 0) {
            close(starter_[1]);
            char none = 0;
            bool good = read(starter_[0], &none, 1) == 0;
            for (std::size_t i = 0; i < count; ++i) {
                const char byte = static_cast<char>(first + i);
                good = write(others[i], &byte, 1) == 1 && good;
            }
            _exit(good ? 0 : 1);
        }
        children_.push_back(child);
        for (const int other : others) {
            close(other);
        }
    }

    std::array<int, 2> starter_{};  // children begin when its writing end is closed
    std::vector<int> ends_;
    std::vector<pid_t> children_;
};

bool parks()
{
    const char* const choice = std::getenv("LIBTHREAD_IO");
    return !stress::is_bound_model() && (choice == nullptr || std::string_view{choice} == "park");
}

}  // namespace

void stress::run(const Options& options)
{
    const std::size_t wanted = options.count == 0 ? kDefaultConnections : options.count;
    const std::size_t count = parks() ? affordable(wanted) : 50;
    Connections connections{count};
    const std::size_t before = resident_bytes();
    std::atomic<std::size_t> started{0};
    std::atomic<std::size_t> answered{0};
    Crew crew{count, [&](std::size_t index) {
                  ++started;
                  std::array<char, 8> got{};
                  const ssize_t size = read(connections.end(index), got.data(), got.size());
                  check(size == 1 && got[0] == static_cast<char>(index), "its own byte arrives");
                  ++answered;
              }};
    while (started < count) {
        thr_yield();
    }
    usleep(1000);
    if (parks()) {
        check(task_count() <= kMostTasks, "waiting threads need no LWPs");
    }
    report("connections", count);
    report("  kernel tasks", task_count());
    report("  bytes a thread", (resident_bytes() - std::min(before, resident_bytes())) / count);
    check(answered == 0, "nobody is woken early");
    const hrtime_t begin = gethrtime();
    connections.write_to_all();
    crew.join();
    report("  us to wake all", static_cast<std::uint64_t>((gethrtime() - begin) / 1000));
    check_equal(answered, count, "threads woken");
}
