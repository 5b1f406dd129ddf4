// Turns records and observations into the values of a snapshot. Decides which thread runs where.
#pragma once

#include <map>
#include <unordered_map>
#include <vector>

#include "model/snapshot.h"
#include "reader/lwps.h"
#include "reader/parked.h"
#include "reader/records.h"
#include "reader/snapshot_taker.h"
#include "reader/waits.h"
#include "target/lines.h"
#include "target/symbols.h"

namespace lwpi {

// What an LWP carries. The stack pointer decides, not the record: the record may be a switch
// behind.
struct Carried {
    enum class Kind : std::uint8_t { kNothing, kThread, kSwitching } kind = Kind::kNothing;
    std::uint64_t id = 0;
};

class CarrierIndex {
  public:
    CarrierIndex(const Layout& layout, const std::vector<ThreadRecord>& threads);
    [[nodiscard]] Carried carried_by(const LwpObservation& lwp) const;

  private:
    struct Range {
        Address lo, hi;
    };
    [[nodiscard]] bool is_on_a_thread_stack(Address sp) const;
    [[nodiscard]] bool says_running(const ThreadRecord& record) const;

    const Layout& layout_;
    std::vector<Range> stacks_;  // by lo
};

// Gives places to program counters, each looked up once.
class PlaceTable {
  public:
    PlaceTable(const ModuleTable& modules, const std::vector<Mapping>& maps, Symbolizer& symbols,
               std::vector<Place>& places)
        : modules_(modules), maps_(maps), symbols_(symbols), places_(places)
    {
    }
    [[nodiscard]] Stack resolve(const UnwoundStack& raw);
    // The source lines of all places so far.
    void add_lines(const ModuleFiles& files);
    // The name of the code or the object at `address`, as the linker sees it; empty: none.
    [[nodiscard]] std::string name_at(Address address, SymbolKind kind) const;

  private:
    [[nodiscard]] std::uint32_t place_of(const RawFrame& frame);
    [[nodiscard]] Place look_up(Address pc, Address within) const;

    const ModuleTable& modules_;
    const std::vector<Mapping>& maps_;
    Symbolizer& symbols_;
    std::vector<Place>& places_;
    std::unordered_map<std::uint64_t, std::uint32_t> known_;
    std::vector<Address> looked_up_;  // beside places_: the address within the code
};

// Everything but its stack, its LWP and, for running ones, its system call.
[[nodiscard]] ThreadInfo describe_thread(const ThreadRecord& record, const Layout& layout,
                                         WaitReader& waits, const Now& now);

// Fills in what the library knows of an LWP.
void describe_lwp(LwpObservation& lwp, const Layout& layout, const Now& now);

}  // namespace lwpi
