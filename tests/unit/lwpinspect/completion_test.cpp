// The command line as the program, the manual page and the shells know it: one list.
#include "commands/completion.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <regex>
#include <set>
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

// The options that each verb has in the manual; under "" the global ones.
std::map<std::string, std::set<std::string>> documented()
{
    static const std::regex kOption(R"((?:^|[ ",])(--?[A-Za-z][A-Za-z-]*))");
    static const std::regex kFonts(R"(\\f[A-Z])");
    std::map<std::string, std::set<std::string>> found;
    std::ifstream file(MANUAL);
    std::string section;
    std::string verb;
    int depth = 0;
    bool tagged = false;  // the line after .TP
    for (std::string line; std::getline(file, line);) {
        if (line.rfind(".SH ", 0) == 0) {
            section = line.substr(4);
            verb.clear();
        }
        depth += line == ".RS" ? 1 : line == ".RE" ? -1 : 0;
        const bool tag = std::exchange(tagged, line == ".TP");
        if (!tag || (section != "VERBS" && section != "GLOBAL OPTIONS")) {
            continue;
        }
        line = std::regex_replace(line.substr(line.find(' ') + 1), kFonts, "");
        std::erase(line, '\\');
        if (section == "VERBS" && depth == 0) {
            verb = line.substr(0, line.find(' '));
            found[verb];
        } else {
            for (std::sregex_iterator at(line.begin(), line.end(), kOption), end; at != end; ++at) {
                found[verb].insert((*at)[1]);
            }
        }
    }
    return found;
}

std::set<std::string> names_of(const std::vector<OptionRow>& rows)
{
    std::set<std::string> names;
    for (const OptionRow& row : rows) {
        names.insert(row.names.begin(), row.names.end());
    }
    return names;
}

bool has_program(const char* name)
{
    return std::system((std::string("command -v ") + name + " > /dev/null").c_str()) == 0;
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
    EXPECT_EQ(table.verbs.size(), 15U);
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

TEST(Completion, TheManualHasTheOptionsOfEachVerbAndNoOthers)
{
    const auto manual = documented();
    const CommandTable table = command_table();
    EXPECT_EQ(manual.at(""), names_of(table.global));
    EXPECT_EQ(manual.size(), table.verbs.size() + 1);
    for (const VerbRow& verb : table.verbs) {
        SCOPED_TRACE(verb.name);
        ASSERT_EQ(manual.count(verb.name), 1U);
        EXPECT_EQ(manual.at(verb.name), names_of(verb.options));
    }
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

// Where these shells are installed.
TEST(Completion, ZshAndFishTakeTheirs)
{
    for (const char* shell : {"zsh", "fish"}) {
        if (has_program(shell)) {
            const std::string path = testing::TempDir() + "lwpinspect_completion." + shell;
            std::ofstream(path) << completion_script(shell, command_table());
            EXPECT_EQ(std::system((std::string(shell) + " -n " + path).c_str()), 0) << path;
            std::remove(path.c_str());
        }
    }
}
