// What threads and LWPs did over a time: for each of them spans, one after the other.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "model/snapshot.h"

namespace lwpi {

enum class TrackKind : std::uint8_t { kThread, kLwp };

struct Span {
    std::int64_t begin_ns = 0;
    std::int64_t end_ns = 0;
    std::string name;    // "running on lwp 3", "blocked: mutex stats_lock"; raw
    std::string detail;  // empty: none
};

// Something without a length.
struct Moment {
    std::int64_t at_ns = 0;
    std::string name;
    std::string detail;
};

struct Track {
    std::string name;  // raw
    std::vector<Span> spans;
    std::vector<Moment> moments;
    bool open = false;  // the last span goes on
};

class Timeline {
  public:
    using Key = std::pair<TrackKind, std::uint64_t>;

    // More is not kept.
    static constexpr std::size_t kMost = 2'000'000;

    void name_track(Key key, const std::string& name);
    // From `at` on the track's owner does this. The same once more only makes the span longer.
    // Times of a track never go back: an earlier one counts as its latest.
    void enter(Key key, std::int64_t at, const std::string& name, const std::string& detail = {});
    // What it does lasted at least until then.
    void reach(Key key, std::int64_t at);
    void leave(Key key, std::int64_t at);
    void mark(Key key, std::int64_t at, const std::string& name, const std::string& detail);
    // Ends all that is open.
    void finish(std::int64_t at);

    // The name of the open span; empty: none.
    [[nodiscard]] std::string now(Key key) const;
    [[nodiscard]] const std::map<Key, Track>& tracks() const { return tracks_; }
    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] bool is_full() const { return size_ >= kMost; }

    int pid = 0;
    std::string process;  // its name, raw

  private:
    std::map<Key, Track> tracks_;
    std::size_t size_ = 0;
};

// A timeline from looks at a process: what lies between two of them is told by the times and
// counters in the records.
class Looks {
  public:
    explicit Looks(Timeline& timeline) : timeline_(timeline) {}
    void add(const Snapshot& snapshot);

  private:
    struct Seen {
        std::uint64_t seq = 0;
        std::uint64_t switches = 0;
        std::int64_t at = 0;
    };
    void add_thread(const ThreadInfo& thread, std::int64_t now);
    void add_lwp(const LwpInfo& lwp, std::int64_t now);

    Timeline& timeline_;
    std::unordered_map<std::uint64_t, Seen> seen_;
    std::int64_t last_ = 0;
};

}  // namespace lwpi
