// The head of an ELF file that a test makes up.
#pragma once

#include <elf.h>

#include <cstdint>
#include <cstring>

namespace elf_image {

// Without segments and sections: where these are is for the test to say.
inline Elf64_Ehdr header(std::uint16_t type)
{
    Elf64_Ehdr made{};
    std::memcpy(&made.e_ident[0], ELFMAG, SELFMAG);
    made.e_ident[EI_CLASS] = ELFCLASS64;
    made.e_ident[EI_DATA] = ELFDATA2LSB;
    made.e_ident[EI_VERSION] = EV_CURRENT;
    made.e_type = type;
    made.e_machine = EM_X86_64;
    made.e_version = EV_CURRENT;
    made.e_ehsize = sizeof made;
    made.e_phentsize = sizeof(Elf64_Phdr);
    made.e_shentsize = sizeof(Elf64_Shdr);
    return made;
}

}  // namespace elf_image
