// oracle [--seed=N | --seeds=A..B | --seconds=S] [--steps=N]: random scripts of operations, made by
// the library and by a model of the manual pages; the results must be equal. The same seed gives
// the same script; a difference is printed with its seed and the steps before it. oracle_reference
// is the same program over tests/support/thr_ref, which makes the calls of NPTL's threads.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <random>

#include "oracle/actors.h"
#include "oracle/model.h"
#include "support/bounded.h"

namespace oracle {

std::string to_string(const Step& step)
{
    constexpr const char* kNames[kOps] = {
        "mutex_lock",          "mutex_trylock",       "mutex_unlock",       "cond_wait",
        "cond_timedwait past", "cond_reltimedwait 0", "cond_timedwait bad", "cond_signal",
        "cond_broadcast",      "sema_wait",           "sema_trywait",       "sema_timedwait past",
        "sema_post",           "rw_rdlock",           "rw_tryrdlock",       "rw_wrlock",
        "rw_trywrlock",        "rw_unlock",           "mutex_held",         "thr_setspecific",
        "thr_getspecific",     "thr_create",          "thr_join",           "thr_join again"};
    return "actor " + std::to_string(step.actor) + ": " + kNames[static_cast<int>(step.op)] + " " +
           std::to_string(step.object) + (step.value != 0 ? " " + std::to_string(step.value) : "");
}

namespace {

class Script {
  public:
    explicit Script(std::uint64_t seed) : seed_{seed}, random_{seed}
    {
        for (int i = 0; i < kActors; ++i) {
            actors_[static_cast<std::size_t>(i)] = std::make_unique<Actor>(world_, i);
        }
    }

    void run(int steps)
    {
        for (int i = 0; i < steps; ++i) {
            make(draw());
        }
        while (const std::optional<Step> step = model_.unwinding_step()) {
            make(*step);
        }
    }

    [[nodiscard]] int steps() const { return static_cast<int>(trace_.size()); }
    [[nodiscard]] int blocked_steps() const { return blocked_steps_; }

  private:
    [[nodiscard]] int below(int bound)
    {
        return static_cast<int>(random_() % static_cast<unsigned>(bound));
    }

    // A third of the steps ends something, if there is something, and a third blocks, if one can.
    Step draw()
    {
        const int wish = below(3);
        if (const std::optional<Step> end = model_.unwinding_step(); wish == 0 && end) {
            return *end;
        }
        constexpr int kTries = 200;
        for (int i = 0;; ++i) {
            const Step step = draw_any();
            const std::optional<Answer> answer = model_.answer(step);
            if (answer && (wish != 1 || answer->blocks || i > kTries)) {
                return step;
            }
        }
    }

    Step draw_any()
    {
        Step step;
        step.actor = below(kActors);
        step.op = static_cast<Op>(below(kOps));
        const bool of_mutex = step.op == Op::kLock || step.op == Op::kTryLock ||
                              step.op == Op::kUnlock || step.op == Op::kHeld;
        step.object = below(of_mutex ? kMutexes : kConds);
        step.value = 1 + below(1000);
        return step;
    }

    void make(const Step& step)
    {
        trace_.push_back(step);
        const Answer expected = *model_.answer(step);
        Actor& actor = *actors_[static_cast<std::size_t>(step.actor)];
        actor.start(step);
        if (expected.blocks) {
            ++blocked_steps_;
            require(bounded::until([&] { return actor.is_done() || actor.is_asleep_in_step(); }),
                    "neither returns nor sleeps on its object");
            require(!actor.is_done(), "returns, and should block");
        } else {
            require(bounded::until([&] { return actor.is_done(); }), "blocks, and should return");
            require_equal(actor.result(), expected.result);
        }
        model_.apply(step);
        settle();
        for (int i = 0; i < kActors; ++i) {
            require(!model_.is_blocked(i) || !at(i).is_done(),
                    "made another return that should wait");
        }
    }

    // Those whom the step has released come back.
    void settle()
    {
        for (std::vector<int> group = model_.contenders(); !group.empty();
             group = model_.contenders()) {
            const auto came_back = [&] {
                return std::find_if(group.begin(), group.end(),
                                    [&](int i) { return at(i).is_done(); });
            };
            require(bounded::until([&] { return came_back() != group.end(); }),
                    "releases nobody, and should");
            const int actor = *came_back();
            require_equal(at(actor).result(), model_.complete(actor));
        }
    }

    [[nodiscard]] Actor& at(int actor) { return *actors_[static_cast<std::size_t>(actor)]; }

    void require_equal(const Result& seen, const Result& expected)
    {
        if (!(seen == expected)) {
            std::printf("returned %d (value %ld) instead of %d (value %ld)\n", seen.error,
                        seen.value, expected.error, expected.value);
            require(false, "the results differ");
        }
    }

    // Ends the program if not: the actors that are left may be blocked for ever.
    void require(bool holds, const char* what)
    {
        if (holds) {
            return;
        }
        constexpr std::size_t kShown = 30;
        const std::size_t first = trace_.size() > kShown ? trace_.size() - kShown : 0;
        for (std::size_t i = first; i < trace_.size(); ++i) {
            std::printf("%5zu  %s\n", i, to_string(trace_[i]).c_str());
        }
        std::printf("FAILED: the last step %s; --seed=%llu\n", what,
                    static_cast<unsigned long long>(seed_));
        std::fflush(stdout);
        std::_Exit(1);
    }

    std::uint64_t seed_;
    std::mt19937_64 random_;
    Model model_;
    World world_;
    std::array<std::unique_ptr<Actor>, kActors> actors_;
    std::vector<Step> trace_;
    int blocked_steps_ = 0;
};

struct Options {
    std::uint64_t first = 1;
    std::uint64_t last = 0;  // 0: as many as there is time for
    double seconds = 2;
    int steps = 200;
};

bool take(const char* text, Options& options)
{
    const char* const value = std::strchr(text, '=');
    if (value == nullptr) {
        return false;
    }
    const std::string name{text, value};
    if (name == "--seed" || name == "--seeds") {
        char* end = nullptr;
        options.first = std::strtoull(value + 1, &end, 10);
        options.last =
            std::strncmp(end, "..", 2) == 0 ? std::strtoull(end + 2, nullptr, 10) : options.first;
        return options.first != 0 && options.last >= options.first;
    }
    if (name == "--seconds") {
        options.seconds = std::strtod(value + 1, nullptr);
    } else if (name == "--steps") {
        options.steps = std::atoi(value + 1);
    }
    return name == "--seconds" || name == "--steps";
}

int run(const Options& options)
{
    using Clock = std::chrono::steady_clock;
    const auto end = Clock::now() + std::chrono::duration<double>(options.seconds);
    std::uint64_t seed = options.first;
    long steps = 0;
    long blocked = 0;
    do {
        Script script{seed};
        script.run(options.steps);
        steps += script.steps();
        blocked += script.blocked_steps();
        ++seed;
    } while (options.last != 0 ? seed <= options.last : Clock::now() < end);
    std::printf("seeds %llu to %llu: %ld steps, %ld of them blocked, all as the model says\n",
                static_cast<unsigned long long>(options.first),
                static_cast<unsigned long long>(seed - 1), steps, blocked);
    return 0;
}

}  // namespace
}  // namespace oracle

int main(int argc, char** argv)
{
    oracle::Options options;
    for (int i = 1; i < argc; ++i) {
        if (!oracle::take(argv[i], options)) {
            std::fputs("usage: oracle [--seed=N | --seeds=A..B | --seconds=S] [--steps=N]\n",
                       stderr);
            return 2;
        }
    }
    return oracle::run(options);
}
