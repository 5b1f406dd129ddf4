// Thread-specific data. Keys are pthread keys, so that both interfaces see the same values; when
// those run out, further keys are ours alone. Key 0 is never given out.
#pragma once

#include <cstdint>

#include "base/error.h"
#include "sched/thread.h"

namespace lt {

using KeyDestructor = void (*)(void*);

// kLimit: no more keys.
Error create_key(std::uint32_t& key, KeyDestructor destructor) noexcept;

// Creates the key once for all callers; `key` holds ~0 before.
Error create_key_once(std::uint32_t& key, KeyDestructor destructor) noexcept;

// Ends a key; its values are forgotten and its destructor runs no more. kInvalid: no such key.
Error delete_key(std::uint32_t key) noexcept;

// kInvalid: no such key; kNoMemory.
Error set_specific(Thread& self, std::uint32_t key, void* value) noexcept;
Error get_specific(Thread& self, std::uint32_t key, void*& value) noexcept;

}  // namespace lt
