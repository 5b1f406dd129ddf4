// What belongs to a thread stays right when each resume is on another LWP
// (LIBTHREAD_MIGRATE=always): errno and its address, thread-local variables of all kinds,
// exceptions in flight, the floating-point environment, the heap, pthread_self. Built at several
// levels of optimisation, since compilers keep addresses of thread-local variables over calls.
// Checked after every switch.
#include <fenv.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <memory>
#include <string>
#include <string_view>

#include "stress.h"

namespace {

constexpr std::size_t kThreads = 24;
constexpr std::uint64_t kDefaultSteps = 1'000'000;  // of all threads together
constexpr std::uint64_t kStepsPerRound = 18;        // those of one round in live()

std::atomic<std::uint64_t> steps{0};
std::atomic<std::uint64_t> moves{0};
std::atomic<std::uint64_t> built{0};
std::atomic<std::uint64_t> destroyed{0};

__thread std::uint64_t plain;
__thread std::array<std::uint64_t, 32> plain_array;

// A thread_local with a constructor and a destructor, both seen.
struct Tracked {
    Tracked() : owner{thr_self()}, text{std::to_string(owner)} { ++built; }
    ~Tracked()
    {
        stress::check(owner == thr_self(), "a thread_local is destroyed by its thread");
        ++destroyed;
    }
    Tracked(const Tracked&) = delete;
    Tracked& operator=(const Tracked&) = delete;

