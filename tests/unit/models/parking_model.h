// The parking protocol of docs/ARCHITECTURE.md, section 12, as a model: a thread that runs makes
// others ready and computes on; LWPs without work take them or park; the clock LWP sleeps when
// there is nothing to watch. Names are those of libthread/sched/idle.cpp, scheduler.cpp,
// clock_lwp.cpp and lwp/parker.cpp, where each step is commented.
#pragma once

#include <array>
#include <cstdint>

#include "explorer.h"
#include "lwp/parker.h"
#include "store_buffers.h"

namespace models {

// What can be left out, to see that the explorer finds it.
struct ParkingOmissions {
    bool idle_fence = false;   // between the announcement and the second look
    bool second_look = false;  // after the announcement
    bool clock_fence = false;  // the same of the clock LWP
    bool exchange = false;     // park() stores kParked, whatever was there
};

class ParkingModel {
  public:
    static constexpr std::uint8_t kLwps = 2;
    enum Processor : std::uint8_t { kLwpA, kLwpB, kPusher, kClock, kProcessors };
    // Words that are written by plain stores.
    enum Word : std::uint8_t {
        kTail,        // threads that were put into the shared queues
        kCount,       // IdleLwps::count_
        kUnwatching,  // clock_unwatching
        kListLock,    // IdleLwps::lock_
        kWords
    };

    // What a processor does that wakes an LWP: IdleLwps::wake_one().
    struct Waker {
        std::uint8_t does;    // WakerStep
        std::uint8_t chosen;  // the LWP
    };
    // An LWP's Parker, and whether it sleeps on it in the kernel.
    struct Parking {
        std::uint8_t state;
        std::uint8_t is_asleep;
    };
    struct Lwp {
        std::uint8_t does;  // LwpStep
        std::uint8_t is_listed;
        std::uint8_t is_counted;  // as searching
        std::uint8_t has_thread;
    };
    struct World {
        StoreBuffers<kWords, kProcessors> memory;
        std::array<Waker, kProcessors> wakers;
        std::array<Parking, kProcessors> parkings;
        std::array<Lwp, kLwps> lwps;
        std::uint8_t head;       // threads that were taken: changed by locked instructions only
        std::uint8_t searching;  // IdleLwps::searching_, likewise
        std::uint8_t pusher_does;
        std::uint8_t clock_does;
        std::uint8_t running;  // threads
    };

    // So many threads become ready, one after the other.
    ParkingModel(const ParkingOmissions& omissions, std::uint8_t threads, bool with_clock)
        : omitted_{omissions}, threads_{threads}, with_clock_{with_clock}
    {
    }

    [[nodiscard]] static int actors() { return kLwps + 2 + kProcessors; }
    [[nodiscard]] static const char* name(int actor)
    {
        static constexpr std::array<const char*, 8> kNames{"A", "B", "P", "C", "a", "b", "p", "c"};
        return kNames.at(static_cast<std::size_t>(actor));
    }
    [[nodiscard]] Step step(World& world, int actor) const;
    // Nobody waits for an LWP.
    [[nodiscard]] bool is_finished(const World& world) const { return world.running == threads_; }

  private:
    enum WakerStep : std::uint8_t { kNone, kTakes, kUnlocks, kUnparks };
    enum LwpStep : std::uint8_t {
        kLooks,
        kSearches,
        kEndsSearch,
        kAnnounces,
        kUnlocksAnnounced,
        kFences,
        kLooksAgain,
        kParks,
        kGoesToSleep,
        kSleeps,
        kLeavesList,
        kUnlocksLeft,
        kRuns
    };
    enum PusherStep : std::uint8_t { kPushes, kLooksAtClock, kLooksAtIdle };
    enum ClockStep : std::uint8_t {
        kWatches,
        kStopsWatching,
        kClockFences,
        kClockLooks,
        kClockParks,
        kClockGoesToSleep,
        kClockSleeps
    };

    static bool is_queued(const World& world) { return world.head != world.memory[kTail]; }
    static bool take_thread(World& world, std::uint8_t self);
    Step lwp(World& world, std::uint8_t self) const;
    Step join_or_leave_list(World& world, std::uint8_t self) const;
    static Step look(World& world, std::uint8_t self);
    static Step end_search(World& world, std::uint8_t self);
    bool park(World& world, std::uint8_t self) const;
    static bool go_to_sleep(World& world, std::uint8_t self);
    static void unpark(World& world, std::uint8_t self, std::uint8_t whom);
    static Step wake(World& world, std::uint8_t self);
    Step pusher(World& world) const;
    Step clock(World& world) const;

    ParkingOmissions omitted_;
    std::uint8_t threads_;
    bool with_clock_;
};

}  // namespace models
