// The library's constructor and the parts it calls in other files.
#pragma once

namespace lt {

// Once per process, before anything else of the library; runs as an ELF constructor.
void start_up() noexcept;

// inspect/descriptor.cpp: the descriptor becomes valid; the model chosen for thread control blocks.
void publish_start() noexcept;
void publish_model(const char* name) noexcept;

// thread/signals.cpp: the library's own handlers.
void start_signals() noexcept;

}  // namespace lt
