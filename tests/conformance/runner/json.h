// One JSON object on one line. Text that is not UTF-8 is written byte by byte as if Latin-1.
#pragma once

#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

namespace conformance {

class JsonLine {
  public:
    void add(std::string_view key, std::string_view value)
    {
        begin(key);
        quote(value);
    }
    void add(std::string_view key, const char* value) { add(key, std::string_view{value}); }
    void add(std::string_view key, int value)
    {
        begin(key);
        text_ += std::to_string(value);
    }
    void add(std::string_view key, double value)
    {
        char number[32];
        std::snprintf(number, sizeof number, "%.6f", value);
        begin(key);
        text_ += number;
    }
    void add(std::string_view key, const std::vector<std::string>& values)
    {
        begin(key);
        text_ += '[';
        for (std::size_t i = 0; i < values.size(); ++i) {
            text_ += i == 0 ? "" : ",";
            quote(values[i]);
        }
        text_ += ']';
    }
    void add_object(std::string_view key, const JsonLine& object)
    {
        begin(key);
        text_ += object.text();
    }

    [[nodiscard]] std::string text() const { return "{" + text_ + "}"; }

  private:
    void begin(std::string_view key)
    {
        text_ += text_.empty() ? "" : ",";
        quote(key);
        text_ += ':';
    }

    void quote(std::string_view value)
    {
        text_ += '"';
        for (const char c : value) {
            const auto byte = static_cast<unsigned char>(c);
            if (c == '"' || c == '\\') {
                text_ += '\\';
                text_ += c;
            } else if (byte < 0x20 || byte >= 0x7f) {
                char escape[8];
                std::snprintf(escape, sizeof escape, "\\u%04x", byte);
                text_ += escape;
            } else {
                text_ += c;
            }
        }
        text_ += '"';
    }

    std::string text_;
};

}  // namespace conformance
