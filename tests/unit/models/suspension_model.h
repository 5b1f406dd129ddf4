// The suspension protocol of docs/ARCHITECTURE.md, section 10, as a model: an unbound target that
// computes, sleeps, yields and ends; a waker; a suspender; a thread that continues the target; two
// LWPs that carry it. Names are those of libthread/sched/suspension.cpp and thread/suspend.cpp,
// where each step is commented.
#pragma once

#include <array>
#include <cstdint>

#include "explorer.h"
#include "sched/request.h"
#include "sched/thread.h"
#include "store_buffers.h"

namespace models {

// What can be left out, to see that the explorer finds it.
struct Omissions {
    bool fence = false;          // the suspender's process-wide fence
    bool report = false;         // the look at the request after falling asleep
    bool second_look = false;    // the look at the request after storing kStopped
    bool look_on_leave = false;  // the look at the request on leaving the critical region
};

class SuspensionModel {
  public:
    static constexpr int kLwps = 2;
    enum Processor : std::uint8_t { kLwpA, kLwpB, kWaker, kSuspender, kContinuer, kProcessors };
    // Words that are written by plain stores.
    enum Word : std::uint8_t { kState, kLwp, kObject, kQueued, kWords };

    struct World {
        std::uint8_t requests;
        StoreBuffers<kWords, kProcessors> memory;
        std::array<std::uint8_t, kLwps> signals;
        std::array<std::uint8_t, kLwps> lwp_does;  // LwpStep
        std::uint8_t target_does;                  // TargetStep
        std::uint8_t carrier;                      // the LWP that runs the target
        std::uint8_t user_steps;                   // how far the target's program is
        std::uint8_t waker_does;
        std::uint8_t suspender_does;
        std::uint8_t suspender_sleeps;
        std::uint8_t continuer_does;
    };

    enum class Continue : bool { kAfterSuspension, kAtAnyTime };

    SuspensionModel(Omissions omissions, Continue when) : omitted_{omissions}, when_{when} {}

    static World start()
    {
        World world{};
        world.memory[kState] = number(lt::ThreadState::kRunning);
        return world;
    }

    // Target, LWPs, waker, suspender, continuer, and the buffers.
    [[nodiscard]] int actors() const { return 1 + kLwps + 3 + kProcessors; }
    [[nodiscard]] static const char* name(int actor)
    {
        static constexpr std::array<const char*, 11> kNames{"T", "A", "B", "W", "S", "C",
                                                            "a", "b", "w", "s", "c"};
        return kNames.at(static_cast<std::size_t>(actor));
    }

    [[nodiscard]] Step step(World& world, int actor) const
    {
        switch (actor) {
            case 0:
                return target(world);
            case 1:
            case 2:
                return lwp(world, static_cast<std::uint8_t>(actor - 1));
            case 3:
                return waker(world);
            case 4:
                return suspender(world);
            case 5:
                return continuer(world);
            default:
                return world.memory.drain_one(static_cast<std::size_t>(actor - 6));
        }
    }

    [[nodiscard]] static bool is_finished(const World& world)
    {
        return world.target_does == kEnded && world.suspender_does == kSuspended &&
               world.continuer_does == kContinued;
    }

  private:
    enum TargetStep : std::uint8_t { kComputes, kFallsAsleep, kIsAway, kLeavesRegion, kEnded };
    enum LwpStep : std::uint8_t {
        kIdle,
        kCarries,
        kLooksAfterSleep,
        kUnlocks,
        kUnlocksToReport,
        kReports,
        kStops,
        kLooksAfterStop,
        kRequeues,
        kLooksAfterYield,
        kLooksBeforeRun,
        kStopsTaken,
        kLooksAtTaken,
        kRuns
    };
    enum WakerStep : std::uint8_t {
        kWaits,
        kLooksToWake,
        kStopsWoken,
        kLooksAtWoken,
        kQueues,
        kWoke
    };
    enum SuspenderStep : std::uint8_t {
        kAsks,
        kFences,
        kLooks,
        kSignals,
        kLocks,
        kSleeps,
        kSuspended
    };
    enum ContinuerStep : std::uint8_t { kWithdraws, kTakes, kResumes, kTells, kContinued };

    static std::uint8_t number(lt::ThreadState state) { return static_cast<std::uint8_t>(state); }

    static bool is_stop_asked(const World& world)
    {
        return (world.requests & lt::kRequestStop) != 0;
    }

    static void drain(World& world, std::uint8_t processor) { world.memory.drain(processor); }
    static void store(World& world, std::uint8_t processor, Word word, std::uint8_t value)
    {
        world.memory.store(processor, word, value);
    }
    static void exchange(World& world, std::uint8_t processor, lt::ThreadState state);
    static bool stopped_to_ready(World& world, std::uint8_t processor);
    static void wake_suspender(World& world, std::uint8_t processor);
    Step target(World& world) const;
    static void ignore_signal(World& world);
    static void go_away(World& world, LwpStep next);
    Step compute(World& world) const;
    static Step end(World& world);
    Step lwp(World& world, std::uint8_t self) const;
    Step stop_or_run(World& world, std::uint8_t self, std::uint8_t& does) const;
    Step waker(World& world) const;
    Step suspender(World& world) const;
    Step continuer(World& world) const;

    Omissions omitted_;
    Continue when_;
};

}  // namespace models
