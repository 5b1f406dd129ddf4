// What of lwpinspect reads bytes that anybody may have written.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace fuzz {

using Input = std::span<const std::uint8_t>;

void descriptor(Input input);  // the library's tables in a target's memory
void core(Input input);
void symbols(Input input);   // ELF files
void snapshot(Input input);  // what `save` wrote
void maps(Input input);      // and the other files below /proc/PID
void json(Input input);      // names from a target, in everything that is printed
void filter(Input input);    // of the screens
void options(Input input);   // command lines

// nullptr: there is none of that name.
using Target = void (*)(Input);
[[nodiscard]] Target target_of(std::string_view name);

inline std::string_view text_of(Input input)
{
    return {reinterpret_cast<const char*>(input.data()), input.size()};
}

}  // namespace fuzz
