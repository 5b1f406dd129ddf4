// Signals sent to a thousand threads while they lock and migrate: each is handled by its target,
// and real-time ones exactly as often as they were sent. Then threads that end while they are sent
// to.
// --count gives the number of signals; 1,000,000 for the full figure.
#include <signal.h>

#include <atomic>
#include <cerrno>
#include <vector>

#include "stress.h"

namespace {

std::vector<std::atomic<std::uint64_t>> received;
std::vector<std::uint64_t> sent;
std::vector<std::atomic<thread_t>> ids;
std::atomic<std::uint64_t> wrong{0};
std::atomic<bool> stop{false};
thread_local std::size_t own_index = 0;
thread_local thread_t own_id = 0;
mutex_t mutex;
std::uint64_t visits = 0;

void count_signal(int /*number*/)
{
    if (own_id != thr_self()) {
        ++wrong;
    }
    received[own_index].fetch_add(1);
}

void live(std::size_t index)
{
    own_index = index;
    own_id = thr_self();
    ids[index] = own_id;
    while (!stop) {
        stress::check_ok(mutex_lock(&mutex), "mutex_lock");
        ++visits;
        stress::check_ok(mutex_unlock(&mutex), "mutex_unlock");
        thr_yield();
    }
}

std::uint64_t total()
{
    std::uint64_t sum = 0;
    for (const auto& one : received) {
        sum += one;
    }
    return sum;
}

// Too many at once: the receivers get the time to catch up.
void send_exactly(thread_t target)
{
    int error = 0;
    while ((error = thr_kill(target, SIGRTMIN + 3)) == EAGAIN) {
        thr_yield();
    }
    stress::check_ok(error, "thr_kill");
}

void storm(stress::Random random, std::uint64_t count, std::size_t threads)
{
    received = std::vector<std::atomic<std::uint64_t>>(threads);
    ids = std::vector<std::atomic<thread_t>>(threads);
    sent.assign(threads, 0);
    stress::Crew crew{threads, live};
    for (std::uint64_t i = 0; i < count; ++i) {
        const std::size_t index = random.below(threads);
        while (ids[index] == 0) {
            thr_yield();
        }
        send_exactly(ids[index]);
        ++sent[index];
        if (i % 64 == 0) {
            thr_yield();
        }
    }
    while (total() < count) {
        thr_yield();
    }
    stop = true;
    crew.join();
    for (std::size_t i = 0; i < threads; ++i) {
        stress::check_equal(received[i], sent[i], "signals handled by their target");
    }
}

std::atomic<thread_t> mortal{0};

// A thread that ends at once, while others send to it by an id that may be gone.
void race_with_exit(std::uint64_t rounds)
{
    std::atomic<bool> done{false};
    stress::Crew senders{2, [&](std::size_t) {
                             while (!done) {
                                 const thread_t id = mortal;
                                 const int error = id != 0 ? thr_kill(id, SIGUSR1) : 0;
                                 stress::check(error == 0 || error == ESRCH, "0 or ESRCH");
                                 thr_yield();
                             }
                         }};
    for (std::uint64_t i = 0; i < rounds; ++i) {
        stress::Crew one{1, [](std::size_t) {
                             own_id = thr_self();
                             own_index = 0;
                             mortal = own_id;
                             thr_yield();
                         }};
    }
    done = true;
}

}  // namespace

void stress::run(const Options& options)
{
    catch_signal(SIGRTMIN + 3, count_signal, SA_RESTART);
    catch_signal(SIGUSR1, count_signal, SA_RESTART);
    const std::uint64_t count = options.count != 0 ? options.count : 20'000;
    storm(Random{options.seed}, count, is_bound_model() ? 50 : 1000);
    race_with_exit(count / 10);
    check_equal(wrong, 0, "signals handled by another thread");
}
