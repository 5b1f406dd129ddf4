#include "target/lines.h"

#include <elfutils/libdw.h>
#include <elfutils/libdwelf.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <memory>
#include <string_view>

#include "target/confined.h"

namespace lwpi {
namespace {

constexpr std::size_t kMaxPath = 4096;

struct DwarfCloser {
    void operator()(Dwarf* dwarf) const { ::dwarf_end(dwarf); }
};
using DwarfHandle = std::unique_ptr<Dwarf, DwarfCloser>;

bool is_regular(int fd)
{
    struct stat file {};
    return ::fstat(fd, &file) == 0 && S_ISREG(file.st_mode);
}

// The debug information of an open file, if it is the file meant and has some. Anybody may have
// written it: only in the confined child.
DwarfHandle open_dwarf(int fd, const std::string& build_id)
{
    // Read, not mapped: a file that shrinks meanwhile gives an error here, not SIGBUS.
    DwarfHandle dwarf(::dwarf_begin(fd, DWARF_C_READ));
    const void* id = nullptr;
    const ssize_t size = dwarf ? ::dwelf_elf_gnu_build_id(::dwarf_getelf(dwarf.get()), &id) : -1;
    const bool same = size > 0 && to_hex({static_cast<const std::byte*>(id),
                                          static_cast<std::size_t>(size)}) == build_id;
    return same ? std::move(dwarf) : nullptr;
}

// The unit that an address belongs to; compilers need not write the table that says so.
bool find_unit(Dwarf* dwarf, std::uint64_t address, Dwarf_Die& unit)
{
    if (::dwarf_addrdie(dwarf, address, &unit) != nullptr) {
        return true;
    }
    Dwarf_CU* next = nullptr;
    while (::dwarf_get_units(dwarf, next, &next, nullptr, nullptr, &unit, nullptr) == 0) {
        if (::dwarf_haspc(&unit, address) == 1) {
            return true;
        }
    }
    return false;
}

SourceLine line_at(Dwarf* dwarf, std::uint64_t address)
{
    Dwarf_Die unit;
    if (!find_unit(dwarf, address, unit)) {
        return {};
    }
    Dwarf_Line* const line = ::dwarf_getsrc_die(&unit, address);
    const char* const file = line == nullptr ? nullptr : ::dwarf_linesrc(line, nullptr, nullptr);
    int number = 0;
    if (file == nullptr || ::dwarf_lineno(line, &number) != 0 || number <= 0) {
        return {};
    }
    return {std::string(file, ::strnlen(file, kMaxPath)), static_cast<std::uint32_t>(number)};
}

// In the child: one line an address, its number, a blank, and the file.
std::string collect(const std::vector<int>& files, const std::string& build_id,
                    const std::vector<std::uint64_t>& addresses)
{
    std::vector<DwarfHandle> found;
    for (const int fd : files) {
        found.push_back(open_dwarf(fd, build_id));
    }
    std::string answer;
    for (const std::uint64_t address : addresses) {
        SourceLine line;
        for (const DwarfHandle& dwarf : found) {
            if (dwarf && line.file.empty()) {
                line = line_at(dwarf.get(), address);
            }
        }
        std::replace(line.file.begin(), line.file.end(), '\n', '?');
        answer += fmt::format("{} {}\n", line.line, line.file);
    }
    return answer;
}

// What it answered; anything but one whole line an address means nothing.
std::vector<SourceLine> parse(std::string_view answer, std::size_t count)
{
    std::vector<SourceLine> lines;
    while (lines.size() < count) {
        SourceLine line;
        const std::size_t end = answer.find('\n');
        if (end == std::string_view::npos) {
            return std::vector<SourceLine>(count);
        }
        const char* const last = answer.data() + end;
        const auto [blank, error] = std::from_chars(answer.data(), last, line.line);
        if (error == std::errc() && blank != last && *blank == ' ') {
            line.file.assign(blank + 1, last);
        }
        lines.push_back(std::move(line));
        answer.remove_prefix(end + 1);
    }
    return lines;
}

}  // namespace

std::vector<SourceLine> lines_at(const ModuleFiles& files, const Module& module,
                                 const std::vector<Address>& addresses)
{
    if (module.build_id.size() < 3) {
        return std::vector<SourceLine>(addresses.size());
    }
    std::vector<UniqueFd> candidates = files.open(module);
    candidates.push_back(open_debug_file(module.build_id));
    std::vector<int> descriptors;
    for (const UniqueFd& fd : candidates) {
        if (fd && is_regular(fd.get())) {
            descriptors.push_back(fd.get());
        }
    }
    std::vector<std::uint64_t> own;  // as the file counts
    for (const Address address : addresses) {
        own.push_back(address - module.bias);
    }
    ConfinedLimits limits;
    limits.memory = std::size_t{512} << 20U;  // debug information is large, and was asked for
    limits.cpu_seconds = 5;
    const auto answer = run_confined(
        descriptors, [&] { return collect(descriptors, module.build_id, own); }, limits);
    return parse(answer.value_or(""), addresses.size());
}

}  // namespace lwpi
