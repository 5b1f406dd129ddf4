// Reads from terminals that end, or fail, though there is nothing to read.
#include <fcntl.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>

#include "unit/io/crew.h"

namespace {

using io_test::Crew;

// A terminal that passes on each byte as it comes.
class RawTerminal {
  public:
    RawTerminal(cc_t least, cc_t tenths)
    {
        if (openpty(&keyboard_, &line_, nullptr, nullptr, nullptr) != 0) {
            return;
        }
        termios settings{};
        tcgetattr(line_, &settings);
        cfmakeraw(&settings);
        settings.c_cc[VMIN] = least;
        settings.c_cc[VTIME] = tenths;
        tcsetattr(line_, TCSANOW, &settings);
    }
    RawTerminal(const RawTerminal&) = delete;
    RawTerminal& operator=(const RawTerminal&) = delete;
    ~RawTerminal()
    {
        close(keyboard_);
        close(line_);
    }

    [[nodiscard]] bool works() const { return line_ >= 0; }
    [[nodiscard]] int line() const { return line_; }
    void type(const char* two_keys) const { ASSERT_EQ(write(keyboard_, two_keys, 2), 2); }

  private:
    int keyboard_ = -1;
    int line_ = -1;
};

// What a thread's read of so many bytes returns.
ssize_t read_from(int fd, std::size_t size)
{
    ssize_t got = -2;
    Crew crew;
    crew.start([&] {
        std::array<char, 16> room{};
        got = read(fd, room.data(), size);
    });
    crew.join();
    return got;
}

TEST(Terminal, AReadThatAsksForNothingReturnsAtOnce)
{
    const RawTerminal terminal{0, 0};
    ASSERT_TRUE(terminal.works());
    EXPECT_EQ(read_from(terminal.line(), 8), 0);
    terminal.type("ab");
    EXPECT_EQ(read_from(terminal.line(), 8), 2);
    EXPECT_EQ(read_from(terminal.line(), 8), 0);
}

TEST(Terminal, AReadGivesUpAfterItsTime)
{
    const RawTerminal terminal{0, 1};
    ASSERT_TRUE(terminal.works());
    const auto before = std::chrono::steady_clock::now();
    EXPECT_EQ(read_from(terminal.line(), 8), 0);
    EXPECT_GE(std::chrono::steady_clock::now() - before, std::chrono::milliseconds{90});
}

TEST(Terminal, AReadOfLessThanTheLeastIsContentWithThat)
{
    const RawTerminal terminal{4, 0};
    ASSERT_TRUE(terminal.works());
    terminal.type("ab");
    EXPECT_EQ(read_from(terminal.line(), 2), 2);
    Crew crew;
    const thread_t reader = crew.start([&] {
        std::array<char, 8> room{};
        EXPECT_EQ(read(terminal.line(), room.data(), room.size()), 4);
    });
    ASSERT_TRUE(io_test::asleep(reader));
    terminal.type("cd");
    terminal.type("ef");
}

TEST(Terminal, ANonblockingReadTakesWhatIsThere)
{
    const RawTerminal terminal{4, 0};
    ASSERT_TRUE(terminal.works());
    ASSERT_EQ(fcntl(terminal.line(), F_SETFL, O_NONBLOCK), 0);
    terminal.type("ab");
    EXPECT_EQ(read_from(terminal.line(), 8), 2);
    EXPECT_EQ(read_from(terminal.line(), 8), -1);
}

// A process in the background of a new session reads from the session's terminal; its status.
int status_of_background_reader(void (*disposition)(int))
{
    int keyboard = -1;
    int line = -1;
    if (openpty(&keyboard, &line, nullptr, nullptr, nullptr) != 0) {
        return -1;
    }
    const pid_t session = fork();
    if (session == 0) {
        setsid();
        ioctl(line, TIOCSCTTY, 0);
        const pid_t reader = fork();
        if (reader == 0) {
            setpgid(0, 0);
            signal(SIGTTIN, disposition);
            errno = 0;
            const bool refused = read_from(line, 1) == -1;
            _exit(refused ? 1 : 2);
        }
        int status = 0;
        waitpid(reader, &status, WUNTRACED);
        kill(reader, SIGKILL);
        _exit(WEXITSTATUS(status));  // the same bits have the signal that stopped it
    }
    int status = 0;
    waitpid(session, &status, 0);
    close(keyboard);
    close(line);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(Terminal, AReadInTheBackgroundStopsTheProcessOrFails)
{
    EXPECT_EQ(status_of_background_reader(SIG_DFL), SIGTTIN);
    EXPECT_EQ(status_of_background_reader(SIG_IGN), 1);
}

}  // namespace
