// Memory as processors see it that keep stores back in a buffer each, as x86-64 does: a store
// leaves the buffer at some later time, in order.
#pragma once

#include <array>
#include <cstdint>

#include "explorer.h"

namespace models {

template <std::size_t kWords, std::size_t kProcessors>
struct StoreBuffers {
    struct Store {
        std::uint8_t word;
        std::uint8_t value;
    };
    struct Buffer {
        std::uint8_t count;
        std::array<Store, 4> stores;
    };

    std::array<std::uint8_t, kWords> words;
    std::array<Buffer, kProcessors> buffers;

    std::uint8_t& operator[](std::size_t word) { return words.at(word); }
    const std::uint8_t& operator[](std::size_t word) const { return words.at(word); }

    // What the processor itself would read.
    [[nodiscard]] std::uint8_t latest(std::size_t processor, std::uint8_t word) const
    {
        std::uint8_t value = words.at(word);
        const Buffer& buffer = buffers.at(processor);
        for (std::size_t i = 0; i < buffer.count; ++i) {
            value = buffer.stores.at(i).word == word ? buffer.stores.at(i).value : value;
        }
        return value;
    }

    // The buffer lets go of its oldest store; kBlocked: there is none.
    Step drain_one(std::size_t processor)
    {
        Buffer& buffer = buffers.at(processor);
        if (buffer.count == 0) {
            return Step::kBlocked;
        }
        words.at(buffer.stores[0].word) = buffer.stores[0].value;
        for (std::size_t i = 1; i < buffer.stores.size(); ++i) {
            buffer.stores.at(i - 1) = buffer.stores.at(i);
        }
        buffer.stores.back() = {};
        --buffer.count;
        return Step::kStepped;
    }

    // A fence, or what a locked instruction does first.
    void drain(std::size_t processor)
    {
        while (drain_one(processor) == Step::kStepped) {}
    }

    // What membarrier does.
    void drain_all()
    {
        for (std::size_t i = 0; i < kProcessors; ++i) {
            drain(i);
        }
    }

    void store(std::size_t processor, std::uint8_t word, std::uint8_t value)
    {
        Buffer& buffer = buffers.at(processor);
        if (buffer.count == buffer.stores.size()) {
            drain_one(processor);
        }
        buffer.stores.at(buffer.count++) = {word, value};
    }
};

}  // namespace models
