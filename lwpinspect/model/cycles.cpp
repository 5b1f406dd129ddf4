#include "model/cycles.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace lwpi {
namespace {

struct Less {
    bool operator()(const Party& a, const Party& b) const
    {
        return std::tie(a.kind, a.id) < std::tie(b.kind, b.id);
    }
};

std::optional<Party> next_of(const WaitGraph& graph, const Party& party)
{
    const Wait* const wait = graph.wait_of(party);
    return wait == nullptr ? std::nullopt : graph.holder_of(*wait);
}

}  // namespace

std::vector<std::vector<Party>> cycles(const WaitGraph& graph)
{
    std::vector<std::vector<Party>> found;
    std::map<Party, std::size_t, Less> walk_of;  // which walk met it first
    for (std::size_t walk = 0; walk < graph.waiting().size(); ++walk) {
        std::vector<Party> path;
        std::optional<Party> at = graph.waiting()[walk];
        while (at && walk_of.try_emplace(*at, walk).second) {
            path.push_back(*at);
            at = next_of(graph, *at);
        }
        // Met again in the same walk: the way from there back to it is a circle.
        if (!at || walk_of.at(*at) != walk) {
            continue;
        }
        path.erase(path.begin(), std::find(path.begin(), path.end(), *at));
        std::rotate(path.begin(), std::min_element(path.begin(), path.end(), Less{}), path.end());
        found.push_back(std::move(path));
    }
    return found;
}

}  // namespace lwpi
