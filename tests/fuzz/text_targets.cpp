#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

#include "fuzz/targets.h"
#include "model/findings.h"
#include "model/graph.h"
#include "model/group.h"
#include "options.h"
#include "report/graph_text.h"
#include "report/json.h"
#include "report/snapshot_file.h"
#include "report/text.h"
#include "support/error.h"
#include "support/text.h"
#include "support/unique_fd.h"
#include "target/process.h"
#include "tui/filter.h"
#include "unit/lwpinspect/made_snapshot.h"

using namespace lwpi;

namespace {

void demand(bool holds)
{
    if (!holds) {
        std::abort();
    }
}

void demand_printable(const std::string& text)
{
    for (const char letter : text) {
        const auto byte = static_cast<unsigned char>(letter);
        demand(byte == '\n' || (byte >= 0x20 && byte != 0x7f));
    }
}

// Everything that is said of a snapshot.
void say_all(const Snapshot& snapshot)
{
    const WaitGraph graph(snapshot);
    std::string text = header_text(snapshot) + info_text(snapshot);
    std::string lines = process_json(snapshot);
    for (const ThreadInfo& thread : snapshot.threads) {
        lines += thread_json(snapshot, thread);
    }
    for (const LwpInfo& lwp : snapshot.lwps) {
        lines += lwp_json(snapshot, lwp);
    }
    for (const Group& group : group_stacks(snapshot, 0)) {
        lines += group_json(group);
    }
    for (const Finding& finding : deadlocks(snapshot, snapshot)) {
        text += finding_text(graph, finding, true, UseColour::kNo);
    }
    lines += end_json(snapshot, ExitCode::kDone);
    std::ostringstream saved;
    write_snapshot(snapshot, saved);
    demand_printable(text);
    demand_printable(lines);
    demand_printable(saved.str());
}

// The next line of `text`.
std::string taken(std::string_view& text)
{
    const std::size_t end = text.find('\n');
    const std::string line(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    return line;
}

}  // namespace

namespace fuzz {

void maps(Input input)
{
    const std::string_view text = text_of(input);
    for (const Mapping& map : parse_maps(text)) {
        demand(map.start < map.end);
    }
    static_cast<void>(parse_stat(text));
    static_cast<void>(parse_status(text));
    static_cast<void>(parse_syscall(text));
}

void json(Input input)
{
    std::string_view rest = text_of(input);
    Snapshot snapshot = made::library_snapshot();
    snapshot.process.name = taken(rest);
    snapshot.process.executable = taken(rest);
    snapshot.process.library.version = taken(rest);
    Place place;
    place.function = taken(rest);
    place.module = place.module_path = taken(rest);
    snapshot.places = {place};
    for (std::uint64_t id = 1; id < 4; ++id) {
        ThreadInfo thread = made::on_mutex(id, 0x1000 + id, id % 3 + 1);
        thread.name = taken(rest);
        thread.wait.object_name = taken(rest);
        thread.state_name = taken(rest);
        thread.stack.frames = {{0x40, 0}};
        snapshot.threads.push_back(thread);
    }
    LwpInfo lwp;
    lwp.tid = 10;
    lwp.name = taken(rest);
    snapshot.lwps = {lwp};
    say_all(snapshot);
}

void snapshot(Input input)
{
    const UniqueFd file(::memfd_create("snapshot", MFD_CLOEXEC));
    const std::string beginning = "{\"schema\":\"lwpinspect-snapshot/1\"";
    const std::string path = "/proc/self/fd/" + std::to_string(file.get());
    if (::write(file.get(), beginning.data(), beginning.size()) < 0 ||
        ::write(file.get(), input.data(), input.size()) < 0) {
        return;
    }
    try {
        say_all(read_snapshot(path));
    } catch (const TargetError&) {
        // refused, with a sentence
    }
}

void filter(Input input)
{
    Snapshot all = made::library_snapshot();
    all.threads = {made::ready(1), made::on_mutex(2, 0x1000, 1)};
    const tui::ParsedFilter parsed = tui::parse_filter(text_of(input));
    const tui::Matcher matcher(parsed.filter, all);
    static_cast<void>(matcher.matches(all.threads[0]));
    static_cast<void>(matcher.matches(all.threads[1]));
}

void options(Input input)
{
    std::vector<std::string> words{"lwpinspect"};
    for (std::string_view rest = text_of(input); !rest.empty();) {
        words.push_back(taken(rest));
        words.back() = words.back().c_str();
    }
    std::vector<const char*> pointers;
    for (const std::string& word : words) {
        pointers.push_back(word.c_str());
    }
    static_cast<void>(parse_options(static_cast<int>(pointers.size()), pointers.data(), false));
}

}  // namespace fuzz
