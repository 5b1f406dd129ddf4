// An input as changes to an image that is whole: so a fuzzer gets behind the first checks at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "fuzz/targets.h"

namespace fuzz {

// Each change: two bytes that say where, one that says how many bytes follow.
inline std::vector<std::byte> patched(std::vector<std::byte> image, Input input)
{
    while (input.size() >= 4) {
        const std::size_t where = (input[0] | std::size_t{input[1]} << 8U) % image.size();
        const std::size_t wanted = input[2] % 16U + 1U;
        input = input.subspan(3);
        const std::size_t count = std::min(std::min(wanted, input.size()), image.size() - where);
        std::memcpy(image.data() + where, input.data(), count);
        input = input.subspan(std::min(std::max<std::size_t>(count, 1), input.size()));
    }
    return image;
}

template <typename Image>
std::vector<std::byte> bytes_of(const Image& image)
{
    const auto* const begin = reinterpret_cast<const std::byte*>(&image);
    return {begin, begin + sizeof image};
}

}  // namespace fuzz
