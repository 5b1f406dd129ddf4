// Thread-specific data of a thread that ends, beside tcb_tsd_round().
#pragma once

namespace lt::os {

// Whether a round may find a value.
bool tcb_tsd_used() noexcept;

// The next round looks, although a destructor was left by an unwinding in this one.
void tcb_tsd_use() noexcept;

}  // namespace lt::os
