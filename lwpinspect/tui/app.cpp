#include "tui/app.h"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>
#include <system_error>
#include <utility>

#include "support/error.h"
#include "tui/sampler.h"
#include "tui/screen.h"
#include "tui/signals.h"
#include "tui/state.h"
#include "tui/views/views.h"

namespace lwpi::tui {

namespace {

constexpr int kSignalExitBase = 128;

// The loop: waits for a key, a signal or a sample, changes the state, shows it.
class Loop {
  public:
    Loop(SnapshotSource& source, const TopOptions& options, Signals& signals, Screen& screen)
        : options_(options),
          signals_(signals),
          screen_(screen),
          sampler_(source, first_request(options.request), options.interval)
    {
        state_.kind = source.kind();
        state_.size = screen.size();
        state_.utf8 = screen.is_utf8();
    }

    // Returns the exit code.
    int run();
    // What take() threw before there was a picture.
    [[nodiscard]] std::optional<TargetError> failure() const;

  private:
    static SnapshotRequest first_request(SnapshotRequest request)
    {
        request.stacks = Stacks::kChosen;
        return request;
    }

    void change(const Event& event) { state_ = update(std::move(state_), event); }
    void show();
    void read_keys();
    void read_signals();
    void collect_sample();
    void suspend();
    void ask_for_stacks();

    const TopOptions& options_;
    Signals& signals_;
    Screen& screen_;
    UiState state_;
    Sampler sampler_;
    std::optional<int> signal_;  // that ends the program
};

void Loop::show()
{
    if (std::exchange(state_.redraw, false)) {
        screen_.forget();
    }
    screen_.show(render(state_), field_spot(state_));
}

// Only what the user did makes a snapshot urgent: where rows move by themselves, each snapshot
// would otherwise call for the next one.
void Loop::ask_for_stacks()
{
    SnapshotRequest request = wanted(state_, options_.request);
    const auto when = is_urgent(state_, request) ? Sampler::When::kSoon : Sampler::When::kInTurn;
    sampler_.want(std::move(request), when);
}

void Loop::read_keys()
{
    while (const auto input = screen_.read_input()) {
        change(*input);
        if (state_.quit) {
            return;
        }
    }
    if (std::exchange(state_.save, false) && state_.shown) {
        change(MessageEvent{options_.save ? options_.save(state_.shown->snapshot)
                                          : std::string("cannot save from here")});
    }
    ask_for_stacks();
}

void Loop::suspend()
{
    screen_.suspend();
    signals_.stop_until_continued();
    screen_.resume();
}

void Loop::read_signals()
{
    while (const auto signal = signals_.next()) {
        switch (*signal) {
            case SIGWINCH:
                break;
            case SIGTSTP:
                suspend();
                break;
            case SIGCONT:
                // Somebody stopped us behind our back, and the terminal was another's meanwhile.
                screen_.resume();
                break;
            default:
                signal_ = *signal;
                return;
        }
        screen_.resize();
        change(ResizeEvent{screen_.size()});
        ask_for_stacks();
    }
}

void Loop::collect_sample()
{
    const bool first = !state_.shown;
    if (const auto event = sampler_.collect()) {
        change(*event);
    }
    if (state_.ended) {
        return;
    }
    if (first) {
        ask_for_stacks();
    } else {
        sampler_.want(wanted(state_, options_.request), Sampler::When::kInTurn);
    }
}

std::optional<TargetError> Loop::failure() const
{
    if (state_.shown || !state_.ended) {
        return std::nullopt;
    }
    return TargetError(state_.exit_code, *state_.ended);
}

int Loop::run()
{
    std::array<pollfd, 3> sources{
        {{STDIN_FILENO, POLLIN, 0}, {signals_.fd(), POLLIN, 0}, {sampler_.fd(), POLLIN, 0}}};
    while (!state_.quit && !signal_ && !failure()) {
        show();
        if (poll(sources.data(), sources.size(), -1) < 0 && errno != EINTR) {
            throw std::system_error(errno, std::generic_category(), "poll");
        }
        if (sources[2].revents != 0) {
            collect_sample();
        }
        if (sources[1].revents != 0) {
            read_signals();
        }
        if ((sources[0].revents & POLLIN) != 0) {
            read_keys();
        }
        if ((sources[0].revents & (POLLHUP | POLLERR | POLLNVAL)) != 0) {
            signal_ = SIGHUP;  // the terminal is gone
        }
    }
    screen_.suspend();  // before waiting for a snapshot being taken
    if (signal_) {
        return kSignalExitBase + *signal_;
    }
    return static_cast<int>(state_.exit_code);
}

}  // namespace

int run_top(SnapshotSource& source, const TopOptions& options)
{
    Signals signals;
    std::optional<TargetError> failure;
    int exit_code = 0;
    {
        Screen screen(options.colour);
        Loop loop(source, options, signals, screen);
        exit_code = loop.run();
        failure = loop.failure();
    }
    if (failure) {
        throw *failure;
    }
    return exit_code;
}

}  // namespace lwpi::tui
