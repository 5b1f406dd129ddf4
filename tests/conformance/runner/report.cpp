#include "conformance/runner/report.h"

#include <unistd.h>

#include <algorithm>

#include "conformance/runner/json.h"

namespace conformance {
namespace {

constexpr const char* kEraseLine = "\r\033[K";

// Every line of `text`, each after `prefix`.
void print_indented(const std::string& text, const char* prefix)
{
    for (std::size_t begin = 0; begin < text.size();) {
        const std::size_t end = std::min(text.find('\n', begin), text.size());
        std::printf("%s%.*s\n", prefix, static_cast<int>(end - begin), text.data() + begin);
        begin = end + 1;
    }
}

std::string first_line(const std::string& text)
{
    return text.substr(0, text.find('\n'));
}

}  // namespace

void Report::Count::add(const Result& result)
{
    if (result.is_failure()) {
        ++failed;
    } else if (result.verdict == Verdict::kSkipped) {
        ++skipped;
        reason = first_line(result.reason);
    } else {
        ++passed;
    }
}

Report::Report(const std::vector<Case>& cases, const Options& options)
    : options_{options},
      total_{cases.size() * options.variants.size()},
      shows_progress_{options.format == Options::Format::kText && isatty(STDOUT_FILENO) != 0}
{
    for (const Case& test : cases) {
        ++cases_of_page_[test.page];
    }
}

void Report::begin()
{
    if (options_.format == Options::Format::kTap) {
        std::printf("TAP version 13\n1..%zu\n", total_);
        std::fflush(stdout);
    }
}

void Report::add(const Case& test, const platform::Variant& variant, const Result& result)
{
    ++done_;
    (result.is_failure() ? failed_ : result.verdict == Verdict::kSkipped ? skipped_ : passed_) += 1;
    for (const std::string& statement : test.statements) {
        by_statement_[statement].add(result);
    }
    const std::string name = test.page + ": " + test.name + " [" + variant.name() + "]";
    if (result.is_failure()) {
        failures_.push_back(name + ": " + name_of(result.verdict));
    }
    switch (options_.format) {
        case Options::Format::kText:
            print_result(name, variant, result);
            break;
        case Options::Format::kJson:
            print_json(test, variant, result);
            break;
        case Options::Format::kTap:
            print_tap(name, test, result);
            break;
    }
    std::fflush(stdout);
}

void Report::print_result(const std::string& name, const platform::Variant& /*variant*/,
                          const Result& result)
{
    if (shows_progress_) {
        std::fputs(kEraseLine, stdout);
    }
    if (result.is_failure() || options_.verbose) {
        std::printf("%s: %s (%.3f s)%s%s\n", name_of(result.verdict), name.c_str(), result.seconds,
                    result.reason.empty() ? "" : ": ", first_line(result.reason).c_str());
    }
    if (result.is_failure()) {
        print_indented(result.output, "    ");
    }
    if (shows_progress_) {
        show_progress(name);
    }
}

void Report::show_progress(const std::string& name)
{
    std::printf("%s[%zu/%zu, %d failed] %.60s", kEraseLine, done_, total_, failed_, name.c_str());
    if (done_ == total_) {
        std::fputs(kEraseLine, stdout);
    }
}

void Report::print_json(const Case& test, const platform::Variant& variant, const Result& result)
{
    JsonLine line;
    line.add("test", test.name);
    line.add("page", test.page);
    line.add("variant", variant.name());
    line.add("statements", test.statements);
    line.add("result", name_of(result.verdict));
    line.add("seconds", result.seconds);
    if (!result.reason.empty()) {
        line.add("reason", result.reason);
    }
    if (result.is_failure()) {
        line.add("output", result.output);
    }
    std::puts(line.text().c_str());
}

void Report::print_tap(const std::string& name, const Case& test, const Result& result)
{
    std::printf("%s %zu - %s", result.is_failure() ? "not ok" : "ok", done_, name.c_str());
    if (result.verdict == Verdict::kSkipped) {
        std::printf(" # SKIP %s", first_line(result.reason).c_str());
    }
    std::puts("");
    if (result.is_failure()) {
        for (const std::string& statement : test.statements) {
            std::printf("# %s\n", statement.c_str());
        }
        print_indented(result.reason, "# ");
        print_indented(result.output, "# ");
    }
}

std::map<std::string, Report::Row> Report::rows() const
{
    std::map<std::string, Row> rows;
    for (const auto& [page, cases] : cases_of_page_) {
        rows[page].tests = cases;
    }
    for (const Statement& statement : statements()) {
        const auto row = rows.find(statement.page);
        if (row == rows.end()) {
            continue;
        }
        const auto count = by_statement_.find(statement.id);
        if (statement.kind == Statement::Kind::kCompiled) {
            ++row->second.passed;
        } else if (statement.kind != Statement::Kind::kTested) {
            ++row->second.untested;
        } else if (count != by_statement_.end()) {
            ++(count->second.failed > 0   ? row->second.failed
               : count->second.passed > 0 ? row->second.passed
                                          : row->second.skipped);
        }
    }
    return rows;
}

void Report::print_table() const
{
    std::printf("\n%-20s %6s   %s\n%-20s %6s   %6s %6s %7s %12s\n", "", "", "statements", "page",
                "tests", "passed", "failed", "skipped", "not testable");
    Row sum;
    const auto print = [](const char* name, const Row& row) {
        std::printf("%-20s %6d   %6d %6d %7d %12d\n", name, row.tests, row.passed, row.failed,
                    row.skipped, row.untested);
    };
    for (const auto& [page, row] : rows()) {
        print(page.c_str(), row);
        sum.tests += row.tests;
        sum.passed += row.passed;
        sum.failed += row.failed;
        sum.skipped += row.skipped;
        sum.untested += row.untested;
    }
    print("total", sum);
}

// Statements that no test of this run decided, and why.
void Report::print_skipped() const
{
    bool first = true;
    for (const auto& [statement, count] : by_statement_) {
        if (count.passed == 0 && count.failed == 0) {
            std::printf("%s  %s: %s\n", first ? "\nskipped:\n" : "", statement.c_str(),
                        count.reason.c_str());
            first = false;
        }
    }
}

void Report::print_json_summary() const
{
    JsonLine line;
    line.add("summary",
             options_.variants.size() == 1 ? options_.variants.front().name() : "matrix");
    line.add("passed", passed_);
    line.add("failed", failed_);
    line.add("skipped", skipped_);
    for (const auto& [page, row] : rows()) {
        JsonLine inner;
        inner.add("tests", row.tests);
        inner.add("passed", row.passed);
        inner.add("failed", row.failed);
        inner.add("skipped", row.skipped);
        inner.add("not testable", row.untested);
        line.add_object(page, inner);
    }
    std::puts(line.text().c_str());
}

void Report::finish(bool complete)
{
    switch (options_.format) {
        case Options::Format::kJson:
            print_json_summary();
            return;
        case Options::Format::kTap:
            if (!complete) {
                std::puts("Bail out! stopped by a signal");
            }
            return;
        case Options::Format::kText:
            break;
    }
    print_table();
    print_skipped();
    std::puts("");
    for (const std::string& failure : failures_) {
        std::printf("FAILED  %s\n", failure.c_str());
    }
    std::printf("%d passed, %d failed, %d skipped\n", passed_, failed_, skipped_);
}

}  // namespace conformance
