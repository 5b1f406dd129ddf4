#include "commands/completion.h"

#include <fmt/format.h>

#include "commands/commands.h"
#include "support/error.h"
#include "support/escape.h"

namespace lwpi {
namespace {

// PIDs with their names: what a target may be. Thread ids are not completed: that needs a look at
// the process.
constexpr const char* kBashHead = R"sh(# bash completion for lwpinspect
_lwpinspect_targets() {
    local stat
    for stat in /proc/[0-9]*/comm; do
        printf '%s\n' "${stat//[!0-9]/}"
    done
}
_lwpinspect() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} verb= i
    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
)sh";

constexpr const char* kBashTail = R"sh(    if [[ $word == -* ]]; then
        COMPREPLY=($(compgen -W "$options" -- "$word"))
    elif [[ -z $verb ]]; then
        COMPREPLY=($(compgen -W "$verbs $(_lwpinspect_targets)" -- "$word"))
    else
        COMPREPLY=($(compgen -W "$(_lwpinspect_targets)" -- "$word") $(compgen -f -- "$word"))
    fi
}
complete -F _lwpinspect lwpinspect
)sh";

std::string names_of(const std::vector<OptionRow>& options)
{
    std::string names;
    for (const OptionRow& option : options) {
        for (const std::string& name : option.names) {
            names += (names.empty() ? "" : " ") + name;
        }
    }
    return names;
}

std::string file_options(const CommandTable& table)
{
    std::string names;
    const auto add = [&](const std::vector<OptionRow>& options) {
        for (const OptionRow& option : options) {
            if (option.argument == "FILE" || option.argument == "DIR") {
                for (const std::string& name : option.names) {
                    names += (names.empty() ? "" : "|") + name;
                }
            }
        }
    };
    add(table.global);
    for (const VerbRow& verb : table.verbs) {
        add(verb.options);
    }
    return names;
}

std::string bash(const CommandTable& table)
{
    std::string verbs;
    std::string cases;
    std::string alternatives;
    for (const VerbRow& verb : table.verbs) {
        verbs += (verbs.empty() ? "" : " ") + verb.name;
        alternatives += (alternatives.empty() ? "" : "|") + verb.name;
        cases +=
            fmt::format("        {}) options+=\" {}\" ;;\n", verb.name, names_of(verb.options));
    }
    return fmt::format(
        "{}            {}) verb=${{COMP_WORDS[i]}}; break ;;\n        esac\n    done\n"
        "    local verbs=\"{}\" options=\"{}\"\n    case $verb in\n{}    esac\n"
        "    case $before in\n"
        "        {}) COMPREPLY=($(compgen -f -- \"$word\")); return ;;\n"
        "        --color) COMPREPLY=($(compgen -W \"auto always never\" -- \"$word\")); return ;;\n"
        "        completion) COMPREPLY=($(compgen -W \"bash zsh fish\" -- \"$word\")); return ;;\n"
        "    esac\n{}",
        kBashHead, alternatives, verbs, names_of(table.global), cases, file_options(table),
        kBashTail);
}

// For a word in single quotes of zsh or fish.
std::string quoted(const std::string& text)
{
    std::string out;
    for (const char letter : text) {
        out += letter == '\'' ? std::string("\\'") : std::string(1, letter);
    }
    return out;
}

// zsh takes brackets and colons in an explanation for its own.
std::string zsh_text(const std::string& text)
{
    std::string out;
    for (const char letter : text) {
        out += letter == '['                     ? '('
               : letter == ']'                   ? ')'
               : letter == ':' || letter == '\'' ? ' '
                                                 : letter;
    }
    return out;
}

std::string zsh_options(const std::vector<OptionRow>& options, std::string_view indent)
{
    std::string out;
    for (const OptionRow& option : options) {
        for (const std::string& name : option.names) {
            const std::string action = option.argument.empty()     ? ""
                                       : option.argument == "FILE" ? ":file:_files"
                                       : option.argument == "DIR"
                                           ? ":folder:_files -/"
                                           : ":" + zsh_text(option.argument) + ":";
            out += fmt::format("{}'{}[{}]{}' \\\n", indent, name, zsh_text(option.help), action);
        }
    }
    return out;
}

std::string zsh(const CommandTable& table)
{
    std::string out = "#compdef lwpinspect\n_lwpinspect() {\n    local -a verbs\n    verbs=(\n";
    for (const VerbRow& verb : table.verbs) {
        out += fmt::format("        '{}:{}'\n", verb.name, zsh_text(verb.help));
    }
    out +=
        "    )\n    _lwpinspect_target() { _alternative 'pids:process:_pids' "
        "'files:file:_files' }\n    local state\n    _arguments -C \\\n" +
        zsh_options(table.global, "        ") +
        "        '1:verb:->verb' '*::argument:->rest' && return\n    case $state in\n"
        "        verb) _describe verb verbs; _lwpinspect_target ;;\n        rest) case "
        "$words[1] in\n";
    for (const VerbRow& verb : table.verbs) {
        out += fmt::format(
            "            {}) _arguments \\\n{}                '*:target:"
            "_lwpinspect_target' ;;\n",
            verb.name, zsh_options(verb.options, "                "));
    }
    return out + "        esac ;;\n    esac\n}\n_lwpinspect \"$@\"\n";
}

std::string fish_option(const OptionRow& option, const std::string& condition)
{
    std::string line = "complete -c lwpinspect";
    if (!condition.empty()) {
        line += fmt::format(" -n '__fish_seen_subcommand_from {}'", condition);
    }
    for (const std::string& name : option.names) {
        line += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
    }
    line += option.argument.empty()                                 ? ""
            : option.argument == "FILE" || option.argument == "DIR" ? " -r -F"
                                                                    : " -x";
    return line + fmt::format(" -d '{}'\n", quoted(option.help));
}

std::string fish(const CommandTable& table)
{
    std::string verbs;
    for (const VerbRow& verb : table.verbs) {
        verbs += (verbs.empty() ? "" : " ") + verb.name;
    }
    std::string out = "# fish completion for lwpinspect\n";
    for (const VerbRow& verb : table.verbs) {
        out += fmt::format(
            "complete -c lwpinspect -n 'not __fish_seen_subcommand_from {}' -a {} "
            "-d '{}'\n",
            verbs, verb.name, quoted(verb.help));
    }
    out += "complete -c lwpinspect -a '(__fish_complete_pids)'\n";
    for (const OptionRow& option : table.global) {
        out += fish_option(option, "");
    }
    for (const VerbRow& verb : table.verbs) {
        for (const OptionRow& option : verb.options) {
            out += fish_option(option, verb.name);
        }
    }
    return out;
}

}  // namespace

std::string completion_script(const std::string& shell, const CommandTable& table)
{
    if (shell == "bash") {
        return bash(table);
    }
    if (shell == "zsh") {
        return zsh(table);
    }
    if (shell == "fish") {
        return fish(table);
    }
    throw TargetError(ExitCode::kUsage, fmt::format("no completion for \"{}\": bash, zsh or fish.",
                                                    printable(shell)));
}

int run_completion(const Options& options)
{
    fmt::print("{}", completion_script(options.target, command_table()));
    return static_cast<int>(ExitCode::kDone);
}

}  // namespace lwpi
