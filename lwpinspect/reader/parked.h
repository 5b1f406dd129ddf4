// Stacks of parked threads: read without any stop, and kept only if the thread did not move.
#pragma once

#include <chrono>
#include <functional>
#include <vector>

#include "reader/records.h"
#include "unwind/unwinder.h"

namespace lwpi {

struct ParkedStack {
    // As it was with the stack; when `moving`, as it was read last.
    ThreadRecord record;
    bool moving = false;  // ran during every attempt, or left its stack meanwhile
    UnwoundStack stack;
};

// For each thread of `records` (parked ones) calls `deliver` once. Records are read twice, then the
// stacks, then the records again; a stack is kept if `seq` was even and the same in all three, with
// registers from the second read: one read of many bytes is not atomic, so fewer reads let stacks
// pass that never were. Batches are small so that little moves while one is read. Stops early at
// `deadline`; what was not delivered is for the caller to see.
void read_parked_stacks(std::vector<ThreadRecord> records, std::size_t depth, RecordReader& reader,
                        Memory& memory, Unwinder& unwinder,
                        std::chrono::steady_clock::time_point deadline,
                        const std::function<void(ParkedStack&&)>& deliver);

}  // namespace lwpi
