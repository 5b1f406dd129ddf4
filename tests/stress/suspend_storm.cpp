// Threads are stopped at random points, in malloc and in every kind of wait, and do not move until
// they are continued; now and then a collector stops them all, as a garbage collector does.
// With an even seed suspended threads get signals, too.
// --count: pairs of thr_suspend and thr_continue, instead of a time.
#include <errno.h>
#include <signal.h>
#include <stdlib.h>

#include <array>
#include <atomic>

#include "stress.h"

namespace {

constexpr std::size_t kTargets = 12;
constexpr std::size_t kSuspenders = 3;

// One suspender at a time works on a target, or the collector on all.
struct Target {
    std::atomic<thread_t> id{0};
    std::atomic<std::uint64_t> steps{0};
    mutex_t turn{};
};

std::array<Target, kTargets> targets;
mutex_t mutex;
cond_t cond;
sema_t sema;
rwlock_t lock;
std::atomic<std::uint64_t> pairs{0};
std::atomic<std::uint64_t> collections{0};
std::atomic<std::uint64_t> handled{0};
std::atomic<bool> stop_suspending{false};
bool with_signals = false;
thread_local Target* own = nullptr;
std::atomic<bool> stop{false};
std::uint64_t visits = 0;  // guarded by mutex
std::atomic<std::uint64_t> visits_counted{0};

// Never while its thread is suspended.
void handle(int)
{
    ++own->steps;
    ++handled;
}

void churn(stress::Random& random, Target& self)
{
    std::array<void*, 8> blocks{};
    for (void*& block : blocks) {
        block = malloc(16 + random.below(3000));
        ++self.steps;
    }
    for (void* const block : blocks) {
        free(block);
        ++self.steps;
    }
}

void compute(stress::Random& random, Target& self)
{
    for (std::uint64_t i = random.below(2000); i > 0; --i) {
        ++self.steps;
    }
}

void wait(stress::Random& random)
{
    const timestruc_t moment{0, static_cast<long>(random.below(300'000))};
    if (random.one_in(2)) {
        stress::check(sema_reltimedwait(&sema, &moment) != EINTR || with_signals,
                      "suspension interrupts no wait");
    } else {
        const stress::Held held{mutex};
        stress::check(cond_reltimedwait(&cond, &mutex, &moment) != EINTR || with_signals,
                      "suspension interrupts no wait");
    }
}

void visit()
{
    const stress::Held held{mutex};
    const std::uint64_t before = visits;
    thr_yield();
    visits = before + 1;
    ++visits_counted;
}

void read_lock(stress::Random& random)
{
    stress::check_ok(random.one_in(4) ? rw_wrlock(&lock) : rw_rdlock(&lock), "rwlock");
    thr_yield();
    stress::check_ok(rw_unlock(&lock), "rw_unlock");
}

void live(Target& self, stress::Random random)
{
    own = &self;
    self.id = thr_self();
    while (!stop) {
        ++self.steps;
        switch (random.below(8)) {
            case 0:
            case 1:
                churn(random, self);
                break;
            case 2:
            case 3:
                compute(random, self);
                break;
            case 4:
                wait(random);
                break;
            case 5:
                visit();
                break;
            case 6:
                read_lock(random);
                break;
            default:
                sema_post(&sema);
                cond_signal(&cond);
                thr_yield();
                break;
        }
    }
}

// Time for a thread that should not run.
void linger(stress::Random& random)
{
    if (random.one_in(2)) {
        thr_yield();
        return;
    }
    const hrtime_t end = gethrtime() + static_cast<hrtime_t>(random.below(20'000));
    while (gethrtime() < end) {}
}

void suspend_one(Target& target, stress::Random& random)
{
    const thread_t id = target.id;
    if (id == thr_self() || mutex_trylock(&target.turn) != 0) {
        thr_yield();
        return;
    }
    stress::check_ok(thr_suspend(id), "thr_suspend");
    const std::uint64_t seen = target.steps;
    if (with_signals && random.one_in(4)) {
        stress::check_ok(thr_kill(id, SIGUSR1), "thr_kill");
    }
    linger(random);
    stress::check_equal(target.steps, seen, "steps of a suspended thread");
    stress::check_ok(thr_continue(id), "thr_continue");
    ++pairs;
    mutex_unlock(&target.turn);
}

void collect(stress::Random& random)
{
    for (Target& target : targets) {
        mutex_lock(&target.turn);
    }
    std::array<std::uint64_t, kTargets> seen{};
    for (Target& target : targets) {
        stress::check_ok(thr_suspend(target.id), "thr_suspend");
    }
    for (std::size_t i = 0; i < kTargets; ++i) {
        seen[i] = targets[i].steps;
    }
    linger(random);
    for (std::size_t i = 0; i < kTargets; ++i) {
        stress::check_equal(targets[i].steps, seen[i], "steps while the world is stopped");
    }
    for (Target& target : targets) {
        stress::check_ok(thr_continue(target.id), "thr_continue");
        ++pairs;
        mutex_unlock(&target.turn);
    }
    ++collections;
}

void storm(std::size_t index, stress::Random random)
{
    while (!stop_suspending) {
        if (index == 0 && random.one_in(20)) {
            collect(random);
        } else {
            suspend_one(targets[random.below(kTargets)], random);
        }
    }
}

}  // namespace

void stress::run(const Options& options)
{
    with_signals = options.seed % 2 == 0;
    catch_signal(SIGUSR1, handle);
    Crew crew;
    crew.add_mixed(kTargets, [&](std::size_t index) {
        live(targets[index], Random{options.seed * 1000 + index});
    });
    for (const Target& target : targets) {
        while (target.id == 0) {
            thr_yield();
        }
    }
    Crew suspenders;
    suspenders.add_mixed(
        kSuspenders, [&](std::size_t index) { storm(index, Random{options.seed * 2000 + index}); });
    const Stopwatch stopwatch{options.seconds};
    while (options.count != 0 ? pairs < options.count : !stopwatch.is_over() || collections == 0) {
        const timespec pause{0, 1'000'000};
        nanosleep(&pause, nullptr);
    }
    stop_suspending = true;
    suspenders.join();
    const std::uint64_t before = targets[0].steps;
    while (targets[0].steps == before) {
        thr_yield();  // everybody was continued
    }
    stop = true;
    crew.join();
    check_equal(visits, visits_counted, "visits under the mutex");
    check(pairs > 0 && collections > 0, "threads were suspended");
    check((handled > 0) == with_signals, "signals were handled after the suspension");
    report("pairs", pairs);
    report("collections", collections);
}
