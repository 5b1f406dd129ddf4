// Readers and writers, nested reads among them: readers see whole data, writers' counts are exact.
#include <array>
#include <atomic>
#include <cerrno>

#include "stress.h"

namespace {

constexpr std::size_t kThreads = 48;
constexpr std::size_t kLocks = 3;
constexpr std::size_t kWords = 24;

struct Guarded {
    rwlock_t lock{};
    std::array<std::uint64_t, kWords> words{};
    std::atomic<int> readers{0};
    std::atomic<int> writers{0};
};

std::array<Guarded, kLocks> all;
std::atomic<std::uint64_t> writes{0};
std::atomic<std::uint64_t> reads{0};

void look(Guarded& guarded, stress::Random& random)
{
    ++guarded.readers;
    stress::check(guarded.writers == 0, "no writer beside a reader");
    const std::uint64_t first = guarded.words[0];
    if (random.one_in(16)) {
        thr_yield();
    }
    for (const std::uint64_t word : guarded.words) {
        stress::check_equal(word, first, "a word of the data");
    }
    --guarded.readers;
}

void read(Guarded& guarded, stress::Random& random)
{
    const int error = random.one_in(4) ? rw_tryrdlock(&guarded.lock) : rw_rdlock(&guarded.lock);
    stress::check(error == 0 || error == EBUSY, "a read lock gives 0 or EBUSY");
    if (error != 0) {
        return;
    }
    look(guarded, random);
    if (random.one_in(4)) {
        // A reader may lock again whoever waits.
        stress::check_ok(rw_rdlock(&guarded.lock), "nested rw_rdlock");
        look(guarded, random);
        stress::check_ok(rw_unlock(&guarded.lock), "nested rw_unlock");
    }
    ++reads;
    stress::check_ok(rw_unlock(&guarded.lock), "rw_unlock");
}

void write(Guarded& guarded, stress::Random& random)
{
    const int error = random.one_in(4) ? rw_trywrlock(&guarded.lock) : rw_wrlock(&guarded.lock);
    stress::check(error == 0 || error == EBUSY, "a write lock gives 0 or EBUSY");
    if (error != 0) {
        return;
    }
    stress::check(guarded.writers.fetch_add(1) == 0, "one writer at a time");
    stress::check(guarded.readers == 0, "no reader beside a writer");
    for (std::size_t i = 0; i < kWords; ++i) {
        ++guarded.words[i];
        if (i == kWords / 2 && random.one_in(8)) {
            thr_yield();
        }
    }
    guarded.writers.fetch_sub(1);
    ++writes;
    stress::check_ok(rw_unlock(&guarded.lock), "rw_unlock");
}

}  // namespace

void stress::run(const Options& options)
{
    check_ok(rwlock_init(&all[1].lock, USYNC_PROCESS, nullptr), "rwlock_init");
    const Stopwatch stopwatch{options.seconds};
    {
        Crew crew;
        crew.add_mixed(kThreads, [&](std::size_t index) {
            Random random{options.seed * 1000 + index};
            do {
                for (int i = 0; i < 32; ++i) {
                    Guarded& guarded = all[random.below(kLocks)];
                    if (random.one_in(8)) {
                        write(guarded, random);
                    } else {
                        read(guarded, random);
                    }
                }
            } while (!stopwatch.is_over());
        });
    }
    std::uint64_t counted = 0;
    for (Guarded& guarded : all) {
        check_ok(rw_trywrlock(&guarded.lock), "the lock is free at the end");
        counted += guarded.words[0];
    }
    check_equal(counted, writes, "writes");
    check(reads > kThreads && writes > kThreads, "something was done");
    report("reads", reads);
    report("writes", writes);
}
