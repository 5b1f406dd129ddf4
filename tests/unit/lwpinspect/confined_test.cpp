// Work in a confined child, and the symbols read there.
#include "target/confined.h"

#include <elf.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>

#include "support/elf_image.h"
#include "support/unique_fd.h"
#include "target/demangle.h"
#include "target/symbols.h"

using namespace lwpi;

namespace {

ConfinedLimits quick()
{
    ConfinedLimits limits;
    limits.time = std::chrono::milliseconds(200);
    return limits;
}

UniqueFd own_program()
{
    return UniqueFd(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
}

std::string never_ends()
{
    for (;;) {
        ::sched_yield();
    }
}

std::string word(bool yes)
{
    return yes ? "yes" : "no";
}

}  // namespace

TEST(Confined, AnswersWithItsWork)
{
    EXPECT_EQ(run_confined({}, [] { return std::string("answer"); }), "answer");
    EXPECT_EQ(run_confined({}, [] { return std::string(); }), "");
    const std::string large(5'000'000, 'x');
    EXPECT_EQ(run_confined({}, [&] { return large; }), large);
}

TEST(Confined, MayReadWhatItWasGivenAndNothingElse)
{
    const UniqueFd given = own_program();
    const UniqueFd other = own_program();
    const int files[] = {given.get()};
    const auto answer = run_confined(files, [&] {
        char byte = 0;
        return word(::pread(given.get(), &byte, 1, 0) == 1) + ' ' +
               word(::pread(other.get(), &byte, 1, 0) == 1) + ' ' +
               word(::open("/proc/self/exe", O_RDONLY) >= 0) + ' ' + word(::fork() == 0) + ' ' +
               word(::kill(::getpid(), 0) == 0) + ' ' +
               word(::socket(AF_UNIX, SOCK_STREAM, 0) >= 0);
    });
    EXPECT_EQ(answer, "yes no no no no no");
}

TEST(Confined, HasNoAnswerBeyondItsLimits)
{
    EXPECT_EQ(run_confined({}, []() -> std::string { std::abort(); }), std::nullopt);
    EXPECT_EQ(run_confined({}, []() -> std::string { throw 1; }), std::nullopt);
    EXPECT_EQ(run_confined({}, []() -> std::string { ::_exit(0); }), std::nullopt);
    EXPECT_EQ(run_confined({}, &never_ends, quick()), std::nullopt);
    EXPECT_EQ(run_confined({}, [] { return std::string(std::size_t{1} << 29U, 'x'); }),
              std::nullopt);
    ConfinedLimits short_answer;
    short_answer.answer = 1000;
    EXPECT_EQ(run_confined(
                  {}, [] { return std::string(100'000, 'x'); }, short_answer),
              std::nullopt);
}

TEST(Confined, LeavesNoChildBehind)
{
    const auto answer = run_confined({}, [] { return std::to_string(::getpid()); });
    ASSERT_TRUE(answer);
    EXPECT_EQ(::kill(std::stoi(*answer), 0), -1);
}

TEST(Demangle, ShowsNamesAndLeavesOthersAlone)
{
    const auto names = demangle_confined({"_ZN4lwpi5SleepEv", "main", "_Znonsense"});
    ASSERT_TRUE(names);
    EXPECT_EQ(*names, (std::vector<std::string>{"lwpi::Sleep()", "main", "_Znonsense"}));
}

// Each parameter is a pair of the one before: some hundred letters for more than any memory holds.
TEST(Demangle, GivesUpOnNamesThatStandForGigabytes)
{
    std::string bomb = "_Z1fSt4pairIiiE";
    for (const char level : std::string("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")) {
        bomb += std::string("S_IS") + level + "_S" + level + "_E";
    }
    const auto names = demangle_confined({bomb});
    EXPECT_TRUE(!names || names->at(0) == bomb);
}

TEST(SymbolFile, FindsTheFunctionsOfThisProgram)
{
    const UniqueFd program = own_program();
    SymbolFiles files;
    files.candidates = {program.get()};
    const auto tables = read_symbols(files);
    ASSERT_TRUE(tables);
    bool found = false;
    for (const Symbol& symbol : tables->code) {
        found = found || std::strcmp(tables->names.c_str() + symbol.name, "main") == 0;
    }
    EXPECT_TRUE(found);
    files.build_id = "00";
    EXPECT_TRUE(read_symbols(files)->code.empty());  // another file than the one that is mapped
}

// Every byte of the headers and of the ends of tables wrong in turn: an answer or none, no crash.
TEST(SymbolFile, SurvivesDamage)
{
    struct Image {
        Elf64_Ehdr header;
        Elf64_Shdr sections[4];
        Elf64_Sym symbols[4];
        char names[32];
    } image{};
    image.header = elf_image::header(ET_DYN);
    image.header.e_shoff = offsetof(Image, sections);
    image.header.e_shnum = 3;
    Elf64_Shdr& table = image.sections[1];
    table.sh_type = SHT_SYMTAB;
    table.sh_offset = offsetof(Image, symbols);
    table.sh_size = sizeof image.symbols;
    table.sh_entsize = sizeof(Elf64_Sym);
    table.sh_link = 2;
    Elf64_Shdr& names = image.sections[2];
    names.sh_type = SHT_STRTAB;
    names.sh_offset = offsetof(Image, names);
    names.sh_size = sizeof image.names;
    std::memcpy(&image.names[1], "_inner\0outer", 13);
    // Of two names for one function, the one without the underscore.
    image.symbols[1] = {1, ELF64_ST_INFO(STB_GLOBAL, STT_FUNC), 0, 1, 0x1000, 0x10};
    image.symbols[2] = {2, ELF64_ST_INFO(STB_GLOBAL, STT_FUNC), 0, 1, 0x1000, 0x10};
    image.symbols[3] = {8, ELF64_ST_INFO(STB_GLOBAL, STT_FUNC), 0, 1, 0x0800, 0x1000};
    const auto tables_of = [](Image copy) {
        SymbolFiles files;
        files.image = std::as_writable_bytes(std::span(&copy, 1));
        return parse_symbols(collect_symbols(files));
    };
    const auto whole = tables_of(image);
    ASSERT_TRUE(whole);
    EXPECT_EQ(find_symbol(*whole, 0x1008, SymbolKind::kCode)->name, "inner");
    EXPECT_EQ(find_symbol(*whole, 0x1100, SymbolKind::kCode)->name, "outer");
    EXPECT_FALSE(find_symbol(*whole, 0x2000, SymbolKind::kCode));
    for (std::size_t at = 0; at < sizeof image; ++at) {
        for (const int value : {0x00, 0x7f, 0x80, 0xff}) {
            Image wrong = image;
            std::memset(reinterpret_cast<char*>(&wrong) + at, value, 1);
            static_cast<void>(tables_of(wrong));
        }
    }
}

TEST(SymbolFile, BelievesNoNumberOfAnAnswer)
{
    EXPECT_FALSE(parse_symbols(""));
    EXPECT_FALSE(parse_symbols(std::string(16, '\xff')));
    const std::uint64_t head[] = {1, 0};
    const Symbol wild{0, 1, 1000, 0};
    std::string answer(reinterpret_cast<const char*>(&head[0]), sizeof head);
    answer.append(reinterpret_cast<const char*>(&wild), sizeof wild);
    EXPECT_FALSE(parse_symbols(answer + std::string("name\0", 5)));
    EXPECT_FALSE(parse_symbols(answer));
}

TEST(SymbolFile, GivesUpOnSparseGiants)
{
    const UniqueFd giant(::memfd_create("giant", MFD_CLOEXEC));
    ASSERT_TRUE(giant);
    ASSERT_EQ(::ftruncate(giant.get(), off_t{3} << 30U), 0);
    // An ELF header whose tables are as large as the file.
    Elf64_Ehdr header = elf_image::header(ET_DYN);
    header.e_shoff = sizeof header;
    header.e_shnum = 3;
    Elf64_Shdr sections[3]{};
    sections[1].sh_type = SHT_SYMTAB;
    sections[1].sh_offset = 4096;
    sections[1].sh_size = Elf64_Xword{2} << 30U;
    sections[1].sh_entsize = sizeof(Elf64_Sym);
    sections[1].sh_link = 2;
    sections[2].sh_type = SHT_STRTAB;
    sections[2].sh_offset = 4096;
    sections[2].sh_size = Elf64_Xword{2} << 30U;
    ASSERT_EQ(::pwrite(giant.get(), &header, sizeof header, 0), ssize_t{sizeof header});
    ASSERT_EQ(::pwrite(giant.get(), &sections[0], sizeof sections, sizeof header),
              ssize_t{sizeof sections});
    SymbolFiles files;
    files.candidates = {giant.get()};
    const auto tables = read_symbols(files);
    EXPECT_TRUE(!tables || tables->code.empty());
}
