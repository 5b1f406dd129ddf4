// system(3): libc's waits for the command where the library cannot see it.
#pragma once

namespace lt {

// As system(), for a command. The caller waits as in waitpid(2).
int run_command(const char* command);

// In the child of fork, where none is waited for.
void reset_commands_after_fork() noexcept;

}  // namespace lt
