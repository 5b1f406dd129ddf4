// Snapshots that no process was needed for.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>

#include "model/snapshot.h"
#include "tui/sample.h"
#include "tui/state.h"

namespace lwpi::tui::synthetic {

// Adds a frame in `function` of `module` to the outer end of `stack`.
void add_frame(Snapshot& snapshot, Stack& stack, const std::string& function,
               const std::string& module);

// A thread in the state with that name, without a wait or a stack.
ThreadInfo thread(std::uint64_t id, const std::string& name, ThreadState state);

// A shop's server: five user threads, two of which wait for each other, on three LWPs.
Snapshot shop();
// `count` threads that wait on a condition, with ids from 1 on.
Snapshot crowd(std::uint64_t count);
// A process without libthread: two LWPs, one of which waits for a mutex of the other.
Snapshot plain();

// The sample of `snapshot` alone, as if all that is in it had been asked for.
SamplePtr sample(Snapshot snapshot);

// A state that shows `snapshot` on a terminal of that size.
UiState showing(Snapshot snapshot, Size size);
// The same after a second look two seconds later, at which nobody had moved.
UiState seen_twice(Snapshot snapshot, Size size);

// `state` after those keys: letters as themselves.
UiState type(UiState state, const std::string& letters);
UiState press(UiState state, std::initializer_list<Key> keys);

}  // namespace lwpi::tui::synthetic
