// Bounded buffers between producers and consumers: every item arrives once, no wake-up is lost. A
// lost one leaves somebody waiting for ever, which the time limit of the test shows.
#include <array>
#include <atomic>
#include <cerrno>
#include <deque>

#include "stress.h"

namespace {

constexpr std::size_t kBuffers = 4;
constexpr std::size_t kProducers = 6;  // of each buffer
constexpr std::size_t kConsumers = 6;
constexpr std::size_t kCapacity = 3;
constexpr std::uint64_t kEnd = ~std::uint64_t{0};

class Buffer {
  public:
    enum class Style { kSignal, kBroadcast, kTimed };

    void put(std::uint64_t item, Style style, stress::Random& random)
    {
        const stress::Held held{mutex_};
        while (items_.size() >= kCapacity) {
            wait(not_full_, style, random);
        }
        items_.push_back(item);
        tell(not_empty_, style);
    }

    std::uint64_t get(Style style, stress::Random& random)
    {
        const stress::Held held{mutex_};
        while (items_.empty()) {
            wait(not_empty_, style, random);
        }
        const std::uint64_t item = items_.front();
        items_.pop_front();
        tell(not_full_, style);
        return item;
    }

    [[nodiscard]] bool is_empty() const { return items_.empty(); }

  private:
    void wait(cond_t& cond, Style style, stress::Random& random)
    {
        int error = 0;
        if (style == Style::kTimed) {
            const timestruc_t moment{0, static_cast<long>(random.below(300'000))};
            error = cond_reltimedwait(&cond, &mutex_, &moment);
            stress::check(error == 0 || error == ETIME, "cond_reltimedwait gives 0 or ETIME");
        } else {
            error = cond_wait(&cond, &mutex_);
            stress::check_ok(error, "cond_wait");
        }
        stress::check(mutex_held(&mutex_) != 0, "a wait returns with the mutex held");
    }

    static void tell(cond_t& cond, Style style)
    {
        // Timed waiters that leave by ETIME may miss a signal only if they look again: they do.
        stress::check_ok(style == Style::kBroadcast ? cond_broadcast(&cond) : cond_signal(&cond),
                         "waking");
    }

    mutex_t mutex_{};
    cond_t not_full_{};
    cond_t not_empty_{};
    std::deque<std::uint64_t> items_;
};

std::array<Buffer, kBuffers> buffers;
std::array<std::atomic<std::uint64_t>, kBuffers> produced{};
std::array<std::atomic<std::uint64_t>, kBuffers> consumed{};
std::array<std::atomic<std::uint64_t>, kBuffers> produced_sum{};
std::array<std::atomic<std::uint64_t>, kBuffers> consumed_sum{};

Buffer::Style style_of(std::size_t buffer)
{
    constexpr std::array<Buffer::Style, 3> kStyles{
        Buffer::Style::kSignal, Buffer::Style::kBroadcast, Buffer::Style::kTimed};
    return kStyles[buffer % kStyles.size()];
}

void produce(std::size_t index, const stress::Stopwatch& stopwatch, stress::Random random)
{
    const std::size_t buffer = index % kBuffers;
    while (!stopwatch.is_over() || produced[buffer] <= kCapacity) {
        const std::uint64_t item = random.below(1'000'000);
        buffers[buffer].put(item, style_of(buffer), random);
        ++produced[buffer];
        produced_sum[buffer] += item;
        if (random.one_in(32)) {
            thr_yield();
        }
    }
}

void consume(std::size_t index, stress::Random random)
{
    const std::size_t buffer = index % kBuffers;
    for (;;) {
        const std::uint64_t item = buffers[buffer].get(style_of(buffer), random);
        if (item == kEnd) {
            return;
        }
        ++consumed[buffer];
        consumed_sum[buffer] += item;
        if (random.one_in(32)) {
            thr_yield();
        }
    }
}

}  // namespace

void stress::run(const Options& options)
{
    const Stopwatch stopwatch{options.seconds};
    Crew consumers;
    consumers.add_mixed(kBuffers * kConsumers, [&](std::size_t index) {
        consume(index, Random{options.seed * 1000 + index});
    });
    {
        Crew producers;
        producers.add_mixed(kBuffers * kProducers, [&](std::size_t index) {
            produce(index, stopwatch, Random{options.seed * 2000 + index});
        });
    }
    Random random{options.seed};
    for (std::size_t i = 0; i < kBuffers * kConsumers; ++i) {
        buffers[i % kBuffers].put(kEnd, style_of(i % kBuffers), random);
    }
    consumers.join();
    for (std::size_t i = 0; i < kBuffers; ++i) {
        check(buffers[i].is_empty(), "nothing is left over");
        check_equal(consumed[i], produced[i], "items");
        check_equal(consumed_sum[i], produced_sum[i], "sum of items");
        check(produced[i] > kCapacity, "something was done");
        report("items", produced[i]);
    }
}
