// Segments of System V memory that the process has attached.
#pragma once

#include <cstddef>

namespace lt::os {

// How many bytes are attached at `start`: what shmdt(2) would detach; 0 if nothing is, or if the
// system does not tell.
std::size_t attached_at(const void* start) noexcept;

}  // namespace lt::os
