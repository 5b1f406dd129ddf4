#include "conformance/runner/options.h"

#include <getopt.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace conformance {
namespace {

constexpr int kMostJobs = 1024;

enum Option { kFilter = 1, kModel, kConcurrency, kMigrate, kMatrix, kLimit, kOnHang, kJson, kTap };

constexpr option kOptions[] = {{"filter", required_argument, nullptr, kFilter},
                               {"list", no_argument, nullptr, 'l'},
                               {"model", required_argument, nullptr, kModel},
                               {"concurrency", required_argument, nullptr, kConcurrency},
                               {"migrate", no_argument, nullptr, kMigrate},
                               {"matrix", no_argument, nullptr, kMatrix},
                               {"jobs", required_argument, nullptr, 'j'},
                               {"time-limit", required_argument, nullptr, kLimit},
                               {"on-hang", required_argument, nullptr, kOnHang},
                               {"json", no_argument, nullptr, kJson},
                               {"tap", no_argument, nullptr, kTap},
                               {"verbose", no_argument, nullptr, 'v'},
                               {"help", no_argument, nullptr, 'h'},
                               {nullptr, 0, nullptr, 0}};

std::vector<std::string> split(const std::string& list)
{
    std::vector<std::string> parts;
    std::size_t begin = 0;
    while (begin <= list.size()) {
        const std::size_t end = std::min(list.find(',', begin), list.size());
        if (end > begin) {
            parts.push_back(list.substr(begin, end - begin));
        }
        begin = end + 1;
    }
    return parts;
}

// A number from 1 to `most`; 0 if `text` is none.
int to_number(const std::string& text, int most)
{
    char* end = nullptr;
    const long value = std::strtol(text.c_str(), &end, 10);
    const bool valid = !text.empty() && *end == '\0' && value >= 1 && value <= most;
    return valid ? static_cast<int>(value) : 0;
}

// What the options about variants said; every model goes with every level.
struct Choice {
    std::vector<std::string> models;
    std::vector<int> levels;
    bool migrate = false;
    bool matrix = false;
    bool json = false;
    bool tap = false;

