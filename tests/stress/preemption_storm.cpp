// Threads of all priorities compute, lock, allocate, print and take signals, and never yield. With
// time slices (LIBTHREAD_TIMESLICE) and wake-ups they lose their LWPs anywhere in the program;
// nobody gets lost, nothing is held for ever, no register and no thread-local variable changes.
// --count: turns of each thread, instead of a time.
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include <array>
#include <atomic>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>

#include "stress.h"

namespace {

constexpr std::size_t kThreads = 16;

mutex_t mutex{};
rwlock_t rwlock{};
pthread_mutex_t libcs_mutex = PTHREAD_MUTEX_INITIALIZER;
std::uint64_t guarded = 0;          // by `mutex`
std::uint64_t guarded_by_libc = 0;  // by `libcs_mutex`
std::uint64_t guarded_by_stream = 0;
std::atomic<std::uint64_t> counted{0}, counted_for_libc{0}, counted_for_stream{0};
std::atomic<std::uint64_t> handled{0}, turns{0};
std::array<sema_t, kThreads> tokens;
FILE* stream;
thread_local std::uint64_t own = 0;

void handle(int)
{
    const int saved = errno;
    std::uint64_t sum = 0;
    for (std::uint64_t i = 0; i < 2000; ++i) {
        sum += i * i;
    }
    handled += sum != 0 ? 1 : 0;
    errno = saved;
}

void linger(std::uint64_t rounds)
{
    for (std::atomic<std::uint64_t> i{0}; i < rounds; ++i) {}
}

struct Numbers {
    std::uint64_t integer;
    double floating;
};

Numbers mix(const volatile std::uint64_t& seed, std::uint64_t rounds)
{
    Numbers numbers{seed, 1.0};
    for (std::uint64_t i = 0; i < rounds; ++i) {
        numbers.integer = numbers.integer * 6364136223846793005U + 1442695040888963407U;
        numbers.floating = numbers.floating * 1.0000001 + 1e-9;
    }
    return numbers;
}

// What lives in registers, in memory, in thread-local storage and in errno while the LWP is lost.
void compute(stress::Random& random)
{
    const std::uint64_t seed = random.next();
    own = seed;
    errno = static_cast<int>(seed % 1000);
    const std::uint64_t rounds = 1000 + seed % 200'000;
    const Numbers first = mix(own, rounds);
    const Numbers second = mix(own, rounds);
    stress::check_equal(first.integer, second.integer, "an integer computed twice");
    stress::check(std::memcmp(&first.floating, &second.floating, sizeof(double)) == 0,
                  "a number computed twice");
    stress::check_equal(own, seed, "a thread-local variable");
    stress::check_equal(static_cast<std::uint64_t>(errno), seed % 1000, "errno");
}

void allocate(stress::Random& random)
{
    std::array<std::unique_ptr<std::string>, 16> kept;
    for (auto& entry : kept) {
        entry = std::make_unique<std::string>(1 + random.below(5000), 'x');
    }
    for (const auto& entry : kept) {
        stress::check(entry->back() == 'x', "memory that was allocated");
    }
}

void print(stress::Random& random)
{
    std::array<char, 64> text;
    const std::uint64_t number = random.next();
    snprintf(text.data(), text.size(), "%llu %f", static_cast<unsigned long long>(number), 0.5);
    stress::check_equal(strtoull(text.data(), nullptr, 10), number, "what was printed");
    // A lock of libc's, held while the program computes.
    flockfile(stream);
    const std::uint64_t before = guarded_by_stream;
    linger(random.below(2000));
    guarded_by_stream = before + 1;
    fprintf(stream, "%s\n", text.data());
    funlockfile(stream);
    ++counted_for_stream;
}

void throw_and_catch(stress::Random& random)
{
    const std::uint64_t number = random.next();
    try {
        throw std::runtime_error(std::to_string(number));
    } catch (const std::runtime_error& error) {
        stress::check(error.what() == std::to_string(number), "the exception that was thrown");
    }
}

void lock(stress::Random& random)
{
    if (random.one_in(3)) {
        stress::check_ok(random.one_in(2) ? rw_rdlock(&rwlock) : rw_wrlock(&rwlock), "rw lock");
        compute(random);
        stress::check_ok(rw_unlock(&rwlock), "rw_unlock");
        return;
    }
    const stress::Held held{mutex};
    const std::uint64_t before = guarded;
    linger(random.below(5000));
    guarded = before + 1;
    ++counted;
}

void lock_libcs(stress::Random& random)
{
    stress::check_ok(pthread_mutex_lock(&libcs_mutex), "pthread_mutex_lock");
    const std::uint64_t before = guarded_by_libc;
    linger(random.below(2000));
    guarded_by_libc = before + 1;
    stress::check_ok(pthread_mutex_unlock(&libcs_mutex), "pthread_mutex_unlock");
    ++counted_for_libc;
}

void turn(const stress::Crew& crew, std::size_t index, stress::Random& random)
{
    switch (random.below(8)) {
        case 0:
            return allocate(random);
        case 1:
            return print(random);
        case 2:
            return throw_and_catch(random);
        case 3:
            return lock(random);
        case 4:
            return lock_libcs(random);
        case 5: {
            const int error = thr_kill(crew.id(random.below(kThreads)), SIGUSR1);
            return stress::check(error == 0 || error == ESRCH, "thr_kill");
        }
        case 6:
            // Its own token first, so that no one waits for ever.
            stress::check_ok(sema_post(&tokens.at(index)), "sema_post");
            stress::check_ok(sema_wait(&tokens.at(index)), "sema_wait");
            thr_setprio(thr_self(), static_cast<int>(random.below(4)));
            return;
        default:
            return compute(random);
    }
}

}  // namespace

void stress::run(const Options& options)
{
    catch_signal(SIGUSR1, handle);
    stream = fopen("/dev/null", "w");
    check(stream != nullptr, "/dev/null is open");
    for (sema_t& token : tokens) {
        check_ok(sema_init(&token, 0, USYNC_THREAD, nullptr), "sema_init");
    }
    const Stopwatch stopwatch{options.seconds};
    std::atomic<bool> ready{false};
    {
        Crew crew;
        crew.add(kThreads, [&](std::size_t index) {
            Random random{options.seed * 1000 + index};
            while (!ready) {
                thr_yield();
            }
            const std::uint64_t least = options.count != 0 ? options.count : 32;
            for (std::uint64_t i = 0; i < least || (options.count == 0 && !stopwatch.is_over());
                 ++i) {
                turn(crew, index, random);
                ++turns;
            }
        });
        ready = true;
    }
    check_equal(guarded, counted, "visits under the mutex");
    check_equal(guarded_by_libc, counted_for_libc, "visits under libc's mutex");
    check_equal(guarded_by_stream, counted_for_stream, "visits under the stream's lock");
    check(turns > kThreads && handled > 0, "something was done");
    fclose(stream);
    report("turns", turns);
    report("signals handled", handled);
}
