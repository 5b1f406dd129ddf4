// What all JSON lines are made of. Only for report/*.cpp: the library
// behind it takes long to compile.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "model/snapshot.h"

namespace lwpi {

using Json = nlohmann::ordered_json;

// `object` as a line.
[[nodiscard]] std::string line_of(const Json& object);
[[nodiscard]] Json hex(std::uint64_t address);
[[nodiscard]] Json hex(const std::optional<std::uint64_t>& address);
// null for an empty text.
[[nodiscard]] Json text_of(const std::string& text);
[[nodiscard]] Json owner_of(const std::optional<Owner>& owner);
[[nodiscard]] Json wait_of(const Wait& wait);
[[nodiscard]] Json syscall_of(const std::optional<Syscall>& call);

template <typename Value>
[[nodiscard]] Json value_of(const std::optional<Value>& value)
{
    return value ? Json(*value) : Json();
}

}  // namespace lwpi