    [[nodiscard]] std::vector<platform::Variant> variants() const
    {
        if (matrix) {
            return {{"mn", 1, false},    {"mn", 2, false},    {"mn", 8, false},   {"mn", 2, true},
                    {"bound", 1, false}, {"bound", 2, false}, {"bound", 8, false}};
        }
        std::vector<platform::Variant> all;
        for (const std::string& model : models.empty() ? std::vector<std::string>{""} : models) {
            for (const int level : levels.empty() ? std::vector<int>{0} : levels) {
                all.push_back({model, level, migrate});
            }
        }
        return all;
    }
};

bool complain(const char* what, const char* value)
{
    std::fprintf(stderr, "thr_conformance: %s: %s\n", what, value);
    return false;
}

bool complain(const char* what)
{
    std::fprintf(stderr, "thr_conformance: %s\n", what);
    return false;
}

bool take_models(const char* list, Choice& choice)
{
    for (const std::string& model : split(list)) {
        if (model != "mn" && model != "hand" && model != "husk" && model != "bound") {
            return complain("no such model (mn, hand, husk, bound)", model.c_str());
        }
        choice.models.push_back(model);
    }
    return !choice.models.empty() || complain("--model takes names", list);
}

bool take_levels(const char* list, Choice& choice)
{
    for (const std::string& text : split(list)) {
        choice.levels.push_back(to_number(text, 1024));
        if (choice.levels.back() == 0) {
            return complain("--concurrency takes numbers from 1 to 1024", text.c_str());
        }
    }
    return !choice.levels.empty() || complain("--concurrency takes numbers from 1 to 1024", list);
}

bool take(int letter, Options& options, Choice& choice)
{
    switch (letter) {
        case kFilter:
            for (std::string& pattern : split(optarg)) {
                options.filters.push_back(std::move(pattern));
            }
            return true;
        case kModel:
            return take_models(optarg, choice);
        case kConcurrency:
            return take_levels(optarg, choice);
        case kMigrate:
            choice.migrate = true;
            return true;
        case kMatrix:
            choice.matrix = true;
            return true;
        case 'j':
            options.jobs = to_number(optarg, kMostJobs);
            return options.jobs > 0 || complain("--jobs takes a number from 1 to 1024", optarg);
        case kLimit:
            options.time_limit = std::chrono::seconds{to_number(optarg, 86'400)};
            return options.time_limit.count() > 0 || complain("--time-limit takes seconds", optarg);
        case kOnHang:
            options.on_hang = optarg;
            return true;
        case kJson:
            choice.json = true;
            return true;
        case kTap:
            choice.tap = true;
            return true;
        case 'l':
            options.list = true;
            return true;
        case 'v':
            options.verbose = true;
            return true;
        case 'h':
            options.help = true;
            return true;
        default:
            std::fputs("Try 'thr_conformance --help'.\n", stderr);
            return false;
    }
}

// What each option allows and all together do not.
bool settle(const Choice& choice, Options& options)
{
    if (choice.json && choice.tap) {
        return complain("--json and --tap exclude each other");
    }
    if (choice.matrix && (choice.migrate || !choice.models.empty() || !choice.levels.empty())) {
        return complain("--matrix chooses the models and levels itself");
    }
    options.format = choice.json  ? Options::Format::kJson
                     : choice.tap ? Options::Format::kTap
                                  : Options::Format::kText;
    options.variants = choice.variants();
    for (const platform::Variant& variant : options.variants) {
        if (!platform::can_choose(variant)) {
            return complain("this library does not let itself be run as", variant.name().c_str());
        }
    }
    return true;
}

}  // namespace

std::optional<Options> parse_options(int argc, char** argv)
{
    Options options;
    options.jobs = std::max(1, static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN)));
    Choice choice;
    int letter = 0;
    while ((letter = getopt_long(argc, argv, "lj:vh", kOptions, nullptr)) != -1) {
        if (!take(letter, options, choice)) {
            return std::nullopt;
        }
    }
    if (optind < argc) {
        complain("unexpected argument", argv[optind]);
        return std::nullopt;
    }
    if (!settle(choice, options)) {
        return std::nullopt;
    }
    return options;
}

void print_help(const char* program)
{
    std::printf(
        "usage: %s [options]\n"
        "\n"
        "Checks the threads library that this program was built with against the\n"
        "statements of the manual pages. Each test runs in a process of its own: a crash\n"
        "or a hang fails it.\n"
        "\n"
        "which tests\n"
        "      --filter=PATTERNS   those whose page, name or statement matches one of the\n"
        "                          patterns (as the shell's, separated by commas);\n"
        "                          -PATTERN leaves out\n"
        "  -l, --list              only show them\n"
        "\n"
        "how the library runs them; each model with each level, by default as the\n"
        "environment says\n"
        "      --model=LIST        mn, hand, husk, bound\n"
        "      --concurrency=LIST  LWPs of the pool\n"
        "      --migrate           every resume on another LWP\n"
        "      --matrix            mn and bound with 1, 2, 8 LWPs, and mn with migration\n"
        "\n"
        "  -j, --jobs=N            processes at once (number of processors)\n"
        "      --time-limit=S      seconds that a test may take (60)\n"
        "      --on-hang=COMMAND   run first when a test hangs; %%p is its process\n"
        "\n"
        "      --json              one JSON object a line: each result, then a summary\n"
        "      --tap               Test Anything Protocol, version 13\n"
        "  -v, --verbose           every result, not only failures\n"
        "  -h, --help              this text\n"
        "\n"
        "Exit status: 0 all passed or were skipped with a reason, 1 a test failed or a\n"
        "signal ended the run, 2 wrong usage or a pattern that matches no test.\n",
        program);
}

}  // namespace conformance
