// Text without malloc or locale, for names and paths under /proc.
#pragma once

#include <cstddef>
#include <cstdint>

namespace lt::os {

// Writes `text` without its end, and returns where the next goes.
inline char* put_text(char* to, const char* text) noexcept
{
    while (*text != '\0') {
        *to++ = *text++;
    }
    return to;
}

// At most ten digits, likewise.
inline char* put_number(char* to, std::uint32_t number) noexcept
{
    char digits[10];
    std::size_t count = 0;
    do {
        digits[count++] = static_cast<char>('0' + number % 10);
        number /= 10;
    } while (number != 0);
    while (count > 0) {
        *to++ = digits[--count];
    }
    return to;
}

}  // namespace lt::os
