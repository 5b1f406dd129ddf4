#include "fuzz/targets.h"

#include <array>

namespace fuzz {

Target target_of(std::string_view name)
{
    struct Named {
        std::string_view name;
        Target target;
    };
    static constexpr std::array<Named, 8> kTargets{{{"descriptor", descriptor},
                                                    {"core", core},
                                                    {"symbols", symbols},
                                                    {"snapshot", snapshot},
                                                    {"maps", maps},
                                                    {"json", json},
                                                    {"filter", filter},
                                                    {"options", options}}};
    for (const Named& one : kTargets) {
        if (one.name == name) {
            return one.target;
        }
    }
    return nullptr;
}

}  // namespace fuzz
