// Everything the screens remember, the events that change it, and the change: a pure function.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "model/snapshot_source.h"
#include "support/error.h"
#include "tui/cells.h"
#include "tui/columns.h"
#include "tui/filter.h"
#include "tui/keymap.h"
#include "tui/rows.h"
#include "tui/sample.h"
#include "tui/sheet.h"

namespace lwpi::tui {

// What fills the terminal.
enum class Pane : std::uint8_t { kThreads, kLwps, kStacks, kLocks, kFindings };
enum class Overlay : std::uint8_t { kNone, kStack, kHelp, kText };
enum class Field : std::uint8_t { kNone, kSearch, kFilter };
enum class Direction : std::uint8_t { kDown, kUp };

// Whether the next snapshot is to stop everything at one moment: asked first, as calls may be
// interrupted.
enum class Instant : std::uint8_t { kNo, kAsked, kWanted };

// One list: what it shows and where its cursor stands.
struct ListState {
    Sort sort;
    std::vector<std::uint32_t> rows;      // indices into the snapshot, in the order shown
    std::optional<std::uint64_t> cursor;  // the thread's id, the LWP's TID; none: not used yet
    std::size_t position = 0;             // its row
    std::size_t top = 0;                  // the first visible row
};

// A text field at the foot of the screen.
struct FieldState {
    Field field = Field::kNone;
    std::u32string text;
    std::size_t at = 0;      // the cursor is before this letter
    std::string before;      // the filter to return to
    std::size_t origin = 0;  // the row where the cursor was
    std::optional<std::uint64_t> origin_id;
};

struct UiState {
    Size size;
    bool utf8 = true;
    SnapshotSource::Kind kind = SnapshotSource::Kind::kLive;  // of any other kind nothing moves
    Pane pane = Pane::kThreads;
    Overlay overlay = Overlay::kNone;
    ListState threads{{Column::kId, false}, {}, {}, 0, 0};
    ListState lwps{{Column::kLwp, false}, {}, {}, 0, 0};
    ListState stacks{{Column::kId, false}, {}, {}, 0, 0};  // no column: as made
    ListState locks{{Column::kId, false}, {}, {}, 0, 0};
    ListState findings{{Column::kId, false}, {}, {}, 0, 0};
    std::shared_ptr<const Sheet> sheet;  // of the list in front, when it is one
    std::set<std::uint64_t> marked;      // thread ids, or TIDs in a process without user threads
    std::string text_title;              // Overlay::kText
    std::vector<std::string> text;
    SamplePtr base;  // what `d` compares with
    Instant instant = Instant::kNo;
    bool lines = false;  // source lines are wanted
    bool save = false;   // the picture is to be written to a file
    SamplePtr shown;     // what is drawn; null until the first sample
    SamplePtr latest;    // the newest; another one only while frozen
    bool frozen = false;
    std::string filter_text;
    Filter filter;
    FieldState field;
    std::string search;
    std::size_t scroll = 0;            // of the overlay
    std::string message;               // until the next key
    std::optional<std::string> ended;  // why there will be no more samples
    ExitCode exit_code = ExitCode::kDone;
    bool quit = false;
    bool redraw = false;  // the terminal may show something else than we drew
};

struct ResizeEvent {
    Size size;
};
struct SampleEvent {
    SamplePtr sample;
};
// The process can no longer be read.
struct EndEvent {
    ExitCode code;
    std::string sentence;
};
// A line at the foot of the screen, until the next key.
struct MessageEvent {
    std::string text;
};
enum class MouseDeed : std::uint8_t { kPress, kWheelUp, kWheelDown };
struct MouseEvent {
    int row = 0;
    int column = 0;
    MouseDeed deed = MouseDeed::kPress;
};
using Event = std::variant<KeyPress, ResizeEvent, SampleEvent, EndEvent, MessageEvent, MouseEvent>;

[[nodiscard]] UiState update(UiState state, const Event& event);

// The list in front, and what it lists. A process without user threads has the list of its LWPs
// only.
[[nodiscard]] ListKind list_kind(const UiState& state) noexcept;
[[nodiscard]] const ListState& list_in_front(const UiState& state) noexcept;
[[nodiscard]] std::vector<PlacedColumn> visible_columns(const UiState& state);

[[nodiscard]] const SheetRow* chosen_sheet_row(const UiState& state) noexcept;
[[nodiscard]] const ThreadInfo* chosen_thread(const UiState& state) noexcept;
[[nodiscard]] const LwpInfo* chosen_lwp(const UiState& state) noexcept;

// A stack to show. While frozen it may have been read after the picture.
struct ChosenStack {
    const Stack* stack = nullptr;
    const Snapshot* snapshot = nullptr;
    bool later = false;
};
[[nodiscard]] ChosenStack stack_of(const UiState& state, const ThreadInfo& thread) noexcept;
[[nodiscard]] ChosenStack stack_of(const UiState& state, const LwpInfo& lwp) noexcept;
// That of the row under the cursor; no stack when there is no row.
[[nodiscard]] ChosenStack chosen_stack(const UiState& state) noexcept;

// What the next snapshot has to read: `base` with the stacks that are on the screen.
[[nodiscard]] SnapshotRequest wanted(const UiState& state, const SnapshotRequest& base);
// Whether something on the screen waits for a stack that nobody has asked for yet.
[[nodiscard]] bool is_urgent(const UiState& state, const SnapshotRequest& request);

}  // namespace lwpi::tui
