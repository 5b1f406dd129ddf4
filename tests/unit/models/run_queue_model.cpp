#include "run_queue_model.h"

namespace models {
namespace {

enum class Does : std::uint8_t { kMakes, kJoins };
struct Order {
    Does does;
    std::uint8_t record;
};
// The first join is of an entry that is alone, the last of one that is not the newest. The second
// record is used four times, and its last thread is left to the thieves.
constexpr std::array<Order, 9> kScript{{{Does::kMakes, 1},
                                        {Does::kJoins, 1},
                                        {Does::kMakes, 0},
                                        {Does::kMakes, 1},
                                        {Does::kJoins, 1},
                                        {Does::kMakes, 1},
                                        {Does::kJoins, 1},
                                        {Does::kMakes, 1},
                                        {Does::kJoins, 0}}};

bool is_before(std::uint8_t a, std::uint8_t b)
{
    return static_cast<std::int8_t>(a - b) < 0;
}

std::uint8_t slot(std::uint8_t index)
{
    return RunQueueModel::kFirstSlot + index % RunQueueModel::kSlots;
}

}  // namespace

Step RunQueueModel::step(World& world, int actor) const
{
    const auto self = static_cast<std::uint8_t>(actor % kProcessors);
    if (actor >= kProcessors) {
        return world.memory.drain_one(self);
    }
    return self == kOwner ? owner(world) : thief(world, self);
}

Step RunQueueModel::run(World& world, std::uint8_t record)
{
    std::uint8_t& run = world.run.at(record);
    return ++run > world.made.at(record) ? Step::kBroken : Step::kStepped;
}

bool RunQueueModel::claim(World& world, std::uint8_t self, std::uint8_t record) const
{
    const auto word = static_cast<std::uint8_t>(kFirstUnrun + record);
    if (world.memory.latest(self, word) == 0) {
        return false;
    }
    if (!omitted_.fence) {
        world.memory.drain(self);
    }
    if (omitted_.exchange) {
        world.memory.store(self, word, 0);
        return true;
    }
    const bool won = world.memory[word] != 0;
    world.memory[word] = 0;
    return won;
}

Step RunQueueModel::owner(World& world) const
{
    if (world.order == kScript.size()) {
        return Step::kBlocked;
    }
    const Order order = kScript.at(world.order);
    if (order.does == Does::kJoins) {
        return claim_newest(world, order.record);
    }
    const std::uint8_t tail = world.memory.latest(kOwner, kTail);
    switch (world.does) {
        case kBegins:
            if (world.made.at(order.record) != world.run.at(order.record)) {
                return Step::kBlocked;  // its last thread has not been run yet
            }
            ++world.made.at(order.record);
            world.memory.store(kOwner, kFirstUnrun + order.record, 1);
            world.memory.store(kOwner, slot(tail), order.record);
            world.does = kPushes;
            return Step::kStepped;
        default:
            world.memory.store(kOwner, kTail, tail + 1);
            world.does = kBegins;
            ++world.order;
            return Step::kStepped;
    }
}

Step RunQueueModel::claim_newest(World& world, std::uint8_t record) const
{
    switch (world.does) {
        case kBegins: {
            const std::uint8_t newest = world.memory.latest(kOwner, kTail) - 1;
            world.newest = newest;
            world.is_newest = world.memory.latest(kOwner, slot(newest)) == record ? 1 : 0;
            if (world.is_newest != 0) {
                world.memory.store(kOwner, kTail, newest);
            }
            world.does = kClaims;
            return Step::kStepped;
        }
        case kClaims:
            world.won = claim(world, kOwner, record) ? 1 : 0;
            world.does = kLooksAtHead;
            return world.won != 0 ? run(world, record) : Step::kStepped;
        case kLooksAtHead: {
            const bool behind = is_before(world.memory.latest(kOwner, kHead), world.newest);
            const bool stays =
                world.is_newest != 0 && (world.won == 0 || !(behind || omitted_.look_at_head));
            if (stays) {
                world.memory.store(kOwner, kTail, world.newest + 1);
            }
            world.does = kDrops;
            if (!stays || world.won == 0) {
                world.does = kBegins;
                ++world.order;
            }
            return Step::kStepped;
        }
        default:
            world.memory.drain(kOwner);
            if (world.memory[kHead] == world.newest || omitted_.drop) {
                ++world.memory[kHead];
            }
            world.does = kBegins;
            ++world.order;
            return Step::kStepped;
    }
}

// take_entry() and claim().
Step RunQueueModel::thief(World& world, std::uint8_t self) const
{
    Thief& thief = world.thieves.at(self - kFirstThief);
    switch (thief.does) {
        case kReadsHead:
            if (!is_before(world.memory[kHead], world.memory[kTail])) {
                return Step::kBlocked;
            }
            thief.head = world.memory[kHead];
            thief.does = kReadsTail;
            return Step::kStepped;
        case kReadsTail:
            thief.does = is_before(thief.head, world.memory[kTail]) ? kReadsSlot : kReadsHead;
            return Step::kStepped;
        case kReadsSlot:
            thief.entry = world.memory[slot(thief.head)];
            thief.does = kAdvances;
            return Step::kStepped;
        case kAdvances:
            world.memory.drain(self);
            if (world.memory[kHead] != thief.head) {
                thief.does = kReadsHead;
                return Step::kStepped;
            }
            world.memory[kHead] = thief.head + 1;
            thief.does = kRuns;
            return Step::kStepped;
        default: {
            const std::uint8_t record = thief.entry;
            thief = {};
            return claim(world, self, record) ? run(world, record) : Step::kStepped;
        }
    }
}

}  // namespace models