    thread_t owner;
    std::string text;
};
thread_local Tracked tracked;
thread_local std::uint64_t initialised = 77;

// Blocks handed from thread to thread: allocated here, freed there.
struct Block {
    std::size_t size;
    unsigned char filler;
};
std::array<std::atomic<Block*>, 16> exchange{};

Block* make_block(stress::Random& random)
{
    const std::size_t size = sizeof(Block) + random.below(3000);
    auto* const block = static_cast<Block*>(std::malloc(size));
    stress::check(block != nullptr, "malloc gives memory");
    block->size = size;
    block->filler = static_cast<unsigned char>(random.below(256));
    std::memset(block + 1, block->filler, size - sizeof(Block));
    return block;
}

void free_block(Block* block)
{
    if (block == nullptr) {
        return;
    }
    const auto* const bytes = reinterpret_cast<const unsigned char*>(block + 1);
    for (std::size_t i = 0; i < block->size - sizeof(Block); ++i) {
        stress::check(bytes[i] == block->filler, "a block is as it was filled");
    }
    std::free(block);
}

constexpr std::array<int, 4> kModes{FE_TONEAREST, FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};

// Everything that one thread expects of itself.
class Subject {
  public:
    Subject(std::size_t index, std::uint64_t seed)
        : random_{seed + index},
          id_{thr_self()},
          mark_{index * 1'000 + 7},
          mode_{kModes[index % kModes.size()]},
          errno_address_{&errno},
          plain_address_{&plain},
          tracked_address_{&tracked},
          pthread_{pthread_self()},
          task_{syscall(SYS_gettid)}
    {
        plain = mark_;
        plain_array.fill(mark_);
        initialised += mark_;
        errno = static_cast<int>(mark_);
        fenv_t environment;
        fegetenv(&environment);
        // Bits 8 and 9 of the x87 control word: the precision; single for every other thread.
        if (index % 2 == 0) {
            environment.__control_word &= static_cast<unsigned short>(~0x300U);
        }
        fesetenv(&environment);
        fesetround(mode_);
        fegetenv(&environment);
        control_word_ = environment.__control_word;
        mxcsr_control_ = environment.__mxcsr & kMxcsrControl;
        quotient_ = divide();
    }

    // Lets others run; then the thread is on another LWP, but everything is as before.
    void step()
    {
        switch (random_.below(3)) {
            case 0: {
                // A wait that blocks: for a token that another thread gives back.
                const int saved = errno;
                stress::check_ok(sema_wait(&tokens_), "sema_wait");
                thr_yield();
                stress::check_ok(sema_post(&tokens_), "sema_post");
                stress::check_equal(static_cast<std::uint64_t>(errno),
                                    static_cast<std::uint64_t>(saved), "errno over sema_wait");
                break;
            }
            default:
                thr_yield();
                break;
        }
        verify();
        ++steps_;
    }

    void verify()
    {
        stress::check(&errno == errno_address_, "&errno is stable");
        stress::check_equal(static_cast<std::uint64_t>(errno), mark_, "errno");
        stress::check(&plain == plain_address_, "&__thread is stable");
        stress::check_equal(plain, mark_, "__thread");
        for (const std::uint64_t word : plain_array) {
            stress::check_equal(word, mark_, "__thread array");
        }
        stress::check_equal(initialised, 77 + mark_, "initialised thread_local");
        stress::check(&tracked == tracked_address_, "&thread_local is stable");
        stress::check(tracked.owner == id_ && tracked.text == std::to_string(id_),
                      "thread_local object");
        stress::check(thr_self() == id_, "thr_self is stable");
        stress::check(pthread_equal(pthread_self(), pthread_) != 0, "pthread_self is stable");
        verify_floating_point();
        const long task = syscall(SYS_gettid);
        moves_ += task != task_ ? 1U : 0U;
        task_ = task;
    }

    // A switch at each place where an exception is in flight.
    void throw_and_catch()
    {
        const std::string what = "of " + std::to_string(id_);
        const int uncaught = std::uncaught_exceptions();
        try {
            try {
                const StepWhileUnwinding unwinding{*this, uncaught + 1};
                step();
                throw what;
            } catch (const std::string& caught) {
                step();
                stress::check(caught == what, "the exception caught is the one thrown");
                stress::check(std::uncaught_exceptions() == uncaught, "it counts as caught");
                throw_nested(what);
                step();
                stress::check(caught == what, "an inner exception leaves the outer one alone");
                throw;
            }
        } catch (const std::string& again) {
            step();
            stress::check(again == what, "the exception rethrown is the one caught");
            const std::exception_ptr held = std::current_exception();
            step();
            rethrow_held(held, what);
        }
        step();
        stress::check(std::current_exception() == nullptr, "no exception is left");
        stress::check(std::uncaught_exceptions() == uncaught, "none is in flight");
    }

    void trade_blocks()
    {
        Block* const mine = make_block(random_);
        step();
        // acq_rel: the block's content goes with the pointer, both ways.
        free_block(
            exchange[random_.below(exchange.size())].exchange(mine, std::memory_order_acq_rel));
    }

    void report() const
    {
        steps += steps_;
        moves += moves_;
    }
    [[nodiscard]] std::uint64_t done() const { return steps_; }

    static void prepare() { sema_init(&tokens_, 3, USYNC_THREAD, nullptr); }

  private:
    static constexpr unsigned kMxcsrControl = 0xffc0;  // all but the sticky flags

    // Switches inside a destructor that runs because of an exception.
    class StepWhileUnwinding {
      public:
        StepWhileUnwinding(Subject& subject, int uncaught) : subject_{subject}, uncaught_{uncaught}
        {
        }
        ~StepWhileUnwinding()
        {
            stress::check(std::uncaught_exceptions() == uncaught_, "an exception is in flight");
            subject_.step();
            stress::check(std::uncaught_exceptions() == uncaught_, "and still is");
        }
        StepWhileUnwinding(const StepWhileUnwinding&) = delete;
        StepWhileUnwinding& operator=(const StepWhileUnwinding&) = delete;

      private:
        Subject& subject_;
        int uncaught_;
    };

    void throw_nested(const std::string& outer)
    {
        try {
            step();
            throw id_;
        } catch (const thread_t inner) {
            step();
            stress::check(inner == id_, "the inner exception is this thread's");
            try {
                throw std::make_unique<std::string>(outer);
            } catch (const std::unique_ptr<std::string>& innermost) {
                step();
                stress::check(*innermost == outer, "the innermost exception is this thread's");
            }
            step();
            stress::check(inner == id_, "and again the inner one");
        }
    }

    void rethrow_held(const std::exception_ptr& held, const std::string& what)
    {
        try {
            std::rethrow_exception(held);
        } catch (const std::string& caught) {
            step();
            stress::check(caught == what, "a held exception is the one caught");
        }
    }

    static double divide()
    {
        const volatile double one = 1;
        const volatile double three = 3;
        return one / three;
    }

    void verify_floating_point() const
    {
        stress::check(fegetround() == mode_, "the rounding mode is the thread's");
        fenv_t environment;
        fegetenv(&environment);
        stress::check_equal(environment.__control_word, control_word_, "x87 control word");
        stress::check_equal(environment.__mxcsr & kMxcsrControl, mxcsr_control_, "mxcsr");
        stress::check(divide() == quotient_, "divisions round as before");
        // fegetenv masks the exceptions of the x87.
        fesetenv(&environment);
    }

    static inline sema_t tokens_{};

    stress::Random random_;
    thread_t id_;
    std::uint64_t mark_;
    int mode_;
    unsigned short control_word_ = 0;
    unsigned mxcsr_control_ = 0;
    double quotient_ = 0;
    const int* errno_address_;
    const std::uint64_t* plain_address_;
    const Tracked* tracked_address_;
    pthread_t pthread_;
    long task_;
    std::uint64_t steps_ = 0;
    std::uint64_t moves_ = 0;
};

void live(std::size_t index, std::uint64_t seed, std::uint64_t wanted)
{
    Subject subject{index, seed};
    while (subject.done() < wanted) {
        subject.step();
        subject.throw_and_catch();
        subject.trade_blocks();
    }
    subject.report();
}

bool moves_always()
{
    const char* const migrate = std::getenv("LIBTHREAD_MIGRATE");
    return migrate != nullptr && std::string_view{migrate} == "always" && !stress::is_bound_model();
}

}  // namespace

void stress::run(const Options& options)
{
    const std::uint64_t wanted = options.count == 0 ? kDefaultSteps : options.count;
    Subject::prepare();
    {
        Crew crew{kThreads, [&](std::size_t index) {
                      live(index, options.seed * 1000, wanted / kThreads + kStepsPerRound);
                  }};
    }
    for (auto& slot : exchange) {
        free_block(slot.load());
    }
    check_equal(built, kThreads, "thread_local objects built");
    check_equal(destroyed, kThreads, "thread_local objects destroyed");
    check(steps >= wanted, "enough switches");
    report("switches", steps);
    report("moves to another LWP", moves);
    if (moves_always()) {
        check(moves > steps / 20, "threads really moved");
    }
}
