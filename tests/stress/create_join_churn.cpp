// Threads made and joined by the hundred thousand: memory and mappings stay as they are. Then as
// many at once as asked for, parked, woken and joined, in few mappings, and their memory goes back
// to the system; then a thousand bound ones at once. A million: --count 1000000.
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <memory>

#include "stress.h"

namespace {

constexpr std::uint64_t kDefaultCount = 100'000;
constexpr std::uint64_t kDefaultCrowd = 30'000;
constexpr std::uint64_t kBatch = 64;
constexpr std::size_t kMebibyte = 1024 * 1024;
constexpr std::size_t kSmallestStack = 16 * 1024;

thread_key_t key;
std::atomic<std::uint64_t> destroyed{0};
std::atomic<std::uint64_t> ran{0};

// Uses what a thread owns: heap, thread-specific data, errno.
void live(std::size_t index)
{
    errno = static_cast<int>(index % 1000);
    auto block = std::make_unique<std::uint64_t>(index);
    stress::check_ok(thr_setspecific(key, block.release()), "thr_setspecific");
    if (index % 3 == 0) {
        thr_yield();
    }
    stress::check_equal(static_cast<std::uint64_t>(errno), index % 1000, "errno");
    ++ran;
}

void destroy(void* value)
{
    delete static_cast<std::uint64_t*>(value);
    ++destroyed;
}

// Makes and joins `count` threads, up to kBatch at a time.
void churn(std::uint64_t count, stress::Random& random)
{
    ran = 0;
    destroyed = 0;
    std::uint64_t made = 0;
    while (made < count) {
        const std::uint64_t batch = std::min(1 + random.below(kBatch), count - made);
        stress::Crew crew{batch, live};
        made += batch;
    }
    stress::check_equal(ran, count, "threads that ran");
    stress::check_equal(destroyed, count, "destructors that ran");
}

void churn_without_growth(std::uint64_t count, stress::Random& random)
{
    churn(std::max<std::uint64_t>(count / 5, 2'000), random);
    const std::size_t resident = stress::resident_bytes();
    const std::size_t mappings = stress::mapping_count();
    churn(count, random);
    const std::size_t resident_after = stress::resident_bytes();
    stress::report("resident KiB before", resident / 1024);
    stress::report("resident KiB after", resident_after / 1024);
    stress::report("mappings before", mappings);
    stress::report("mappings after", stress::mapping_count());
    // Each LWP may have come to keep a few dozen stacks for itself.
    constexpr std::size_t kKept = 4 * kMebibyte;
    stress::check(resident_after <= resident + kKept, "memory does not grow");
    // One to one, glibc owns the stacks and keeps some: as many as were in use at once, a guard
    // each.
    const std::size_t kept = stress::is_bound_model() ? 2 * kBatch : 32;
    stress::check(stress::mapping_count() <= mappings + kept, "mappings do not grow");
}

mutex_t mutex;
cond_t all_parked;
cond_t released;
std::size_t parked;
bool is_released;

void park(std::size_t)
{
    const stress::Held held{mutex};
    ++parked;
    cond_signal(&all_parked);
    while (!is_released) {
        stress::check_ok(cond_wait(&released, &mutex), "cond_wait");
    }
    --parked;
}

// Of stacks that nobody has needed for a second. A part of what each thread had stays: its record,
// and some stacks for the next threads.
void await_return_of_memory(std::size_t threads, std::size_t peak)
{
    constexpr std::size_t kReserve = 64 * kMebibyte;
    constexpr std::size_t kReturned = 6 * 1024;  // of each stack; at least two pages are in use
    const std::size_t returned = threads * kReturned;
    if (returned <= kReserve) {
        return;
    }
    while (stress::resident_bytes() > peak - returned + kReserve) {
        usleep(10'000);
    }
    stress::report("resident KiB after the crowd", stress::resident_bytes() / 1024);
}

// `count` threads at once. A limit of the machine ends the making, not the program; but `enough` of
// them must be possible.
void crowd(std::size_t count, std::size_t enough, long flags)
{
    is_released = false;
    stress::Crew crew;
    const std::size_t made =
        crew.add(count, park, flags, kSmallestStack, stress::Crew::OnLimit::kStop);
    stress::report("threads at once", made);
    stress::check(made >= enough, "enough threads at once");
    std::size_t mappings = 0;
    std::size_t peak = 0;
    {
        const stress::Held held{mutex};
        while (parked < made) {
            stress::check_ok(cond_wait(&all_parked, &mutex), "cond_wait");
        }
        mappings = stress::mapping_count();
        peak = stress::resident_bytes();
        stress::report("mappings with all of them", mappings);
        stress::report("resident KiB with all of them", peak / 1024);
        is_released = true;
        stress::check_ok(cond_broadcast(&released), "cond_broadcast");
    }
    crew.join();
    stress::check_equal(parked, 0, "threads still parked");
    if (flags == 0 && stress::is_hand_model()) {
        stress::check(mappings < 1'000, "many stacks in few mappings");
        await_return_of_memory(made, peak);
    }
    // The process is healthy afterwards.
    stress::Crew again{10, [](std::size_t) { thr_yield(); }, flags};
}

}  // namespace

void stress::run(const Options& options)
{
    Random random{options.seed};
    const std::uint64_t asked = options.count == 0 ? kDefaultCount : options.count;
    const std::uint64_t count = is_bound_model() ? asked / 10 : asked;
    check_ok(thr_keycreate(&key, destroy), "thr_keycreate");
    churn_without_growth(count, random);
    const std::uint64_t many = options.count == 0 ? kDefaultCrowd : options.count;
    crowd(is_bound_model() ? 2'000 : many, is_bound_model() ? 1'000 : std::min(many, kDefaultCrowd),
          0);
    crowd(1'000, 1'000, THR_BOUND);
}
