#include "commands/session.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <thread>

#include "commands/progress.h"
#include "report/json.h"
#include "report/text.h"

namespace lwpi {
namespace {

// What cannot be read, as of a process that ends, says nothing.
bool is_another_program(const ProcessInfo& before, const ProcessInfo& now)
{
    const auto changed = [](const auto& was, const auto& is, const auto& unknown) {
        return was != unknown && is != unknown && was != is;
    };
    return changed(before.executable, now.executable, std::string()) ||
           changed(before.library.descriptor, now.library.descriptor, std::uint64_t{0});
}

}  // namespace

Session::Session(const Options& options) : Session(options, open_target(options))
{
}

Session::Session(const Options& options, OpenTarget target)
    : options_(options), target_(std::move(target.name)), source_(std::move(target.source))
{
    if (!target_.remark.empty() && !options.quiet) {
        fmt::print(stderr, "lwpinspect: {}\n", target_.remark);
    }
}

SnapshotRequest Session::request() const
{
    SnapshotRequest request;
    request.mode = options_.nostop    ? Mode::kNostop
                   : options_.instant ? Mode::kInstant
                                      : Mode::kGentle;
    request.may_interrupt = options_.may_interrupt;
    request.timeout = options_.timeout;
    request.max_threads = options_.max_threads;
    request.depth = options_.depth;
    return request;
}

Snapshot Session::take_whole(const SnapshotRequest& request)
{
    const Progress progress("reading",
                            options_.quiet ? Progress::Show::kNever : Progress::Show::kOnTerminal);
    Snapshot snapshot = source_->take(request);
    if (!first_) {
        first_ = snapshot.process;
    } else if (is_another_program(*first_, snapshot.process)) {
        snapshot.notes.push_back(
            {ExitCode::kDone, fmt::format("{} has executed another program since the first look.",
                                          snapshot.process.pid)});
    }
    return snapshot;
}

bool Session::is_one_look() const
{
    return source_->kind() == SnapshotSource::Kind::kSaved;
}

void Session::pause(std::chrono::milliseconds time) const
{
    if (source_->kind() == SnapshotSource::Kind::kLive) {
        std::this_thread::sleep_for(time);
    }
}

Snapshot Session::take(const SnapshotRequest& request)
{
    Snapshot snapshot = take_whole(request);
    if (target_.only_lwp != 0) {
        std::erase_if(snapshot.lwps,
                      [&](const LwpInfo& lwp) { return lwp.tid != target_.only_lwp; });
        std::erase_if(snapshot.threads,
                      [&](const ThreadInfo& thread) { return thread.tid != target_.only_lwp; });
    }
    return snapshot;
}

void Session::print_notes(const Snapshot& snapshot) const
{
    for (const Note& note : snapshot.notes) {
        if (!options_.quiet || note.code != ExitCode::kDone) {
            fmt::print(stderr, "lwpinspect: {}\n", note.text);
        }
    }
    if (options_.verbose) {
        const LibraryInfo& library = snapshot.process.library;
        fmt::print(stderr,
                   "lwpinspect: {} modules searched, library {}, {} LWPs and {} threads read in "
                   "{:.1f} ms\n",
                   library.modules_searched, name_of(library.state), snapshot.lwps.size(),
                   snapshot.threads.size(), static_cast<double>(snapshot.spread_ns) / 1e6);
    }
}

int Session::print_text(const Snapshot& snapshot, const std::string& body,
                        std::optional<ExitCode> code) const
{
    const std::string header = options_.quiet ? "" : header_text(snapshot);
    fmt::print("{}{}", header, body);
    std::fflush(stdout);
    print_notes(snapshot);
    return static_cast<int>(code.value_or(exit_code_of(snapshot)));
}

int Session::print_json(const Snapshot& snapshot, const std::string& lines,
                        std::optional<ExitCode> given) const
{
    const ExitCode code = given.value_or(exit_code_of(snapshot));
    if (!options_.quiet) {
        fmt::print(stderr, "{}", header_text(snapshot));
    }
    print_notes(snapshot);
    fmt::print("{}{}{}", process_json(snapshot), lines, end_json(snapshot, code));
    return static_cast<int>(code);
}

UseColour Session::colour() const
{
    return use_colour(options_.colour, STDOUT_FILENO);
}

ExitCode exit_code_of(const Snapshot& snapshot)
{
    for (const Note& note : snapshot.notes) {
        if (note.code != ExitCode::kDone) {
            return note.code;
        }
    }
    return ExitCode::kDone;
}

UseColour use_colour(ColourWish wish, int fd)
{
    if (wish != ColourWish::kAuto) {
        return wish == ColourWish::kAlways ? UseColour::kYes : UseColour::kNo;
    }
    const char* const forbidden = std::getenv("NO_COLOR");
    const bool allowed = (forbidden == nullptr || *forbidden == '\0') && ::isatty(fd) != 0;
    return allowed ? UseColour::kYes : UseColour::kNo;
}

}  // namespace lwpi
