#include <algorithm>

#include "unwind/unwinder.h"

namespace lwpi {
namespace {

constexpr std::size_t kPageSize = 4096;
constexpr std::size_t kMaxPages = 16 * 1024;

}  // namespace

const PageCache::Page& PageCache::page(Address start)
{
    auto found = pages_.find(start);
    if (found == pages_.end()) {
        if (pages_.size() >= kMaxPages) {
            pages_.clear();
        }
        auto fresh = std::make_unique<Page>();
        fresh->got = memory_.read(start, fresh->bytes);
        found = pages_.emplace(start, std::move(fresh)).first;
    }
    return *found->second;
}

bool PageCache::read(Address address, std::span<std::byte> into)
{
    while (!into.empty()) {
        if (address > kAddressEnd) {
            return false;
        }
        const std::size_t offset = address % kPageSize;
        const Page& source = page(address - offset);
        const std::size_t length = std::min(into.size(), kPageSize - offset);
        if (source.got < offset + length) {
            return false;
        }
        std::copy_n(source.bytes.begin() + static_cast<std::ptrdiff_t>(offset), length,
                    into.begin());
        into = into.subspan(length);
        address += length;
    }
    return true;
}

std::optional<std::uint64_t> PageCache::word(Address address)
{
    std::uint64_t value = 0;
    return read(address, std::as_writable_bytes(std::span(&value, 1))) ? std::optional(value)
                                                                       : std::nullopt;
}

}  // namespace lwpi
