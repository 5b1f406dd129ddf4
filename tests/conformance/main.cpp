// thr_conformance: a child program of a test, one test, or the runner of all tests.
#include <gtest/gtest.h>

#include <cstdio>

#include "conformance/runner/report.h"
#include "conformance/runner/run.h"
#include "support/child.h"

namespace {

void print_list(const std::vector<conformance::Case>& cases)
{
    for (const conformance::Case& test : cases) {
        std::printf("%s: %s", test.page.c_str(), test.name.c_str());
        for (const std::string& statement : test.statements) {
            std::printf(" %s", statement.c_str());
        }
        std::puts("");
    }
}

int run(int argc, char** argv)
{
    const auto options = conformance::parse_options(argc, argv);
    if (!options) {
        return 2;
    }
    if (options->help) {
        conformance::print_help("thr_conformance");
        return 0;
    }
    std::vector<conformance::Case> cases = conformance::all_cases();
    if (const std::string pattern = conformance::unmatched(cases, options->filters);
        !pattern.empty()) {
        std::fprintf(stderr, "thr_conformance: no test matches: %s\n", pattern.c_str());
        return 2;
    }
    std::erase_if(cases, [&](const conformance::Case& test) {
        return !conformance::is_chosen(test, options->filters);
    });
    if (cases.empty()) {
        std::fputs("thr_conformance: no test is left by the patterns\n", stderr);
        return 2;
    }
    if (options->list) {
        print_list(cases);
        return 0;
    }
    conformance::Report report{cases, *options};
    const bool complete = conformance::run_all(cases, *options, report);
    report.finish(complete);
    if (!complete) {
        std::fputs("thr_conformance: stopped by a signal\n", stderr);
    }
    return complete && !report.has_failures() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv)
{
    if (child::Program::Body body = nullptr; child::requested(body)) {
        return body();
    }
    // GoogleTest makes the instances of its parameterised tests here; the options are ours.
    int no_arguments = 1;
    testing::InitGoogleTest(&no_arguments, argv);
    return conformance::is_case_process() ? conformance::run_case() : run(argc, argv);
}
