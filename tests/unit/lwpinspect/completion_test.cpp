// The command line as the program, the manual page and the shells know it: one list.
#include "commands/completion.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "support/error.h"

using namespace lwpi;

namespace {

std::string manual()
{
    std::ifstream file(MANUAL);
    std::ostringstream text;
    text << file.rdbuf();
    std::string plain = text.str();
    std::erase(plain, '\\');
    return plain;
}

template <typename Visit>
void for_each_option(const CommandTable& table, Visit visit)
{
    std::for_each(table.global.begin(), table.global.end(), visit);
    for (const VerbRow& verb : table.verbs) {
        std::for_each(verb.options.begin(), verb.options.end(), visit);
    }
}

}  // namespace

TEST(Completion, TheManualHasEveryVerbAndOption)
{
    const std::string text = manual();
    ASSERT_GT(text.size(), 1000U);
    const CommandTable table = command_table();
    EXPECT_EQ(table.verbs.size(), 13U);
    for (const VerbRow& verb : table.verbs) {
        EXPECT_NE(text.find(verb.name), std::string::npos) << verb.name;
        EXPECT_FALSE(verb.help.empty()) << verb.name;
    }
    for_each_option(table, [&](const OptionRow& option) {
        for (const std::string& name : option.names) {
            EXPECT_NE(text.find(name), std::string::npos) << name;
        }
        EXPECT_FALSE(option.help.empty()) << option.names[0];
    });
}

TEST(Completion, EveryShellGetsEveryVerbAndOption)
{
    const CommandTable table = command_table();
    for (const char* shell : {"bash", "zsh", "fish"}) {
        const std::string script = completion_script(shell, table);
        for (const VerbRow& verb : table.verbs) {
            EXPECT_NE(script.find(verb.name), std::string::npos) << shell << verb.name;
        }
        for_each_option(table, [&](const OptionRow& option) {
            const std::string& name = option.names.back();
            const std::string bare = name.substr(name.find_first_not_of('-'));
            EXPECT_NE(script.find(bare), std::string::npos) << shell << name;
        });
    }
    EXPECT_THROW(static_cast<void>(completion_script("csh", table)), TargetError);
}

TEST(Completion, BashTakesItsScript)
{
    const std::string path = testing::TempDir() + "lwpinspect_completion.bash";
    std::ofstream(path) << completion_script("bash", command_table());
    const std::string ask = "bash -n " + path + " && bash -c 'source " + path +
                            "; COMP_WORDS=(lwpinspect dead); COMP_CWORD=1; _lwpinspect; "
                            "test \"$COMPREPLY\" = deadlocks && COMP_WORDS=(lwpinspect ps --us); "
                            "COMP_CWORD=2; _lwpinspect; test \"$COMPREPLY\" = --users'";
    EXPECT_EQ(std::system(ask.c_str()), 0) << ask;
    std::remove(path.c_str());
}
