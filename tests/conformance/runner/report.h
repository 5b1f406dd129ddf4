// What the program prints: results as they come, and the summary.
#pragma once

#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include "conformance/runner/cases.h"
#include "conformance/runner/options.h"
#include "conformance/runner/process.h"

namespace conformance {

class Report {
  public:
    // Results of `cases` in every variant of the options are to come.
    Report(const std::vector<Case>& cases, const Options& options);

    // What comes before the results.
    void begin();

    void add(const Case& test, const platform::Variant& variant, const Result& result);

    // The summary. Incomplete: a signal ended the run.
    void finish(bool complete);

    [[nodiscard]] bool has_failures() const { return failed_ > 0; }

  private:
    // Over all tests and variants.
    struct Count {
        int passed = 0;
        int failed = 0;
        int skipped = 0;
        std::string reason;  // why the last one was skipped

        void add(const Result& result);
    };

    // How many statements of a page...
    struct Row {
        int passed = 0;
        int failed = 0;
        int skipped = 0;  // by all their tests
        int untested = 0;
        int tests = 0;
    };

    [[nodiscard]] std::map<std::string, Row> rows() const;
    void print_result(const std::string& name, const platform::Variant& variant,
                      const Result& result);
    void print_json(const Case& test, const platform::Variant& variant, const Result& result);
    void print_tap(const std::string& name, const Case& test, const Result& result);
    void show_progress(const std::string& name);
    void print_table() const;
    void print_skipped() const;
    void print_json_summary() const;

    const Options& options_;
    std::map<std::string, int> cases_of_page_;
    std::map<std::string, Count> by_statement_;
    std::size_t total_;
    std::size_t done_ = 0;
    int passed_ = 0;
    int failed_ = 0;
    int skipped_ = 0;
    std::vector<std::string> failures_;
    bool shows_progress_;
};

}  // namespace conformance
