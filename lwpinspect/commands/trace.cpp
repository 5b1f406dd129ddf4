#include <fmt/format.h>

#include <chrono>
#include <fstream>
#include <iostream>
#include <thread>

#include "commands/commands.h"
#include "commands/session.h"
#include "reader/perf_script.h"
#include "report/trace_json.h"
#include "support/escape.h"

namespace lwpi {
namespace {

using Clock = std::chrono::steady_clock;

void write(const Timeline& timeline, const std::string& path)
{
    if (path == "-") {
        write_trace(timeline, std::cout);
        std::cout.flush();
        return;
    }
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    write_trace(timeline, file);
    file.close();
    if (!file) {
        throw TargetError(ExitCode::kUsage, fmt::format("cannot write {}.", printable(path)));
    }
}

void tell(const Options& options, const std::string& source, const Timeline& timeline)
{
    std::size_t threads = 0;
    for (const auto& [key, track] : timeline.tracks()) {
        threads += key.first == TrackKind::kThread ? 1 : 0;
    }
    if (!options.quiet) {
        fmt::print(options.output == "-" ? stderr : stdout,
                   "{}: {} events of {} threads on {} LWPs{}\n", source, timeline.size(), threads,
                   timeline.tracks().size() - threads,
                   timeline.is_full() ? ", and no room for more" : "");
    }
}

int convert(const Options& options)
{
    Timeline timeline;
    timeline.process = "perf";
    std::size_t events = 0;
    if (options.perf == "-") {
        events = read_perf_script(std::cin, timeline);
    } else {
        std::ifstream file(options.perf);
        if (!file) {
            throw TargetError(ExitCode::kUsage,
                              fmt::format("cannot read {}.", printable(options.perf)));
        }
        events = read_perf_script(file, timeline);
    }
    if (events == 0) {
        throw TargetError(
            ExitCode::kUsage,
            fmt::format("no event of the provider lwpt in {}: is it the output of perf "
                        "script?",
                        printable(options.perf)));
    }
    write(timeline, options.output);
    tell(options, fmt::format("{} probe hits", events), timeline);
    return static_cast<int>(ExitCode::kDone);
}

}  // namespace

int run_trace(const Options& options)
{
    if (!options.perf.empty()) {
        return convert(options);
    }
    Session session(options);
    SnapshotRequest request = session.request();
    request.mode = Mode::kNostop;
    Timeline timeline;
    Looks looks(timeline);
    const auto end = Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                        std::chrono::duration<double>(options.trace_seconds));
    std::size_t count = 0;
    Snapshot last;
    for (auto next = Clock::now(); next < end && !timeline.is_full();) {
        try {
            last = session.take(request);
        } catch (const TargetError& error) {
            if (error.code() != ExitCode::kNoProcess || count == 0) {
                throw;
            }
            // It ended while it was watched: what was seen counts.
            last.notes.push_back({ExitCode::kPartial, error.what()});
            break;
        }
        looks.add(last);
        ++count;
        if (session.source().kind() != SnapshotSource::Kind::kLive) {
            break;  // it will not change
        }
        next = std::max(next + options.trace_period, Clock::now());
        std::this_thread::sleep_until(std::min(next, end));
    }
    timeline.finish(last.taken_ns);
    write(timeline, options.output);
    tell(options, fmt::format("{} looks", count), timeline);
    session.print_notes(last);
    return static_cast<int>(exit_code_of(last));
}

}  // namespace lwpi
