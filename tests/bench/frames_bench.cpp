// What a frame costs lwpinspect: the stacks of 1,000 parked threads, 24 frames each, copied and
// walked as its commands do, and then their names.
#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <limits>

#include "reader/assemble.h"
#include "reader/parked.h"
#include "target/module_files.h"

namespace {

constexpr std::size_t kDepth = 64;

// inspect_many, from when all its threads sleep.
class Target {
  public:
    Target()
    {
        std::array<int, 2> in{};
        std::array<int, 2> out{};
        if (pipe2(in.data(), O_CLOEXEC) != 0 || pipe2(out.data(), O_CLOEXEC) != 0) {
            std::abort();
        }
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
        posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
        std::array<std::string, 3> words{MANY_PROGRAM, "1000", "20"};
        std::array<char*, 4> arguments{words[0].data(), words[1].data(), words[2].data(), nullptr};
        std::array<char, 16> line{};
        if (posix_spawn(&pid_, arguments[0], &actions, nullptr, arguments.data(), environ) != 0 ||
            close(out[1]) != 0 || read(out[0], line.data(), line.size()) <= 0) {
            std::abort();
        }
        posix_spawn_file_actions_destroy(&actions);
        close(in[0]);
        close(out[0]);
        input_ = in[1];
    }
    Target(const Target&) = delete;
    Target& operator=(const Target&) = delete;
    ~Target()
    {
        close(input_);
        waitpid(pid_, nullptr, 0);
    }
    [[nodiscard]] pid_t pid() const { return pid_; }

  private:
    pid_t pid_ = 0;
    int input_ = -1;
};

class Frames : public benchmark::Fixture {
  public:
    void SetUp(benchmark::State&) override
    {
        unwinder_.use(modules_, maps_);
        library_ = lwpi::find_library(modules_, maps_, memory_, target_.pid());
        records_.emplace(*library_.layout, memory_, std::numeric_limits<std::uint32_t>::max());
    }

  protected:
    std::vector<lwpi::UnwoundStack> walk()
    {
        std::vector<lwpi::UnwoundStack> stacks;
        lwpi::read_parked_stacks(records_->read_threads().records, kDepth, *records_, memory_,
                                 unwinder_, std::chrono::steady_clock::time_point::max(),
                                 [&](lwpi::ParkedStack&& stack) {
                                     frames_ += stack.stack.frames.size();
                                     stacks.push_back(std::move(stack.stack));
                                 });
        return stacks;
    }
    void report(benchmark::State& state) const
    {
        using benchmark::Counter;
        state.counters["frame"] =
            Counter(static_cast<double>(frames_), Counter::kIsRate | Counter::kInvert);
    }

    Target target_;
    lwpi::Process process_{target_.pid()};
    lwpi::LiveMemory memory_{target_.pid()};
    std::vector<lwpi::Mapping> maps_ = lwpi::parse_maps(process_.maps().text);
    lwpi::ModuleTable modules_{maps_, memory_};
    lwpi::Unwinder unwinder_{memory_};
    lwpi::FoundLibrary library_;
    std::optional<lwpi::RecordReader> records_;
    std::size_t frames_ = 0;
};

BENCHMARK_F(Frames, Walked)(benchmark::State& state)
{
    for (auto _ : state) {
        benchmark::DoNotOptimize(walk());
    }
    report(state);
}

BENCHMARK_F(Frames, Named)(benchmark::State& state)
{
    const lwpi::ProcessFiles files(process_);
    lwpi::Symbolizer symbols(files, memory_);
    const auto stacks = walk();
    std::vector<lwpi::Place> places;
    lwpi::PlaceTable table(modules_, maps_, symbols, places);
    static_cast<void>(table.resolve(stacks.front()));  // reads the symbols
    frames_ = 0;
    for (auto _ : state) {
        for (const lwpi::UnwoundStack& stack : stacks) {
            benchmark::DoNotOptimize(table.resolve(stack));
            frames_ += stack.frames.size();
        }
    }
    report(state);
}

}  // namespace

BENCHMARK_MAIN();
