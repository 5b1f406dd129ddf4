#include "claim_model.h"

namespace models {
namespace {

constexpr std::uint8_t kWaits = 2;

}  // namespace

Step ClaimModel::step(World& world, int actor) const
{
    const auto self = static_cast<std::uint8_t>(actor % kProcessors);
    if (actor >= kProcessors) {
        return world.memory.drain_one(self);
    }
    switch (self) {
        case kThread:
            return thread(world);
        case kPoster:
            return poster(world);
        case kMover:
            return mover(world);
        default:
            return claimer(world, self);
    }
}

bool ClaimModel::is_finished(const World& world) const
{
    const bool told = (world.requests & lt::kRequestAttention) == 0;
    return story_ == Story::kTokens ? world.ended == kWaits && told : told;
}

bool ClaimModel::lock(World& world, std::uint8_t self, Word word)
{
    if (world.memory[word] != 0) {
        return false;
    }
    world.memory.drain(self);
    world.memory[word] = 1;
    return true;
}

// remove(): under the queue's lock.
void ClaimModel::take_off(World& world, std::uint8_t self)
{
    world.ring = kNowhere;
    world.memory.store(self, kAnnounced, kNowhere);
}

// resume() by whoever has taken the thread off its queue; the next LWP runs it.
Step ClaimModel::resume(World& world, std::uint8_t self, lt::WakeCause cause)
{
    if (world.runs != 0) {
        return Step::kBroken;  // two had it
    }
    world.memory.drain(self);
    world.cause = number(cause);
    world.runs = 1;
    return Step::kStepped;
}

// --- The thread ----------------------------------------------------------------------------------

Step ClaimModel::thread(World& world) const
{
    switch (world.does) {
        case kAnnounces:
            if (!omitted_.announcement_first) {
                world.memory.store(kThread, kAnnounced, kQueueA);
            }
            world.does = kLocks;
            return Step::kStepped;
        case kLocks:
            if (!lock(world, kThread, kLockA)) {
                return Step::kBlocked;
            }
            world.does = kLooksForToken;
            return Step::kStepped;
        case kLooksForToken:
            if (omitted_.announcement_first) {
                world.memory.store(kThread, kAnnounced, kQueueA);
            }
            if (world.tokens != 0) {
                --world.tokens;
                world.memory.store(kThread, kAnnounced, kNowhere);
                world.does = kUnlocksWithToken;
            } else {
                world.ring = kQueueA;
                world.does = kLooksAtRequests;
            }
            return Step::kStepped;
        case kUnlocksWithToken:
            world.memory.store(kThread, kLockA, 0);
            world.does = ++world.ended == kWaits ? kIsDone : kAnnounces;
            return Step::kStepped;
        case kIsDone:
            if ((world.requests & lt::kRequestAttention) == 0) {
                return Step::kBlocked;
            }
            world.requests = 0;  // a thread that runs looks at the end of its region
            return Step::kStepped;
        default:
            return fall_asleep(world);
    }
}

Step ClaimModel::fall_asleep(World& world) const
{
    switch (world.does) {
        case kLooksAtRequests:
            if ((world.requests & lt::kRequestAttention) != 0 && !omitted_.look_at_requests) {
                take_off(world, kThread);
                world.does = kUnlocksInterrupted;
            } else {
                world.memory.store(kThread, kState, number(lt::ThreadState::kSleeping));
                world.does = kArms;
            }
            return Step::kStepped;
        case kUnlocksInterrupted:
            world.memory.store(kThread, kLockA, 0);
            world.does = kAttends;
            return Step::kStepped;
        case kArms:  // the first wait has a deadline
            if (world.ended == 0 && story_ == Story::kTokens) {
                world.memory.drain(kThread);
                world.deadline_armed = 1;
            }
            world.runs = 0;
            world.does = kUnlocksAsleep;
            return Step::kStepped;
        case kUnlocksAsleep:  // on the next stack
            world.memory.store(kThread, kLockA, 0);
            world.does = kIsAway;
            return Step::kStepped;
        default:
            return wake_up(world);
    }
}

Step ClaimModel::wake_up(World& world)
{
    switch (world.does) {
        case kIsAway:
            if (world.runs == 0) {
                return Step::kBlocked;
            }
            world.memory.store(kThread, kState, number(lt::ThreadState::kRunning));
            world.does = kDisarms;
            return Step::kStepped;
        case kDisarms:
            world.deadline_armed = 0;
            ++world.wait;
            if (world.cause == number(lt::WakeCause::kWoken)) {
                world.does = ++world.ended == kWaits ? kIsDone : kAnnounces;
            } else if (world.cause == number(lt::WakeCause::kTimedOut)) {
                if (world.ended != 0) {
                    return Step::kBroken;  // this wait has no deadline
                }
                world.ended = 1;  // without its token: one is left over
                world.does = kAnnounces;
            } else {
                world.does = kAttends;
            }
            return Step::kStepped;
        default:  // kAttends
            world.memory.drain(kThread);
            world.requests = 0;
            world.does = kAnnounces;
            return Step::kStepped;
    }
}

// --- Signals and deadlines -----------------------------------------------------------------------

Step ClaimModel::claimer(World& world, std::uint8_t self) const
{
    Claimer& claimer = world.claimers.at(self - kSender);
    switch (claimer.does) {
        case kBegins:
            if (self == kSender) {
                world.memory.drain(self);
                world.requests |= lt::kRequestAttention;
            } else if (world.deadline_armed != 0) {
                world.deadline_armed = 0;
                claimer.wait = world.wait;
            } else {
                return Step::kBlocked;  // nothing is overdue
            }
            claimer.does = kFinds;
            return Step::kStepped;
        case kFinds:
            claimer.queue = world.memory[kAnnounced];
            claimer.does = claimer.queue == kNowhere ? kHasClaimed : kLocksQueue;
            return Step::kStepped;
        case kLocksQueue:
            return lock_and_claim(world, self, claimer);
        case kUnlocksQueue:
            world.memory.store(self, lock_of(claimer.queue), 0);
            claimer.does = kResumes;
            return Step::kStepped;
        case kResumes:
            claimer.does = kHasClaimed;
            return resume(world, self,
                          self == kSender ? lt::WakeCause::kInterrupted : lt::WakeCause::kTimedOut);
        default:
            if (self == kClock) {
                claimer = {};  // for another deadline
                return Step::kStepped;
            }
            return Step::kBlocked;
    }
}

Step ClaimModel::lock_and_claim(World& world, std::uint8_t self, Claimer& claimer) const
{
    const Word word = lock_of(claimer.queue);
    if (!lock(world, self, word)) {
        return Step::kBlocked;
    }
    const bool moved = world.memory[kAnnounced] != claimer.queue && !omitted_.second_look;
    const bool sleeps =
        world.memory[kState] == number(lt::ThreadState::kSleeping) || omitted_.look_at_state;
    const bool other = self == kClock && claimer.wait != world.wait && !omitted_.number_of_wait;
    if (moved || !sleeps || other) {
        world.memory.store(self, word, 0);
        claimer.does = moved ? kFinds : kHasClaimed;
        return Step::kStepped;
    }
    if (world.ring != claimer.queue) {
        return Step::kBroken;  // it is not in this ring
    }
    take_off(world, self);
    claimer.does = kUnlocksQueue;
    return Step::kStepped;
}

// --- The object ----------------------------------------------------------------------------------

Step ClaimModel::poster(World& world) const
{
    switch (world.poster_does) {
        case kPosts:
            if (story_ != Story::kTokens || world.posted == kWaits ||
                !lock(world, kPoster, kLockA)) {
                return Step::kBlocked;
            }
            ++world.posted;
            if (world.ring == kQueueA) {  // take_first()
                take_off(world, kPoster);
                world.poster_does = kWakes;
            } else {
                ++world.tokens;
                world.poster_does = kUnlocksPosted;
            }
            return Step::kStepped;
        case kUnlocksPosted:
            world.memory.store(kPoster, kLockA, 0);
            world.poster_does = kPosts;
            return Step::kStepped;
        default:
            world.memory.store(kPoster, kLockA, 0);
            world.poster_does = kPosts;
            return resume(world, kPoster, lt::WakeCause::kWoken);
    }
}

// cond_broadcast: what it takes from A it files in B, for the mutex.
Step ClaimModel::mover(World& world) const
{
    std::uint8_t& does = world.mover_does;
    switch (does) {
        case kTakesBoth:
            if (story_ != Story::kMove || world.memory[kLockB] != 0 ||
                !lock(world, kMover, kLockA)) {
                return Step::kBlocked;
            }
            world.memory[kLockB] = 1;
            if (world.ring != kQueueA) {
                does = kUnlocksB;
                return Step::kStepped;
            }
            take_off(world, kMover);
            does = kMovesOn;
            return Step::kStepped;
        case kMovesOn:  // put_sleeping()
            world.memory.store(kMover, kAnnounced, kQueueB);
            world.memory.drain(kMover);
            does = kLooksMoved;
            return Step::kStepped;
        case kLooksMoved:
            if ((world.requests & lt::kRequestAttention) != 0 && !omitted_.look_when_moved) {
                world.memory.store(kMover, kAnnounced, kNowhere);
                does = kInterrupts;
            } else {
                world.ring = kQueueB;
                does = kUnlocksB;
            }
            return Step::kStepped;
        case kUnlocksB:
        case kInterrupts:
            world.memory.store(kMover, kLockB, 0);
            world.memory.store(kMover, kLockA, 0);
            if (does == kInterrupts) {
                does = kMoved;
                return resume(world, kMover, lt::WakeCause::kInterrupted);
            }
            does = kMoved;
            return Step::kStepped;
        default:
            return Step::kBlocked;
    }
}

}  // namespace models
