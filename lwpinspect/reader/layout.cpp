#include "reader/layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace lwpi {
namespace {

std::string text_at(const char* bytes, std::size_t size)
{
    return {bytes, ::strnlen(bytes, size)};
}

std::vector<SlabRange> slabs_of(const lwpt_slab* slabs, std::uint32_t count)
{
    std::vector<SlabRange> ranges;
    for (const lwpt_slab& slab : std::span(slabs, count)) {
        if (slab.count != 0) {
            ranges.push_back({slab.address, slab.record_size, slab.count});
        }
    }
    return ranges;
}

std::uint64_t load(const std::byte* bytes, std::size_t width)
{
    std::uint64_t value = 0;
    std::memcpy(&value, bytes, width);  // little endian on both sides
    return value;
}

std::int64_t extend_sign(std::uint64_t value, unsigned width)
{
    const unsigned unused = 64 - width * 8;
    return static_cast<std::int64_t>(value << unused) >> unused;
}

bool is_number_width(std::uint16_t width)
{
    return width == 1 || width == 2 || width == 4 || width == 8;
}

const char* unknown_prefix(lwpt_enumeration kind)
{
    switch (kind) {
        case LWPT_THREAD_STATE:
        case LWPT_LWP_STATE:
            return "state";
        case LWPT_WAIT_KIND:
            return "wait";
        case LWPT_THREAD_FLAG:
            return "flag";
        case LWPT_CONSTANT:
            return "constant";
    }
    return "value";
}

}  // namespace

Layout::Layout(const lwpt_debug& descriptor)
    : thread_slabs_(slabs_of(&descriptor.thread_slabs[0], descriptor.thread_slab_count)),
      lwp_slabs_(slabs_of(&descriptor.lwp_slabs[0], descriptor.lwp_slab_count)),
      fields_(LWPT_SLOT_COUNT, lwpt_field{LWPT_NOT_PROVIDED, 0}),
      process_(descriptor.process)
{
    const std::size_t known = std::min<std::size_t>(descriptor.field_count, LWPT_SLOT_COUNT);
    std::copy_n(&descriptor.fields[0], known, fields_.begin());
    for (const lwpt_name& entry : std::span(&descriptor.names[0], descriptor.name_count)) {
        names_.push_back(
            {entry.enumeration, entry.value, text_at(&entry.name[0], sizeof entry.name)});
    }
}

std::optional<std::uint64_t> Layout::number(RecordBytes record, Slot slot) const
{
    const lwpt_field at = field(slot);
    if (at.offset == LWPT_NOT_PROVIDED || !is_number_width(at.width) ||
        std::size_t{at.offset} + at.width > record.size()) {
        return std::nullopt;
    }
    return load(record.data() + at.offset, at.width);
}

std::optional<std::int64_t> Layout::signed_number(RecordBytes record, Slot slot) const
{
    const auto value = number(record, slot);
    return value ? std::optional(extend_sign(*value, field(slot).width)) : std::nullopt;
}

std::string Layout::text(RecordBytes record, Slot slot) const
{
    const lwpt_field at = field(slot);
    if (at.offset == LWPT_NOT_PROVIDED || std::size_t{at.offset} + at.width > record.size()) {
        return {};
    }
    constexpr std::size_t kLongest = 256;
    return text_at(reinterpret_cast<const char*>(record.data() + at.offset),
                   std::min<std::size_t>(at.width, kLongest));
}

std::optional<std::uint64_t> Layout::read_number(Memory& memory, Address address, Slot slot) const
{
    const lwpt_field at = field(slot);
    std::array<std::byte, 8> bytes{};
    if (at.offset == LWPT_NOT_PROVIDED || !is_number_width(at.width) ||
        address > kAddressEnd - at.offset) {
        return std::nullopt;
    }
    const auto into = std::span(bytes).first(at.width);
    if (memory.read(address + at.offset, into) != into.size()) {
        return std::nullopt;
    }
    return load(bytes.data(), at.width);
}

std::string Layout::name(lwpt_enumeration kind, std::uint64_t value) const
{
    for (const Named& entry : names_) {
        if (entry.kind == kind && entry.value == value) {
            return entry.name;
        }
    }
    return fmt::format("{}_{}", unknown_prefix(kind), value);
}

std::vector<std::string> Layout::flag_names(std::uint64_t flags) const
{
    std::vector<std::string> found;
    for (std::uint64_t bit = 1; bit != 0 && bit <= flags; bit <<= 1U) {
        if ((flags & bit) != 0) {
            found.push_back(name(LWPT_THREAD_FLAG, bit));
        }
    }
    return found;
}

std::optional<std::uint64_t> Layout::constant(std::string_view wanted) const
{
    for (const Named& entry : names_) {
        if (entry.kind == LWPT_CONSTANT && entry.name == wanted) {
            return entry.value;
        }
    }
    return std::nullopt;
}

}  // namespace lwpi
