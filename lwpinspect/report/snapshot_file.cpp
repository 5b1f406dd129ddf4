#include "report/snapshot_file.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <fstream>

#include "model/fields.h"
#include "report/snapshot_archive.h"
#include "support/escape.h"
#include "support/text.h"

namespace lwpi {
namespace {

constexpr std::string_view kSchema = "lwpinspect-snapshot/1";
constexpr std::string_view kBeginning = "{\"schema\":\"lwpinspect-snapshot/";
// Beyond what any process gives; a file is somebody's, and memory is finite.
constexpr off_t kMostBytes = off_t{1} << 30U;
constexpr std::size_t kMostItems = 4'000'000;

[[noreturn]] void refuse(const std::string& path, std::string_view why)
{
    throw TargetError(ExitCode::kUsage, fmt::format("{}: {}.", printable(path), why));
}

[[noreturn]] void cannot_write(const std::string& path)
{
    throw TargetError(ExitCode::kInternal,
                      fmt::format("cannot write {}: {}.", printable(path), std::strerror(errno)));
}

template <typename Item>
void write_line(std::ostream& out, const char* type, const Item& item)
{
    Json object{{"t", type}};
    JsonWriter writer(object);
    Item copy = item;  // the list of fields serves reading too
    fields(writer, copy);
    out << line_of(object);
}

class Lines {
  public:
    explicit Lines(Snapshot& snapshot) : snapshot_(snapshot) {}

    // false: the last line.
    bool take(const Json& object)
    {
        const std::string type = object.value("t", "");
        if (type == "end") {
            return false;
        }
        if (type == "place") {
            add(object, snapshot_.places);
        } else if (type == "lwp") {
            add(object, snapshot_.lwps);
        } else if (type == "thread") {
            add(object, snapshot_.threads);
        } else if (type == "note") {
            add(object, snapshot_.notes);
        }
        return true;  // a kind of a later version: nothing to us
    }

  private:
    template <typename Item>
    void add(const Json& object, std::vector<Item>& items)
    {
        if (items.size() >= kMostItems) {
            throw TargetError(ExitCode::kUsage, "too many entries for a snapshot.");
        }
        Item item{};
        JsonReader reader(object);
        fields(reader, item);
        items.push_back(std::move(item));
    }

    Snapshot& snapshot_;
};

void drop_wrong_frames(const Snapshot& snapshot, Stack& stack)
{
    std::erase_if(stack.frames,
                  [&](const Frame& frame) { return frame.place >= snapshot.places.size(); });
}

// What the rest of the program relies on, whoever wrote the file.
void make_sound(Snapshot& snapshot)
{
    const auto by_id = [](const ThreadInfo& a, const ThreadInfo& b) { return a.id < b.id; };
    std::stable_sort(snapshot.threads.begin(), snapshot.threads.end(), by_id);
    for (ThreadInfo& thread : snapshot.threads) {
        drop_wrong_frames(snapshot, thread.stack);
    }
    for (LwpInfo& lwp : snapshot.lwps) {
        drop_wrong_frames(snapshot, lwp.stack);
    }
    for (Note& note : snapshot.notes) {
        note.text = printable(note.text);
    }
}

std::string when(std::int64_t wall_ns)
{
    const std::time_t seconds = wall_ns / 1'000'000'000;
    std::tm parts{};
    char text[64] = "";
    if (::localtime_r(&seconds, &parts) == nullptr ||
        std::strftime(&text[0], sizeof text, "%Y-%m-%d %H:%M:%S", &parts) == 0) {
        return "some time";
    }
    return &text[0];
}

class SavedSource : public SnapshotSource {
  public:
    explicit SavedSource(const std::string& path) : snapshot_(read_snapshot(path)) {}

    [[nodiscard]] Kind kind() const override { return Kind::kSaved; }

    Snapshot take(const SnapshotRequest& request) override
    {
        Snapshot copy = snapshot_;
        for (ThreadInfo& thread : copy.threads) {
            keep(thread.stack, wants(request, request.threads, thread.id), request.depth);
        }
        for (LwpInfo& lwp : copy.lwps) {
            const bool chosen = wants(request, request.lwps, lwp.tid) ||
                                (lwp.thread && wants(request, request.threads, *lwp.thread));
            keep(lwp.stack, chosen, request.depth);
        }
        if (copy.threads.size() > request.max_threads) {
            copy.unread_threads += copy.threads.size() - request.max_threads;
            copy.threads.resize(request.max_threads);
        }
        return copy;
    }

  private:
    template <typename Id>
    static bool wants(const SnapshotRequest& request, const std::vector<Id>& chosen, Id id)
    {
        return request.stacks == Stacks::kAll ||
               (request.stacks == Stacks::kChosen &&
                std::find(chosen.begin(), chosen.end(), id) != chosen.end());
    }

