// What tests of waits for children share.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <string>
#include <vector>

#include "unit/io/crew.h"
#include "unit/io/files.h"

namespace io_test {

// A child that goes on with `body` when it is told to, and ends.
class Child {
  public:
    template <class Body>
    explicit Child(Body body) : pid_{fork()}
    {
        if (pid_ == 0) {
            char byte = 0;
            _exit(read(go_.reader(), &byte, 1) == 1 ? body() : 127);
        }
    }
    explicit Child(int status) : Child{[status] { return status; }} {}
    ~Child()
    {
        kill(pid_, SIGKILL);
        waitpid(pid_, nullptr, 0);  // mostly there is none any more
    }
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;

    [[nodiscard]] pid_t pid() const { return pid_; }
    void tell() const { EXPECT_EQ(write(go_.writer(), "g", 1), 1); }

  private:
    Pair go_{Pair::kPipe};
    pid_t pid_;
};

struct Answer {
    pid_t got = 0;
    int error = 0;
};

inline void wait_for(pid_t child, Answer& answer)
{
    errno = 0;
    answer.got = waitpid(child, nullptr, 0);
    answer.error = errno;
}

// The numbers of the descriptors of processes that are open here.
inline std::vector<int> watches()
{
    std::vector<int> found;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
        std::error_code gone;
        const std::string name = read_symlink(entry.path(), gone).string();
        if (name.find("pidfd") != std::string::npos) {
            found.push_back(std::stoi(entry.path().filename().string()));
        }
    }
    return found;
}

}  // namespace io_test
