#include "suspension_model.h"

namespace models {

// --- Memory --------------------------------------------------------------------------------

void SuspensionModel::exchange(World& world, std::uint8_t processor, lt::ThreadState state)
{
    drain(world, processor);
    world.memory[kState] = number(state);
}

bool SuspensionModel::stopped_to_ready(World& world, std::uint8_t processor)
{
    drain(world, processor);
    if (world.memory[kState] != number(lt::ThreadState::kStopped)) {
        return false;
    }
    world.memory[kState] = number(lt::ThreadState::kRunnable);
    return true;
}

void SuspensionModel::wake_suspender(World& world, std::uint8_t processor)
{
    drain(world, processor);  // the queue's lock
    world.suspender_sleeps = 0;
}

// --- The target ----------------------------------------------------------------------------

Step SuspensionModel::target(World& world) const
{
    switch (world.target_does) {
        case kComputes:
            return compute(world);
        case kFallsAsleep:
            ignore_signal(world);
            drain(world, world.carrier);  // the object's queue lock
            store(world, world.carrier, kState, number(lt::ThreadState::kSleeping));
            go_away(world, kLooksAfterSleep);
            return Step::kStepped;
        case kLeavesRegion:
            ignore_signal(world);
            if (is_stop_asked(world) && !omitted_.look_on_leave) {
                go_away(world, kStops);
            } else {
                world.target_does = kComputes;
            }
            return Step::kStepped;
        default:
            return Step::kBlocked;
    }
}

// In a critical region: what is asked is looked at when it ends.
void SuspensionModel::ignore_signal(World& world)
{
    world.signals.at(world.carrier) = 0;
}

void SuspensionModel::go_away(World& world, LwpStep next)
{
    world.target_does = kIsAway;
    world.lwp_does.at(world.carrier) = next;
}

Step SuspensionModel::compute(World& world) const
{
    if (world.signals.at(world.carrier) != 0) {
        world.signals.at(world.carrier) = 0;
        if (is_stop_asked(world)) {
            go_away(world, kStops);
        }
        return Step::kStepped;
    }
    if (world.suspender_does == kSuspended && is_stop_asked(world)) {
        return Step::kBroken;  // user code of a suspended thread
    }
    switch (world.user_steps++) {
        case 0:
            world.target_does = kFallsAsleep;
            return Step::kStepped;
        case 1:  // yields
            store(world, world.carrier, kState, number(lt::ThreadState::kRunnable));
            go_away(world, kLooksAfterYield);
            return Step::kStepped;
        default:
            return end(world);
    }
}

// bury(), under the life lock.
Step SuspensionModel::end(World& world)
{
    exchange(world, world.carrier, lt::ThreadState::kZombie);
    world.target_does = kEnded;
    world.lwp_does.at(world.carrier) = is_stop_asked(world) ? kReports : kIdle;
    return Step::kStepped;
}

// --- An LWP between threads: after-switch actions, and taking the target --------------------

Step SuspensionModel::lwp(World& world, std::uint8_t self) const
{
    std::uint8_t& does = world.lwp_does.at(self);
    switch (does) {
        case kIdle:
            if (world.carrier == self && world.target_does != kIsAway) {
                return Step::kBlocked;  // it carries the target
            }
            if (world.memory[kQueued] == 0) {
                return Step::kBlocked;
            }
            drain(world, self);
            world.memory[kQueued] = 0;
            does = kLooksBeforeRun;
            return Step::kStepped;
        case kLooksAfterSleep:
            does = is_stop_asked(world) && !omitted_.report ? kUnlocksToReport : kUnlocks;
            return Step::kStepped;
        case kUnlocks:
        case kUnlocksToReport:
            store(world, self, kObject, 1);
            does = does == kUnlocks ? kIdle : kReports;
            return Step::kStepped;
        case kReports:
            wake_suspender(world, self);
            does = kIdle;
            return Step::kStepped;
        case kLooksAfterYield:
            does = is_stop_asked(world) ? kStops : kRequeues;
            return Step::kStepped;
        case kRequeues:
            store(world, self, kState, number(lt::ThreadState::kRunnable));
            store(world, self, kQueued, 1);
            does = kIdle;
            return Step::kStepped;
        case kLooksBeforeRun:
            does = is_stop_asked(world) ? kStopsTaken : kRuns;
            return Step::kStepped;
        default:
            return stop_or_run(world, self, does);
    }
}

Step SuspensionModel::stop_or_run(World& world, std::uint8_t self, std::uint8_t& does) const
{
    switch (does) {
        case kStops:
        case kStopsTaken:
            exchange(world, self, lt::ThreadState::kStopped);
            does = does == kStops ? kLooksAfterStop : kLooksAtTaken;
            return Step::kStepped;
        case kLooksAfterStop:
            if (is_stop_asked(world) || omitted_.second_look) {
                does = kReports;
            } else {
                does = stopped_to_ready(world, self) ? kRequeues : kIdle;
            }
            return Step::kStepped;
        case kLooksAtTaken:
            if (is_stop_asked(world) || omitted_.second_look) {
                does = kIdle;
            } else {
                does = stopped_to_ready(world, self) ? kRuns : kIdle;
            }
            return Step::kStepped;
        case kRuns:
            store(world, self, kLwp, self);
            store(world, self, kState, number(lt::ThreadState::kRunning));
            world.carrier = self;
            world.target_does = kLeavesRegion;
            does = kIdle;
            return Step::kStepped;
        default:
            return Step::kBlocked;
    }
}

// --- The others -----------------------------------------------------------------------------

Step SuspensionModel::waker(World& world) const
{
    std::uint8_t& does = world.waker_does;
    switch (does) {
        case kWaits:
            if (world.memory[kObject] == 0) {
                return Step::kBlocked;
            }
            world.memory[kObject] = 0;
            does = kLooksToWake;
            return Step::kStepped;
        case kLooksToWake:
            does = is_stop_asked(world) ? kStopsWoken : kQueues;
            return Step::kStepped;
        case kStopsWoken:
            exchange(world, kWaker, lt::ThreadState::kStopped);
            does = kLooksAtWoken;
            return Step::kStepped;
        case kLooksAtWoken:
            if (is_stop_asked(world) || omitted_.second_look) {
                does = kWoke;
            } else {
                does = stopped_to_ready(world, kWaker) ? kQueues : kWoke;
            }
            return Step::kStepped;
        case kQueues:
            store(world, kWaker, kState, number(lt::ThreadState::kRunnable));
            store(world, kWaker, kQueued, 1);
            does = kWoke;
            return Step::kStepped;
        default:
            return Step::kBlocked;
    }
}

Step SuspensionModel::suspender(World& world) const
{
    std::uint8_t& does = world.suspender_does;
    const bool runs = world.memory[kState] == number(lt::ThreadState::kRunning);
    switch (does) {
        case kAsks:
            world.requests |= lt::kRequestStop;
            does = kFences;
            return Step::kStepped;
        case kFences:
            if (!omitted_.fence) {
                world.memory.drain_all();
            }
            does = kLooks;
            return Step::kStepped;
        case kLooks:
            does = runs && is_stop_asked(world) ? kSignals : kSuspended;
            return Step::kStepped;
        case kSignals:
            world.signals.at(world.memory[kLwp]) = 1;
            does = kLocks;
            return Step::kStepped;
        case kLocks:
            world.suspender_sleeps = runs && is_stop_asked(world) ? 1 : 0;
            does = runs ? kSleeps : kLooks;
            return Step::kStepped;
        case kSleeps:
            if (world.suspender_sleeps != 0) {
                return Step::kBlocked;
            }
            does = kLooks;
            return Step::kStepped;
        default:
            return Step::kBlocked;
    }
}

Step SuspensionModel::continuer(World& world) const
{
    std::uint8_t& does = world.continuer_does;
    switch (does) {
        case kWithdraws:
            if (when_ == Continue::kAfterSuspension ? world.suspender_does != kSuspended
                                                    : world.suspender_does == kAsks) {
                return Step::kBlocked;
            }
            world.requests &= static_cast<std::uint8_t>(~lt::kRequestStop);
            does = kTakes;
            return Step::kStepped;
        case kTakes:
            does = stopped_to_ready(world, kContinuer) ? kResumes : kTells;
            return Step::kStepped;
        case kResumes:
            store(world, kContinuer, kState, number(lt::ThreadState::kRunnable));
            store(world, kContinuer, kQueued, 1);
            does = kTells;
            return Step::kStepped;
        case kTells:
            wake_suspender(world, kContinuer);
            does = kContinued;
            return Step::kStepped;
        default:
            return Step::kBlocked;
    }
}

}  // namespace models
