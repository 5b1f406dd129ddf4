// How a sleeping thread is claimed, docs/ARCHITECTURE.md, section 12, as a model: a thread waits
// for a token, first with a deadline, then without; one posts tokens, one sends it a signal, the
// clock LWP ends waits that are overdue; or a broadcast moves it to another queue meanwhile. Names
// are those of libthread/sync/sleep_queue.cpp and sched/timeouts.cpp, where each step is commented.
#pragma once

#include <array>
#include <cstdint>

#include "explorer.h"
#include "sched/request.h"
#include "sched/thread_state.h"
#include "sched/wait_kind.h"
#include "store_buffers.h"

namespace models {

// What can be left out, to see that the explorer finds it.
struct ClaimOmissions {
    bool announcement_first = false;  // lock_to_sleep() announces the queue before it locks it
    bool look_at_requests = false;    // before falling asleep
    bool look_when_moved = false;     // at the requests, by who moves the thread
    bool second_look = false;         // at the announcement, under the queue's lock
    bool look_at_state = false;       // under the queue's lock: it may not have got there yet
    bool number_of_wait = false;      // a deadline ends only the wait that it is for
};

enum class Story : std::uint8_t {
    kTokens,  // two are posted, for two waits
    kMove,    // no token: the thread is moved, and nothing but a signal ends its wait
};

class ClaimModel {
  public:
    enum Processor : std::uint8_t { kThread, kPoster, kSender, kClock, kMover, kProcessors };
    enum Word : std::uint8_t { kAnnounced, kState, kLockA, kLockB, kWords };
    // What kAnnounced (Thread::sleep_queue) and Thread::ring hold.
    enum Queue : std::uint8_t { kNowhere, kQueueA, kQueueB };

    // Whoever ends a wait otherwise than by the object: take_sleeper(), then resume().
    struct Claimer {
        std::uint8_t does;   // ClaimStep
        std::uint8_t queue;  // that it has found announced, and locks
        std::uint8_t wait;   // the clock's: which one is overdue
    };
    struct World {
        StoreBuffers<kWords, kProcessors> memory;
        std::uint8_t requests;  // changed by locked instructions only
        std::uint8_t ring;      // under the queues' locks, as the next two
        std::uint8_t tokens;
        std::uint8_t cause;  // WakeCause
        std::uint8_t does;   // ThreadStep
        std::uint8_t wait;   // Thread::timed_wait, here of both kinds
        std::uint8_t ended;  // waits that got their token
        std::uint8_t runs;   // on an LWP, or is queued to
        std::uint8_t deadline_armed;
        std::array<Claimer, 2> claimers;  // the sender, the clock
        std::uint8_t poster_does;
        std::uint8_t posted;
        std::uint8_t mover_does;
    };

    ClaimModel(const ClaimOmissions& omissions, Story story) : omitted_{omissions}, story_{story} {}

    [[nodiscard]] static World start()
    {
        World world{};
        world.memory[kState] = number(lt::ThreadState::kRunning);
        world.runs = 1;
        return world;
    }
    [[nodiscard]] static int actors() { return 2 * kProcessors; }
    [[nodiscard]] static const char* name(int actor)
    {
        static constexpr std::array<const char*, 10> kNames{"T", "P", "S", "C", "M",
                                                            "t", "p", "s", "c", "m"};
        return kNames.at(static_cast<std::size_t>(actor));
    }
    [[nodiscard]] Step step(World& world, int actor) const;
    // The thread has what was for it, and nobody has a signal for it that it sleeps through.
    [[nodiscard]] bool is_finished(const World& world) const;

  private:
    enum ThreadStep : std::uint8_t {
        kAnnounces,
        kLocks,
        kLooksForToken,
        kUnlocksWithToken,
        kLooksAtRequests,
        kUnlocksInterrupted,
        kArms,
        kUnlocksAsleep,
        kIsAway,
        kDisarms,
        kAttends,
        kIsDone
    };
    enum ClaimStep : std::uint8_t {
        kBegins,
        kFinds,
        kLocksQueue,
        kUnlocksQueue,
        kResumes,
        kHasClaimed
    };
    enum PosterStep : std::uint8_t { kPosts, kUnlocksPosted, kWakes };
    enum MoverStep : std::uint8_t {
        kTakesBoth,
        kMovesOn,
        kLooksMoved,
        kUnlocksB,
        kUnlocksA,
        kInterrupts,
        kMoved
    };

    static std::uint8_t number(lt::ThreadState state) { return static_cast<std::uint8_t>(state); }
    static std::uint8_t number(lt::WakeCause cause) { return static_cast<std::uint8_t>(cause); }
    static Word lock_of(std::uint8_t queue) { return queue == kQueueB ? kLockB : kLockA; }

    static bool lock(World& world, std::uint8_t self, Word word);
    static Step resume(World& world, std::uint8_t self, lt::WakeCause cause);
    static void take_off(World& world, std::uint8_t self);
    Step thread(World& world) const;
    Step fall_asleep(World& world) const;
    static Step wake_up(World& world);
    Step claimer(World& world, std::uint8_t self) const;
    Step lock_and_claim(World& world, std::uint8_t self, Claimer& claimer) const;
    Step poster(World& world) const;
    Step mover(World& world) const;

    ClaimOmissions omitted_;
    Story story_;
};

}  // namespace models
