// system(3): threads that wait for commands.
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <string>

#include "unit/io/crew.h"

namespace {

using io_test::Crew;

// A pipe that commands inherit, by numbers of one digit, which is what shells know.
class Line {
  public:
    Line() { EXPECT_EQ(pipe(ends_), 0); }
    ~Line()
    {
        close(ends_[0]);
        close(ends_[1]);
    }
    Line(const Line&) = delete;
    Line& operator=(const Line&) = delete;

    [[nodiscard]] int reader() const { return ends_[0]; }
    [[nodiscard]] int writer() const { return ends_[1]; }
    // Exits with the status when there is a line to read.
    [[nodiscard]] std::string reading_command(int status) const
    {
        return "read line <&" + std::to_string(reader()) + "; exit " + std::to_string(status);
    }

  private:
    int ends_[2] = {-1, -1};
};

TEST(Command, ManyAreAwaitedWithoutAnLwpEach)
{
    constexpr int kCommands = 30;
    Crew{}.start([] {});
    const int before = io_test::kernel_tasks();
    const Line lines;
    Crew crew;
    for (int i = 0; i < kCommands; ++i) {
        const thread_t waiter = crew.start(
            [&lines, i] { EXPECT_EQ(WEXITSTATUS(system(lines.reading_command(i).c_str())), i); });
        ASSERT_TRUE(io_test::asleep(waiter));
    }
    if (io_test::parks()) {
        EXPECT_LE(io_test::kernel_tasks() - before, 16);  // the level asked for, its helpers
    }
    const std::string all(kCommands, '\n');
    EXPECT_EQ(write(lines.writer(), all.data(), all.size()), kCommands);
}

std::atomic<int> handled{0};

bool is_handled(int signal)
{
    const int before = handled;
    EXPECT_EQ(kill(getpid(), signal), 0);
    return bounded::until([before] { return handled > before; });
}

void handle(int signal)
{
    struct sigaction action {};
    action.sa_handler = [](int) { ++handled; };
    action.sa_flags = SA_RESTART;
    ASSERT_EQ(sigaction(signal, &action, nullptr), 0);
}

bool is_ignored(int signal)
{
    struct sigaction now {};
    return sigaction(signal, nullptr, &now) == 0 && now.sa_handler == SIG_IGN;
}

// Of whatever threads.
TEST(Command, InterruptsAreIgnoredUntilTheLastHasEnded)
{
    handle(SIGINT);
    handle(SIGQUIT);
    const Line begun;
    const Line first;
    const Line second;
    const auto run = [&begun](const Line& line) {
        const std::string notice = "echo >&" + std::to_string(begun.writer()) + "; ";
        EXPECT_EQ(system((notice + line.reading_command(0)).c_str()), 0);
    };
    Crew crew;
    Crew other{THR_BOUND};
    crew.start([&] { run(first); });
    other.start([&] { run(second); });
    char byte = 0;
    ASSERT_EQ(read(begun.reader(), &byte, 1), 1);
    ASSERT_EQ(read(begun.reader(), &byte, 1), 1);
    EXPECT_TRUE(is_ignored(SIGINT) && is_ignored(SIGQUIT));
    EXPECT_EQ(write(first.writer(), "\n", 1), 1);
    crew.join();
    EXPECT_TRUE(is_ignored(SIGINT) && is_ignored(SIGQUIT));
    EXPECT_EQ(write(second.writer(), "\n", 1), 1);
    other.join();
    EXPECT_TRUE(is_handled(SIGINT) && is_handled(SIGQUIT));
}

// A command is killed with its thread, and reaped.
TEST(Command, ACancellationEndsIt)
{
    handle(SIGINT);
    for (const long flags : {0L, static_cast<long>(THR_BOUND)}) {
        const Line pids;
        const Line lines;
        const std::string command =
            "echo $$ >&" + std::to_string(pids.writer()) + "; " + lines.reading_command(0);
        std::atomic<pthread_t> handle{};
        Crew crew{flags};
        crew.start([&] {
            handle = pthread_self();
            system(command.c_str());
            ADD_FAILURE() << "not cancelled";
        });
        char text[16] = {};
        ASSERT_GT(read(pids.reader(), text, sizeof(text) - 1), 0);
        ASSERT_EQ(pthread_cancel(handle), 0);
        crew.join();
        EXPECT_EQ(kill(std::atoi(text), 0), -1);
        EXPECT_EQ(errno, ESRCH);
        EXPECT_TRUE(is_handled(SIGINT));
    }
}

TEST(Command, FailsWhereNoProcessCanBeMade)
{
    const pid_t child = fork();
    if (child == 0) {
        const bool works = system(nullptr) != 0;
        const rlimit none{0, 0};
        const bool limited = setrlimit(RLIMIT_NPROC, &none) == 0 && setuid(65534) == 0;
        const int status = system("exit 0");
        _exit(works && (!limited || (WEXITSTATUS(status) == 127 && errno == EAGAIN)) ? 0 : 1);
    }
    int status = 0;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
}

}  // namespace
