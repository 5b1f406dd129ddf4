// What fork needs of the files of this layer.
#pragma once

namespace lt {

// Registers the library's handlers, once, ahead of the program's.
void start_fork_handling() noexcept;

// The locks of thread/keys.cpp and thread/stack_cache.cpp, held over a fork.
void lock_keys() noexcept;
void unlock_keys() noexcept;
void lock_stack_cache() noexcept;
void unlock_stack_cache() noexcept;

}  // namespace lt
