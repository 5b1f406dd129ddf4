// Finds the unwind table for a program counter in the target's own memory.
#pragma once

#include <libunwind.h>

#include "target/modules.h"

namespace lwpi {

// What libunwind's find_proc_info must do. `accessor_argument` is handed to the accessors of
// `space`. -UNW_ENOINFO: no image there, or one without a table in the usual encoding.
int find_proc_info(const ModuleTable& modules, unw_addr_space_t space, unw_word_t pc,
                   unw_proc_info_t* info, int need_unwind_info, void* accessor_argument);

}  // namespace lwpi
