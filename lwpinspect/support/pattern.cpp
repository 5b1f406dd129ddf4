#include "support/pattern.h"

#include <regex.h>

#include <stdexcept>

namespace lwpi {

struct Pattern::Compiled {
    explicit Compiled(const std::string& text)
    {
        if (::regcomp(&regex, text.c_str(), REG_EXTENDED | REG_NOSUB) != 0) {
            throw std::invalid_argument("no regular expression");
        }
    }
    Compiled(const Compiled&) = delete;
    Compiled& operator=(const Compiled&) = delete;
    ~Compiled() { ::regfree(&regex); }

    regex_t regex{};
};

Pattern::Pattern(const std::string& text) : compiled_(std::make_shared<const Compiled>(text))
{
}

bool Pattern::is_in(const std::string& text) const
{
    return ::regexec(&compiled_->regex, text.c_str(), 0, nullptr, 0) == 0;
}

}  // namespace lwpi
