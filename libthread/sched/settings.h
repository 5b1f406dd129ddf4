// What the environment chose at start-up; constant afterwards. libthread(3) documents the
// variables.
#pragma once

#include <cstdint>

#include "os/tcb.h"

namespace lt {

enum class Growth : std::uint8_t {
    kAuto,     // more LWPs when all are in the kernel or compute for long
    kBlocked,  // only when all are in the kernel
    kFixed,    // never
};

struct Settings {
    os::TcbModel model = os::TcbModel::kHand;  // LIBTHREAD_MODEL: the model wished for
    Growth growth = Growth::kAuto;             // LIBTHREAD_GROWTH
    bool migrate_always = false;               // LIBTHREAD_MIGRATE=always
    bool park_in_calls = true;                 // LIBTHREAD_IO=park
    std::uint32_t cpus = 1;
    std::uint32_t concurrency = 1;                 // LIBTHREAD_CONCURRENCY
    bool process_wide_fence = false;               // the kernel offers it
    int kick_signal = 0;                           // the library's own signal
    int stop_signal = 0;                           // and the one for suspension
    std::uint64_t own_signals = 0;                 // their bits in signal masks
    std::int64_t timeslice_ns = 0;                 // LIBTHREAD_TIMESLICE; 0: none
    std::int64_t retire_after_ns = 5'000'000'000;  // LIBTHREAD_RETIRE_MS
};

extern Settings settings;

}  // namespace lt
