// The run queue of one LWP, libthread/sched/run_queue.h, as a model: its owner makes threads that
// have not run yet, takes some back as their joiner, newest first, and uses their records again;
// two thieves take from the front. Every thread is run once.
#pragma once

#include <array>
#include <cstdint>

#include "explorer.h"
#include "store_buffers.h"

namespace models {

// What can be left out, to see that the explorer finds it.
struct RunQueueOmissions {
    bool fence = false;         // between taking the newest entry back and the look at the front
    bool look_at_head = false;  // the entry is taken back whoever is at it
    bool exchange = false;      // by which one of two gets the thread
    bool drop = false;          // an entry left behind is dropped whether or not it is next
};

class RunQueueModel {
  public:
    enum Processor : std::uint8_t { kOwner, kFirstThief, kSecondThief, kProcessors };
    static constexpr std::uint8_t kSlots = 4;
    static constexpr std::uint8_t kRecords = 2;
    enum Word : std::uint8_t {
        kHead,
        kTail,
        kFirstSlot,
        kFirstUnrun = kFirstSlot + kSlots,
        kWords = kFirstUnrun + kRecords
    };

    struct Thief {
        std::uint8_t does;
        std::uint8_t head;
        std::uint8_t entry;  // the record
    };
    struct World {
        StoreBuffers<kWords, kProcessors> memory;
        std::array<Thief, 2> thieves;
        std::array<std::uint8_t, kRecords> made;  // threads of the record so far
        std::array<std::uint8_t, kRecords> run;
        std::uint8_t order;  // of the owner's script
        std::uint8_t does;   // OwnerStep
        std::uint8_t newest;
        std::uint8_t is_newest;  // what it joins
        std::uint8_t won;
    };

    explicit RunQueueModel(const RunQueueOmissions& omissions) : omitted_{omissions} {}

    [[nodiscard]] static World start() { return {}; }
    [[nodiscard]] static int actors() { return 2 * kProcessors; }
    [[nodiscard]] static const char* name(int actor)
    {
        static constexpr std::array<const char*, 6> kNames{"O", "T", "U", "o", "t", "u"};
        return kNames.at(static_cast<std::size_t>(actor));
    }
    [[nodiscard]] Step step(World& world, int actor) const;
    [[nodiscard]] static bool is_finished(const World& world) { return world.made == world.run; }

  private:
    enum OwnerStep : std::uint8_t { kBegins, kPushes, kClaims, kLooksAtHead, kDrops };
    enum ThiefStep : std::uint8_t { kReadsHead, kReadsTail, kReadsSlot, kAdvances, kRuns };

    Step owner(World& world) const;
    Step claim_newest(World& world, std::uint8_t record) const;
    Step thief(World& world, std::uint8_t self) const;
    [[nodiscard]] bool claim(World& world, std::uint8_t self, std::uint8_t record) const;
    static Step run(World& world, std::uint8_t record);

    RunQueueOmissions omitted_;
};

}  // namespace models