    static void keep(Stack& stack, bool wanted, std::size_t depth)
    {
        if (!wanted) {
            stack = {};
        } else if (stack.frames.size() > depth) {
            stack.frames.resize(depth);
            stack.end = StackEnd::kLimit;
        }
    }

    Snapshot snapshot_;
};

}  // namespace

void write_snapshot(const Snapshot& snapshot, std::ostream& out)
{
    Json head{{"schema", kSchema}};
    JsonWriter writer(head);
    Snapshot plain;
    plain.process = snapshot.process;
    plain.mode = snapshot.mode;
    plain.taken_ns = snapshot.taken_ns;
    plain.wall_ns = snapshot.wall_ns;
    plain.spread_ns = snapshot.spread_ns;
    plain.pause_ns = snapshot.pause_ns;
    plain.longest_pause_ns = snapshot.longest_pause_ns;
    plain.paused_lwps = snapshot.paused_lwps;
    plain.unread_threads = snapshot.unread_threads;
    plain.moving_stacks = snapshot.moving_stacks;
    plain.complete = snapshot.complete;
    head_fields(writer, plain);
    out << line_of(head);
    for (const Place& place : snapshot.places) {
        write_line(out, "place", place);
    }
    for (const LwpInfo& lwp : snapshot.lwps) {
        write_line(out, "lwp", lwp);
    }
    for (const ThreadInfo& thread : snapshot.threads) {
        write_line(out, "thread", thread);
    }
    for (const Note& note : snapshot.notes) {
        write_line(out, "note", note);
    }
    out << line_of({{"t", "end"}});
}

void save_snapshot(const Snapshot& snapshot, const std::string& path)
{
    // A device, a pipe or a link is written to; only a file of its own is replaced.
    struct stat file {};
    const bool in_place = ::lstat(path.c_str(), &file) == 0 && !S_ISREG(file.st_mode);
    const std::string draft = in_place ? path : path + ".part";
    std::ofstream out(draft, std::ios::trunc);
    write_snapshot(snapshot, out);
    out.close();
    if (!out) {
        const int error = errno;
        if (!in_place) {
            std::remove(draft.c_str());
        }
        errno = error;
        cannot_write(path);
    }
    if (!in_place && std::rename(draft.c_str(), path.c_str()) != 0) {
        cannot_write(path);
    }
}

Snapshot read_snapshot(const std::string& path)
{
    struct stat file {};
    if (::stat(path.c_str(), &file) != 0) {
        refuse(path, std::strerror(errno));
    }
    if (!S_ISREG(file.st_mode)) {
        refuse(path, "no regular file");
    }
    if (file.st_size > kMostBytes) {
        refuse(path, "too big for a snapshot");
    }
    std::ifstream in(path);
    if (!in) {
        refuse(path, std::strerror(errno));
    }
    std::string line;
    if (!std::getline(in, line) || !line.starts_with(kBeginning)) {
        refuse(path, "no snapshot of lwpinspect");
    }
    Snapshot snapshot;
    bool ended = false;
    try {
        const Json head = Json::parse(line);
        if (head.value("schema", "") != kSchema) {
            throw TargetError(
                ExitCode::kOtherVersion,
                fmt::format("{} is a snapshot of another version ({}); this lwpinspect reads {}.",
                            printable(path), printable(head.value("schema", "")), kSchema));
        }
        JsonReader reader(head);
        head_fields(reader, snapshot);
        Lines lines(snapshot);
        while (!ended && std::getline(in, line)) {
            // A last line that was cut in the middle does not parse: what came before counts.
            const Json object = Json::parse(line, nullptr, false);
            if (object.is_discarded() || !object.is_object()) {
                break;
            }
            ended = !lines.take(object);
        }
    } catch (const JsonError& error) {
        refuse(path, fmt::format("damaged ({})", printable(error.what())));
    }
    make_sound(snapshot);
    snapshot.notes.push_back(
        {ExitCode::kDone,
         fmt::format("snapshot of {}, from {}.", when(snapshot.wall_ns), printable(path))});
    if (!ended) {
        snapshot.complete = false;
        snapshot.notes.push_back(
            {ExitCode::kPartial, fmt::format("{} was cut short.", printable(path))});
    }
    return snapshot;
}

bool is_snapshot_file(const std::string& path)
{
    struct stat file {};
    if (::stat(path.c_str(), &file) != 0 || !S_ISREG(file.st_mode)) {
        return false;
    }
    std::string beginning(kBeginning.size(), '\0');
    std::ifstream in(path);
    in.read(beginning.data(), static_cast<std::streamsize>(beginning.size()));
    return in && beginning == kBeginning;
}

std::unique_ptr<SnapshotSource> open_saved(const std::string& path)
{
    return std::make_unique<SavedSource>(path);
}

}  // namespace lwpi
