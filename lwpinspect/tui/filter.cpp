#include "tui/filter.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "support/escape.h"
#include "tui/format.h"

namespace lwpi::tui {

namespace {

struct Keyword {
    std::string_view word;
    Term::Kind kind;
};

constexpr std::array<Keyword, 5> kKeywords{{{"state", Term::Kind::kState},
                                            {"wait", Term::Kind::kWait},
                                            {"fn", Term::Kind::kFunction},
                                            {"name", Term::Kind::kName},
                                            {"lwp", Term::Kind::kLwp}}};

char small(char letter)
{
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

bool begins(std::string_view text, std::string_view front)
{
    return text.size() >= front.size() && contains(text.substr(0, front.size()), front);
}

std::optional<std::int64_t> number(std::string_view text)
{
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool whole = error == std::errc{} && end == text.data() + text.size() && value >= 0;
    return whole ? std::optional(value) : std::nullopt;
}

std::string parse_age(std::string_view word, Term& term)
{
    const auto seconds = number(word.substr(4));
    if (!seconds || *seconds > 1'000'000'000) {
        return fmt::format("not a number of seconds: {}", printable(word));
    }
    term.kind = word[3] == '>' ? Term::Kind::kOlder : Term::Kind::kYounger;
    term.number = *seconds * 1'000'000'000;
    return {};
}

// Fills in `term`; returns what is wrong with the word.
std::string parse_word(std::string_view word, Term& term)
{
    if (word.size() >= 4 && (word.substr(0, 4) == "age>" || word.substr(0, 4) == "age<")) {
        return parse_age(word, term);
    }
    const std::size_t colon = word.find(':');
    // "::" belongs to a C++ name.
    if (colon == std::string_view::npos || colon == 0 || word.substr(colon, 2) == "::") {
        term.text = word;
        return {};
    }
    const std::string_view key = word.substr(0, colon);
    const auto known = std::find_if(kKeywords.begin(), kKeywords.end(),
                                    [key](const Keyword& one) { return one.word == key; });
    if (known == kKeywords.end()) {
        return fmt::format("no filter key {}: there are state: wait: fn: name: lwp: age> age<",
                           printable(key));
    }
    term.kind = known->kind;
    term.text = word.substr(colon + 1);
    if (term.kind == Term::Kind::kLwp) {
        const auto index = number(term.text);
        if (!index) {
            return fmt::format("not an LWP: {}", printable(word));
        }
        term.number = *index;
    }
    return {};
}

bool age_matches(const Term& term, std::optional<std::int64_t> age)
{
    if (!age) {
        return false;
    }
    return term.kind == Term::Kind::kOlder ? *age > term.number : *age < term.number;
}

bool lwp_matches(const Term& term, std::optional<std::uint32_t> index, std::optional<int> tid)
{
    return (index && *index == term.number) || (tid && *tid == term.number);
}

}  // namespace

bool contains(std::string_view text, std::string_view piece)
{
    const auto found = std::search(text.begin(), text.end(), piece.begin(), piece.end(),
                                   [](char a, char b) { return small(a) == small(b); });
    return found != text.end() || piece.empty();
}

bool Filter::needs_stacks() const noexcept
{
    return std::any_of(terms.begin(), terms.end(),
                       [](const Term& term) { return term.kind == Term::Kind::kFunction; });
}

ParsedFilter parse_filter(std::string_view text)
{
    ParsedFilter result;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(' '), text.size());
        if (end > 0) {
            Term term;
            result.error = parse_word(text.substr(0, end), term);
            if (!result.error.empty()) {
                return result;
            }
            result.filter.terms.push_back(std::move(term));
        }
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return result;
}

Filter anywhere(std::string_view text)
{
    return Filter{{Term{Term::Kind::kAnything, std::string(text), 0}}};
}

Matcher::Matcher(const Filter& filter, const Snapshot& snapshot)
    : filter_(filter), snapshot_(snapshot)
{
    for (const Term& term : filter.terms) {
        std::vector<bool>& hits = places_.emplace_back();
        hits.reserve(snapshot.places.size());
        for (const Place& place : snapshot.places) {
            hits.push_back(contains(place.function, term.text));
        }
    }
}

bool Matcher::matches(const ThreadInfo& thread) const
{
    for (std::size_t i = 0; i < filter_.terms.size(); ++i) {
        if (!term_matches(i, thread)) {
            return false;
        }
    }
    return true;
}

bool Matcher::matches(const LwpInfo& lwp) const
{
    for (std::size_t i = 0; i < filter_.terms.size(); ++i) {
        if (!term_matches(i, lwp)) {
            return false;
        }
    }
    return true;
}

bool Matcher::in_stack(std::size_t term, const Stack& stack) const
{
    return std::any_of(stack.frames.begin(), stack.frames.end(), [&](const Frame& frame) {
        return frame.place < places_[term].size() && places_[term][frame.place];
    });
}

bool Matcher::term_matches(std::size_t index, const ThreadInfo& thread) const
{
    const Term& term = filter_.terms[index];
    switch (term.kind) {
        case Term::Kind::kState:
            return begins(thread.state_name, term.text);
        case Term::Kind::kWait:
            return contains(describe(thread.wait), term.text);
        case Term::Kind::kFunction:
            return in_stack(index, thread.stack) || contains(thread.start_function, term.text);
        case Term::Kind::kName:
            return contains(thread.name, term.text);
        case Term::Kind::kLwp:
            return lwp_matches(term, thread.lwp, thread.tid);
        case Term::Kind::kOlder:
        case Term::Kind::kYounger:
            return age_matches(term, thread.since_ns);
        case Term::Kind::kAnything:
            break;
    }
    return contains(thread.name, term.text) || contains(fmt::format("#{}", thread.id), term.text) ||
           begins(thread.state_name, term.text) || contains(describe(thread.wait), term.text) ||
           in_stack(index, thread.stack) || contains(thread.start_function, term.text);
}

bool Matcher::term_matches(std::size_t index, const LwpInfo& lwp) const
{
    const Term& term = filter_.terms[index];
    const std::string call = lwp.syscall ? lwp.syscall->name : std::string();
    const std::string_view letter(&lwp.kernel_state, 1);
    const ThreadInfo* const thread = lwp.thread ? find_thread(snapshot_, *lwp.thread) : nullptr;
    switch (term.kind) {
        case Term::Kind::kState:
            return begins(lwp.state_name, term.text) || begins(letter, term.text);
        case Term::Kind::kWait:
            return contains(describe(lwp.wait), term.text) || contains(call, term.text);
        case Term::Kind::kFunction:
            return in_stack(index, lwp.stack) ||
                   (thread != nullptr && term_matches(index, *thread));
        case Term::Kind::kName:
            return contains(lwp.name, term.text) ||
                   (thread != nullptr && contains(name_or_start(*thread), term.text));
        case Term::Kind::kLwp:
            return lwp_matches(term, lwp.index, lwp.tid);
        case Term::Kind::kOlder:
        case Term::Kind::kYounger:
            return age_matches(term, lwp.idle_ns);
        case Term::Kind::kAnything:
            break;
    }
    return contains(lwp.name, term.text) || contains(fmt::format("{}", lwp.tid), term.text) ||
           begins(lwp.state_name, term.text) || contains(call, term.text) ||
           contains(describe(lwp.wait), term.text) || in_stack(index, lwp.stack) ||
           (thread != nullptr && term_matches(index, *thread));
}

}  // namespace lwpi::tui
