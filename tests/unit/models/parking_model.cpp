#include "parking_model.h"

namespace models {
namespace {

constexpr auto kEmpty = static_cast<std::uint8_t>(lt::Parker::kEmpty);
constexpr auto kNotified = static_cast<std::uint8_t>(lt::Parker::kNotified);
constexpr auto kParked = static_cast<std::uint8_t>(lt::Parker::kParked);

}  // namespace

Step ParkingModel::step(World& world, int actor) const
{
    const auto self = static_cast<std::uint8_t>(actor % kProcessors);
    if (actor >= kProcessors) {
        return world.memory.drain_one(self);
    }
    if (world.wakers.at(self).does != kNone) {
        return wake(world, self);
    }
    switch (self) {
        case kPusher:
            return pusher(world);
        case kClock:
            return clock(world);
        default:
            return lwp(world, self);
    }
}

// --- Parker --------------------------------------------------------------------------------------

// False: notified.
bool ParkingModel::park(World& world, std::uint8_t self) const
{
    world.memory.drain(self);
    std::uint8_t& state = world.parkings.at(self).state;
    if (state != kEmpty && !omitted_.exchange) {
        state = kEmpty;
        return false;
    }
    state = kParked;
    return true;
}

// The kernel compares and puts to sleep in one step. False: the word has changed.
bool ParkingModel::go_to_sleep(World& world, std::uint8_t self)
{
    Parking& parking = world.parkings.at(self);
    parking.is_asleep = parking.state == kParked ? 1 : 0;
    if (parking.is_asleep == 0) {
        parking.state = kEmpty;
    }
    return parking.is_asleep != 0;
}

void ParkingModel::unpark(World& world, std::uint8_t self, std::uint8_t whom)
{
    world.memory.drain(self);
    Parking& parking = world.parkings.at(whom);
    if (parking.state == kParked) {
        parking.is_asleep = 0;
    }
    parking.state = kNotified;
}

// --- wake_one() ----------------------------------------------------------------------------------

Step ParkingModel::wake(World& world, std::uint8_t self)
{
    Waker& waker = world.wakers.at(self);
    switch (waker.does) {
        case kTakes: {
            if (world.memory[kListLock] != 0) {
                return Step::kBlocked;
            }
            world.memory.drain(self);
            world.memory[kListLock] = 1;
            waker.does = kUnlocks;
            waker.chosen = kLwps;
            for (std::uint8_t i = 0; i < kLwps && waker.chosen == kLwps; ++i) {
                waker.chosen = world.lwps.at(i).is_listed != 0 ? i : waker.chosen;
            }
            if (waker.chosen != kLwps) {
                world.lwps.at(waker.chosen).is_listed = 0;
                world.memory.store(self, kCount, world.memory[kCount] - 1);
                world.memory.drain(self);  // begin_search()
                ++world.searching;
            }
            return Step::kStepped;
        }
        case kUnlocks:
            world.memory.store(self, kListLock, 0);
            waker.does = waker.chosen != kLwps ? kUnparks : kNone;
            return Step::kStepped;
        default:
            unpark(world, self, waker.chosen);
            waker = {};
            return Step::kStepped;
    }
}

// --- An LWP: run_idle_loop() ---------------------------------------------------------------------

bool ParkingModel::take_thread(World& world, std::uint8_t self)
{
    if (!is_queued(world)) {
        return false;
    }
    world.memory.drain(self);
    ++world.head;
    world.lwps.at(self).has_thread = 1;
    return true;
}

Step ParkingModel::look(World& world, std::uint8_t self)
{
    Lwp& lwp = world.lwps.at(self);
    if (take_thread(world, self)) {
        lwp.does = lwp.is_counted != 0 ? kEndsSearch : kRuns;
        if (lwp.does == kRuns) {
            ++world.running;
        }
    } else if (lwp.is_counted != 0 || world.searching == 0) {
        if (lwp.is_counted == 0) {
            world.memory.drain(self);
            ++world.searching;
            lwp.is_counted = 1;
        }
        lwp.does = kSearches;
    } else {
        lwp.does = kAnnounces;
    }
    return Step::kStepped;
}

Step ParkingModel::end_search(World& world, std::uint8_t self)
{
    Lwp& lwp = world.lwps.at(self);
    world.memory.drain(self);
    --world.searching;
    lwp.is_counted = 0;
    if (lwp.has_thread == 0) {
        lwp.does = kAnnounces;
        return Step::kStepped;
    }
    lwp.does = kRuns;
    ++world.running;
    if (world.searching == 0 && is_queued(world)) {
        world.wakers.at(self).does = kTakes;
    }
    return Step::kStepped;
}

Step ParkingModel::join_or_leave_list(World& world, std::uint8_t self) const
{
    Lwp& lwp = world.lwps.at(self);
    if (world.memory[kListLock] != 0) {
        return Step::kBlocked;
    }
    world.memory.drain(self);
    world.memory[kListLock] = 1;
    const std::uint8_t count = world.memory[kCount];
    if (lwp.does == kAnnounces) {
        lwp.is_listed = 1;
        world.memory.store(self, kCount, count + 1);
        lwp.does = kUnlocksAnnounced;
        return Step::kStepped;
    }
    if (lwp.is_listed != 0) {
        lwp.is_listed = 0;
        world.memory.store(self, kCount, count - 1);
    } else {
        lwp.is_counted = 1;  // by the waker
    }
    lwp.does = kUnlocksLeft;
    return Step::kStepped;
}

Step ParkingModel::lwp(World& world, std::uint8_t self) const
{
    Lwp& lwp = world.lwps.at(self);
    switch (lwp.does) {
        case kLooks:
            return look(world, self);
        case kSearches:
            take_thread(world, self);
            lwp.does = kEndsSearch;
            return Step::kStepped;
        case kEndsSearch:
            return end_search(world, self);
        case kAnnounces:
        case kLeavesList:
            return join_or_leave_list(world, self);
        case kUnlocksAnnounced:
        case kUnlocksLeft:
            world.memory.store(self, kListLock, 0);
            lwp.does = lwp.does == kUnlocksAnnounced ? kFences : kLooks;
            return Step::kStepped;
        case kFences:
            if (!omitted_.idle_fence) {
                world.memory.drain_all();
            }
            lwp.does = kLooksAgain;
            return Step::kStepped;
        case kLooksAgain:
            lwp.does = is_queued(world) && !omitted_.second_look ? kLeavesList : kParks;
            return Step::kStepped;
        case kParks:
            lwp.does = park(world, self) ? kGoesToSleep : kLeavesList;
            return Step::kStepped;
        case kGoesToSleep:
            lwp.does = go_to_sleep(world, self) ? kSleeps : kLeavesList;
            return Step::kStepped;
        case kSleeps:
            if (world.parkings.at(self).is_asleep != 0) {
                return Step::kBlocked;
            }
            world.parkings.at(self).state = kEmpty;
            lwp.does = kLeavesList;
            return Step::kStepped;
        default:
            return Step::kBlocked;  // its thread computes on
    }
}

// --- The others ----------------------------------------------------------------------------------

// make_runnable() and call_for_help(); then the thread computes on.
Step ParkingModel::pusher(World& world) const
{
    std::uint8_t& does = world.pusher_does;
    switch (does) {
        case kPushes: {
            const std::uint8_t pushed = world.memory.latest(kPusher, kTail);
            if (pushed == threads_) {
                return Step::kBlocked;
            }
            world.memory.store(kPusher, kTail, pushed + 1);
            does = kLooksAtClock;
            return Step::kStepped;
        }
        case kLooksAtClock:
            if (world.memory[kUnwatching] != 0) {
                unpark(world, kPusher, kClock);
            }
            does = kLooksAtIdle;
            return Step::kStepped;
        default:
            if (world.memory[kCount] != 0 && world.searching == 0) {
                world.wakers[kPusher].does = kTakes;
            }
            does = kPushes;
            return Step::kStepped;
    }
}

Step ParkingModel::clock(World& world) const
{
    std::uint8_t& does = world.clock_does;
    switch (does) {
        case kWatches:
            if (!with_clock_) {
                return Step::kBlocked;
            }
            if (!is_queued(world)) {
                does = kStopsWatching;
            } else if (world.memory[kCount] != 0) {
                world.wakers[kClock].does = kTakes;
            } else {
                return Step::kBlocked;  // until an LWP has parked, or has taken what is queued
            }
            return Step::kStepped;
        case kStopsWatching:
            world.memory.store(kClock, kUnwatching, 1);
            does = kClockFences;
            return Step::kStepped;
        case kClockFences:
            if (!omitted_.clock_fence) {
                world.memory.drain_all();
            }
            does = kClockLooks;
            return Step::kStepped;
        case kClockLooks:
            does = is_queued(world) ? kClockSleeps : kClockParks;
            return Step::kStepped;
        case kClockParks:
            does = park(world, kClock) ? kClockGoesToSleep : kClockSleeps;
            return Step::kStepped;
        case kClockGoesToSleep:
            go_to_sleep(world, kClock);
            does = kClockSleeps;
            return Step::kStepped;
        default:
            if (world.parkings[kClock].is_asleep != 0) {
                return Step::kBlocked;
            }
            world.parkings[kClock].state =
                world.parkings[kClock].state == kParked ? kEmpty : world.parkings[kClock].state;
            world.memory.store(kClock, kUnwatching, 0);
            does = kWatches;
            return Step::kStepped;
    }
}

}  // namespace models
