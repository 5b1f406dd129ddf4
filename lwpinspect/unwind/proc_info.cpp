#include "unwind/proc_info.h"

#include <array>
#include <cstring>

extern "C" {
// Exported by libunwind-x86_64 and declared in no installed header; a unit test fails to link, or
// to unwind, should a later version change it.
int _Ux86_64_dwarf_search_unwind_table(unw_addr_space_t space, unw_word_t pc, unw_dyn_info_t* table,
                                       unw_proc_info_t* info, int need_unwind_info,
                                       void* accessor_argument);
}

namespace lwpi {
namespace {

// .eh_frame_hdr: version 1, then the encodings: pointer to .eh_frame pc-relative sdata4, count
// udata4, table of data-relative sdata4 pairs.
constexpr std::array<unsigned char, 4> kUsualHeader{1, 0x1b, 0x03, 0x3b};
constexpr unw_word_t kHeaderSize = 12;
constexpr unw_word_t kEntrySize = 8;

bool read_word(unw_addr_space_t space, unw_word_t address, unw_word_t& value, void* argument)
{
    return unw_get_accessors(space)->access_mem(space, address, &value, 0, argument) == 0;
}

}  // namespace

int find_proc_info(const ModuleTable& modules, unw_addr_space_t space, unw_word_t pc,
                   unw_proc_info_t* info, int need_unwind_info, void* accessor_argument)
{
    const Module* const module = modules.find(pc);
    if (module == nullptr || module->unwind_size < kHeaderSize) {
        return -UNW_ENOINFO;
    }
    unw_word_t first = 0;
    unw_word_t second = 0;
    if (!read_word(space, module->unwind_header, first, accessor_argument) ||
        !read_word(space, module->unwind_header + 8, second, accessor_argument) ||
        std::memcmp(&first, kUsualHeader.data(), kUsualHeader.size()) != 0) {
        return -UNW_ENOINFO;
    }
    const unw_word_t count = second & 0xffffffffU;
    if (count == 0 || count > (module->unwind_size - kHeaderSize) / kEntrySize) {
        return -UNW_ENOINFO;
    }
    unw_dyn_info_t table{};
    table.format = UNW_INFO_FORMAT_REMOTE_TABLE;
    table.start_ip = module->start;
    table.end_ip = module->end;
    table.u.rti.segbase = module->unwind_header;
    table.u.rti.table_data = module->unwind_header + kHeaderSize;
    table.u.rti.table_len = count * kEntrySize / sizeof(unw_word_t);
    return _Ux86_64_dwarf_search_unwind_table(space, pc, &table, info, need_unwind_info,
                                              accessor_argument);
}

}  // namespace lwpi
