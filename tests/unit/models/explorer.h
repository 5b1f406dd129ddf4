// Walks through every interleaving of a few actors on a small world, on processors that keep stores
// back in a buffer each, as x86-64 does.
//
// A Model has a World, which is plain bytes without padding; actors() of them; and
// step(world, actor), which tries the actor's next step: kStepped, kBlocked, or kBroken when a
// promise does not hold. Each actor is deterministic; what a processor's buffer does is an actor,
// too. When nobody can step, is_finished(world) must hold.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_set>
#include <vector>

namespace models {

enum class Step { kStepped, kBlocked, kBroken };

struct Verdict {
    bool holds = true;
    std::string story;  // who stepped, up to the fault
    std::size_t worlds = 0;
};

template <class Model>
class Explorer {
  public:
    using World = typename Model::World;
    static_assert(std::has_unique_object_representations_v<World>);

    explicit Explorer(const Model& model) : model_{model} {}

    Verdict explore(const World& first)
    {
        std::vector<Visit> path{{first, 0, false}};
        remember(first);
        while (!path.empty()) {
            Visit& here = path.back();
            if (here.next_actor == model_.actors()) {
                if (!here.moved && !model_.is_finished(here.world)) {
                    return fault(path, "stuck");
                }
                path.pop_back();
                continue;
            }
            World next = here.world;
            const Step step = model_.step(next, here.next_actor++);
            if (step == Step::kBroken) {
                return fault(path, "broken");
            }
            if (step == Step::kStepped) {
                here.moved = true;
                if (remember(next)) {
                    path.push_back({next, 0, false});
                }
            }
        }
        return {true, "", seen_.size()};
    }

  private:
    struct Visit {
        World world;
        int next_actor;
        bool moved;
    };

    // Worlds are told apart by their bytes.
    static std::string_view bytes_of(const World& world)
    {
        return {reinterpret_cast<const char*>(&world), sizeof(world)};
    }
    struct Hash {
        std::size_t operator()(const World& world) const
        {
            return std::hash<std::string_view>{}(bytes_of(world));
        }
    };
    struct Same {
        bool operator()(const World& a, const World& b) const { return bytes_of(a) == bytes_of(b); }
    };

    bool remember(const World& world) { return seen_.insert(world).second; }

    Verdict fault(const std::vector<Visit>& path, const char* what) const
    {
        std::string story = what;
        for (const Visit& visit : path) {
            story += ' ';
            story += model_.name(visit.next_actor - 1);
        }
        return {false, story, seen_.size()};
    }

    const Model& model_;
    std::unordered_set<World, Hash, Same> seen_;
};

}  // namespace models
