// What the stress programs share: their arguments, checks that end the program, a seeded generator,
// crews of threads.
//
// A program defines stress::run(); stress.cpp has main(). Arguments: --seed N, --seconds S, --count
// N. The seed is printed first. A failed check ends the process with a message and an abort.
#pragma once

#include <synch.h>
#include <thread.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace stress {

struct Options {
    std::uint64_t seed = 1;
    double seconds = 3;       // for programs that run for a time
    std::uint64_t count = 0;  // for programs that run a number of rounds; 0: their own number
};

void run(const Options& options);

// Ends the program unless `holds`.
void check(bool holds, const char* claim, const char* file = __builtin_FILE(),
           int line = __builtin_LINE());

// The same for two numbers that should be equal.
void check_equal(std::uint64_t seen, std::uint64_t expected, const char* what,
                 const char* file = __builtin_FILE(), int line = __builtin_LINE());

// For functions that return an error number.
void check_ok(int error, const char* what, const char* file = __builtin_FILE(),
              int line = __builtin_LINE());

// Has `handler` called for a signal; `flags` as for sigaction().
void catch_signal(int signal, void (*handler)(int), int flags = 0);

// A small generator (SplitMix64): the same seed gives the same numbers everywhere.
class Random {
  public:
    explicit Random(std::uint64_t seed) : state_{seed} {}

    std::uint64_t next()
    {
        state_ += 0x9e3779b97f4a7c15U;
        std::uint64_t mixed = state_;
        mixed = (mixed ^ (mixed >> 30U)) * 0xbf58476d1ce4e5b9U;
        mixed = (mixed ^ (mixed >> 27U)) * 0x94d049bb133111ebU;
        return mixed ^ (mixed >> 31U);
    }
    std::uint64_t below(std::uint64_t limit) { return next() % limit; }
    bool one_in(std::uint64_t chances) { return below(chances) == 0; }

  private:
    std::uint64_t state_;
};

// A time span that many threads look at.
class Stopwatch {
  public:
    explicit Stopwatch(double seconds) : end_{gethrtime() + static_cast<hrtime_t>(seconds * 1e9)} {}
    [[nodiscard]] bool is_over() const { return gethrtime() >= end_; }

  private:
    hrtime_t end_;
};

// Whether LIBTHREAD_MODEL asks for one LWP a thread: then big crowds are made smaller.
bool is_bound_model();

// Whether threads have hand-made control blocks, as they do unless LIBTHREAD_MODEL says otherwise.
bool is_hand_model();

// Threads that run body(index); joined by join() or by the end of the crew.
class Crew {
  public:
    using Body = std::function<void(std::size_t index)>;

    Crew() = default;
    Crew(std::size_t size, const Body& body, long flags = 0) { add(size, body, flags); }
    ~Crew() { join(); }
    Crew(const Crew&) = delete;
    Crew& operator=(const Crew&) = delete;

    // May be called several times; the index goes on counting. Returns how many could be made:
    // fewer only if `may_fail`.
    enum class OnLimit { kFail, kStop };
    std::size_t add(std::size_t size, const Body& body, long flags = 0,
                    std::size_t stack = kStackSize, OnLimit on_limit = OnLimit::kFail);

    // Every fourth thread is bound.
    void add_mixed(std::size_t size, const Body& body);

    void join();

    [[nodiscard]] thread_t id(std::size_t index) const { return members_.at(index).id; }
    [[nodiscard]] std::size_t size() const { return members_.size(); }

    static constexpr std::size_t kStackSize = 64 * 1024;

  private:
    struct Job {
        Body body;
        std::size_t index;
    };
    struct Member {
        thread_t id;
    };
    static void* start(void* job);

    std::vector<Member> members_;
};

// Holds a mutex for a block.
class Held {
  public:
    explicit Held(mutex_t& mutex) : mutex_{mutex} { check_ok(mutex_lock(&mutex_), "mutex_lock"); }
    ~Held() { check_ok(mutex_unlock(&mutex_), "mutex_unlock"); }
    Held(const Held&) = delete;
    Held& operator=(const Held&) = delete;

  private:
    mutex_t& mutex_;
};

// Numbers of this process as the kernel sees it.
std::size_t resident_bytes();
std::size_t mapping_count();
std::size_t task_count();

// "label: 12345" on standard output, for people.
void report(const char* label, std::uint64_t number);

}  // namespace stress
