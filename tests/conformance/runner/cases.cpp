#include "conformance/runner/cases.h"

#include <fnmatch.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <sstream>

#include "conformance/runner/needs.h"

namespace conformance {
namespace {

bool matches(const Case& test, const std::string& pattern)
{
    const auto fits = [&](const std::string& text) {
        return fnmatch(pattern.c_str(), text.c_str(), 0) == 0;
    };
    return fits(test.page) || fits(test.name) ||
           std::any_of(test.statements.begin(), test.statements.end(), fits);
}

std::vector<std::string> words(const char* text)
{
    std::istringstream stream{text};
    std::vector<std::string> found;
    for (std::string word; stream >> word;) {
        found.push_back(word);
    }
    return found;
}

// "Threads/ThrJoin" and "S01X/Unbound": the parts without the instantiation and the parameter.
std::string suite_of(const testing::TestInfo& test)
{
    const std::string suite = test.test_suite_name();
    return suite.substr(suite.find('/') + 1);
}

std::string key_of(const testing::TestInfo& test)
{
    const std::string name = test.name();
    return suite_of(test) + "." + name.substr(0, name.find('/'));
}

}  // namespace

std::vector<std::string> Case::needs(const platform::Variant& variant) const
{
    const std::string suite = name.substr(0, name.find('.'));
    const PoolOfOne* one = PoolOfOne::first();
    while (one != nullptr && suite != one->suite()) {
        one = one->next();
    }
    const bool is_contradicted = variant.concurrency > 1 || variant.migrate;
    return one == nullptr || is_contradicted ? std::vector<std::string>{} : platform::pool_of_one();
}

std::vector<Case> all_cases()
{
    std::map<std::string, const TestEntry*> entries;
    for (const TestEntry& entry : test_entries()) {
        entries[entry.test] = &entry;
    }
    std::vector<Case> cases;
    const testing::UnitTest& tests = *testing::UnitTest::GetInstance();
    for (int s = 0; s < tests.total_test_suite_count(); ++s) {
        const testing::TestSuite& suite = *tests.GetTestSuite(s);
        for (int t = 0; t < suite.total_test_count(); ++t) {
            const testing::TestInfo& test = *suite.GetTestInfo(t);
            const auto entry = entries.find(key_of(test));
            const bool known = entry != entries.end();
            cases.push_back(
                {std::string{test.test_suite_name()} + "." + test.name(),
                 suite_of(test) + "." + test.name(), known ? entry->second->page : "other",
                 known ? words(entry->second->statements) : std::vector<std::string>{}});
        }
    }
    std::stable_sort(cases.begin(), cases.end(),
                     [](const Case& a, const Case& b) { return a.page < b.page; });
    return cases;
}

std::string unmatched(const std::vector<Case>& cases, const std::vector<std::string>& patterns)
{
    for (const std::string& pattern : patterns) {
        const std::string text = pattern.substr(pattern.front() == '-' ? 1 : 0);
        const auto fits = [&](const Case& test) { return matches(test, text); };
        if (std::none_of(cases.begin(), cases.end(), fits)) {
            return text.empty() ? pattern : text;
        }
    }
    return "";
}

bool is_chosen(const Case& test, const std::vector<std::string>& patterns)
{
    bool asked = false;
    bool included = false;
    for (const std::string& pattern : patterns) {
        if (pattern.front() == '-') {
            if (matches(test, pattern.substr(1))) {
                return false;
            }
        } else {
            asked = true;
            included = included || matches(test, pattern);
        }
    }
    return included || !asked;
}

}  // namespace conformance
