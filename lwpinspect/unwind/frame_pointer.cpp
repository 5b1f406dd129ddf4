#include "unwind/frame_pointer.h"

#include <array>
#include <cstring>

namespace lwpi {
namespace {

constexpr std::size_t kPrologue = 64;
constexpr std::uint64_t kWord = 8;
constexpr unsigned kMaxSaved = 5;  // rbx, r12-r15

using Code = std::array<unsigned char, kPrologue>;

template <std::size_t kSize>
bool read_code(Address address, std::array<unsigned char, kSize>& code, const FrameLookup& lookup)
{
    for (std::size_t at = 0; at < kSize; at += kWord) {
        const auto word = lookup.word(address + at);
        if (!word) {
            return false;
        }
        std::memcpy(&code[at], &*word, kWord);
    }
    return true;
}

bool sets_up_rbp(const Code& code)
{
    for (std::size_t i = 0; i + 3 <= code.size(); ++i) {
        if (code[i] == 0x48 && ((code[i + 1] == 0x89 && code[i + 2] == 0xe5) ||
                                (code[i + 1] == 0x8b && code[i + 2] == 0xec))) {
            return true;
        }
    }
    return false;
}

// The operand of the first "sub $n, %rsp"; 0 when there is none.
std::uint64_t frame_size(const Code& code)
{
    for (std::size_t i = 0; i + 7 <= code.size(); ++i) {
        if (code[i] != 0x48 || code[i + 2] != 0xec) {
            continue;
        }
        if (code[i + 1] == 0x83) {
            return code[i + 3];
        }
        if (code[i + 1] == 0x81) {
            std::uint32_t size = 0;
            std::memcpy(&size, &code[i + 3], sizeof size);
            return size;
        }
    }
    return 0;
}

enum class Follows { kNo, kPerhaps, kCertainly };

// Whether the instruction before `address` calls `function`; perhaps: somewhere through a pointer.
Follows follows_call(Address address, Address function, const FrameLookup& lookup)
{
    std::array<unsigned char, 8> before{};
    if (address < before.size() || !lookup.is_code(address - 1) ||
        !read_code(address - before.size(), before, lookup)) {
        return Follows::kNo;
    }
    if (before[3] == 0xe8) {
        std::int32_t distance = 0;
        std::memcpy(&distance, &before[4], sizeof distance);
        const Address target = address + static_cast<Address>(std::int64_t{distance});
        // A call of another address may still lead here: through the procedure linkage table.
        return target == function       ? Follows::kCertainly
               : lookup.is_code(target) ? Follows::kPerhaps
                                        : Follows::kNo;
    }
    // call *disp32(%rip or register), call *disp8(register), call *(register), call *register
    const bool pointer = (before[2] == 0xff && (before[3] & 0x38U) == 0x10U) ||
                         (before[5] == 0xff && (before[6] & 0x38U) == 0x10U) ||
                         (before[6] == 0xff && (before[7] & 0x38U) == 0x10U);
    return pointer ? Follows::kPerhaps : Follows::kNo;
}

}  // namespace

std::optional<std::uint64_t> recover_frame_pointer(Address function, Address sp, Address stack_end,
                                                   const FrameLookup& lookup)
{
    Code code{};
    if (!read_code(function, code, lookup) || !sets_up_rbp(code)) {
        return std::nullopt;
    }
    const std::uint64_t size = frame_size(code);
    std::optional<std::uint64_t> found;
    Follows best = Follows::kNo;
    bool several = false;
    for (unsigned saved = 0; saved <= kMaxSaved; ++saved) {
        const Address candidate = sp + size + saved * kWord;
        if (candidate < sp || candidate % kWord != 0 || candidate + 2 * kWord > stack_end) {
            continue;
        }
        const auto caller_rbp = lookup.word(candidate);
        const auto return_address = lookup.word(candidate + kWord);
        if (!caller_rbp || !return_address) {
            continue;
        }
        const Follows follows = follows_call(*return_address, function, lookup);
        // A small caller's own frame, right above, looks like this one's: who calls it counts more.
        several = follows == best ? true : follows > best ? false : several;
        if (follows > best) {
            best = follows;
            found = candidate;
        }
    }
    return several ? std::nullopt : found;  // two fit alike: nothing is known
}

}  // namespace lwpi
