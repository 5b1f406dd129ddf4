// A debugger as small as can be: what <proc_service.h> asks of one, by ptrace.
#pragma once

#include <proc_service.h>
#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

// Attaches to all tasks of a process and those that come; lets go of them at its end. All calls
// come from one thread of the test.
struct ps_prochandle {
  public:
    explicit ps_prochandle(pid_t process);
    ~ps_prochandle();
    ps_prochandle(const ps_prochandle&) = delete;
    ps_prochandle& operator=(const ps_prochandle&) = delete;

    void stop();
    void go_on();
    bool hold(pid_t task, int change);
    // Takes what tasks report and lets those run on that may; true: one stands at a breakpoint.
    bool serve();
    // The task at a breakpoint goes on behind it.
    void pass_breakpoints();

    void set_breakpoint(std::uint64_t address);
    [[nodiscard]] bool has_task(pid_t task) const { return tasks_.count(task) != 0; }
    [[nodiscard]] pid_t pid() const { return pid_; }
    [[nodiscard]] std::uint64_t symbol(const std::string& object, const char* name) const;

  private:
    struct Task {
        bool stopped = false;
        bool trapped = false;  // at a breakpoint
        int holds = 0;
        int signal = 0;  // to be delivered
    };
    void note(pid_t task, int status);
    void resume(pid_t task, Task& state);
    bool stop_known();
    [[nodiscard]] std::vector<pid_t> tasks_now() const;

    pid_t pid_;
    int stops_ = 0;
    std::map<pid_t, Task> tasks_;
};
