// Why a thread does not go on: from what it waits for to whoever could end that.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/graph.h"

namespace lwpi {

enum class ChainEnd : std::uint8_t {
    kRunning,    // computes on an LWP
    kReady,      // waits for an LWP
    kKernel,     // its LWP sleeps in a system call
    kStopped,    // not started, or suspended
    kZombie,     // has ended
    kGone,       // there is no such thread: it has ended
    kElsewhere,  // a thread of another process
    kAnyone,     // an object without an owner: whoever signals or posts it
    kReaders,    // held by readers, which are not recorded
    kFree,       // nobody holds it at this moment: it is being handed over
    kCycle,      // the last party is one of those before
    kSwitching,  // being moved between an LWP and a queue
    kUnknown,
};

struct Chain {
    std::vector<Party> parties;  // the first is the one asked for; each waits for the next
    ChainEnd end = ChainEnd::kUnknown;
    std::string what;  // how it ends, for people: escaped; such as "runs on LWP 3 at pop"
};

[[nodiscard]] Chain chain_of(const WaitGraph& graph, Party first);

[[nodiscard]] const char* name_of(ChainEnd end) noexcept;

}  // namespace lwpi
