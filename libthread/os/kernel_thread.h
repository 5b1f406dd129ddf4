// Kernel tasks for LWPs, made by glibc so that it knows them, with all signals blocked.
#pragma once

#include <pthread.h>

#include <cstddef>

#include "base/error.h"

namespace lt::os {

// Starts a detached pthread that calls entry(argument) on a stack of `stack_size` bytes. May call
// malloc. kLimit: the kernel refuses another task; kNoMemory.
Error start_kernel_thread(void* (*entry)(void*), void* argument, std::size_t stack_size,
                          pthread_t* handle) noexcept;

// Names the calling kernel task for other tools; "<prefix><number>".
void name_kernel_thread(const char* name) noexcept;
void name_kernel_thread(const char* prefix, unsigned number) noexcept;

// Sends the calling task a signal. The task may be continued under another id in between, in a copy
// of the process.
void raise_here(int signal) noexcept;

// Makes stores of all threads of the process visible to the caller, and the caller's to them: the
// slow half of a store-load fence whose fast half is a compiler barrier. False: the kernel cannot;
// the fast half must then be a real fence.
bool process_wide_fence() noexcept;
bool start_process_wide_fence() noexcept;

}  // namespace lt::os
