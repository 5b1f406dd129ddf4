// Writes and reads the members listed in model/fields.h as JSON. Only for report/snapshot_file.cpp.
#pragma once

#include <array>
#include <type_traits>

#include "model/fields.h"
#include "report/json_values.h"

namespace lwpi {

// A value of the wrong kind or out of range, or no JSON at all.
using JsonError = nlohmann::json::exception;

template <typename Number>
inline constexpr bool kIsNumber =
    std::is_integral_v<Number> && !std::is_same_v<Number, bool> && !std::is_same_v<Number, char>;

class JsonWriter {
  public:
    explicit JsonWriter(Json& object) : object_(object) {}

    template <typename Value>
    JsonWriter& operator()(const char* name, Value& value)
    {
        Json json = to_json(value);
        if (!json.is_null()) {
            object_[name] = std::move(json);
        }
        return *this;
    }
    template <typename Enum>
    JsonWriter& operator()(const char* name, Enum& value, Enum)
    {
        object_[name] = static_cast<int>(value);
        return *this;
    }

  private:
    template <typename Value>
    static Json to_json(Value& value)
    {
        if constexpr (std::is_same_v<Value, char>) {
            return std::string(1, value);
        } else if constexpr (std::is_arithmetic_v<Value> || std::is_same_v<Value, std::string>) {
            return value;
        } else {
            return structure(value);
        }
    }
    template <typename Value>
    static Json to_json(std::optional<Value>& value)
    {
        return value ? to_json(*value) : Json();
    }
    template <typename Value>
    static Json to_json(std::vector<Value>& values)
    {
        Json array = Json::array();
        for (Value& value : values) {
            array.push_back(to_json(value));
        }
        return array;
    }
    template <std::size_t kSize>
    static Json to_json(std::array<std::uint64_t, kSize>& values)
    {
        return values;
    }
    // The bulk of a file, therefore short.
    static Json to_json(Frame& frame) { return Json::array({frame.pc, frame.place}); }

    template <typename Value>
    static Json structure(Value& value)
    {
        Json object = Json::object();
        JsonWriter writer(object);
        fields(writer, value);
        return object;
    }

    Json& object_;
};

class JsonReader {
  public:
    explicit JsonReader(const Json& object) : object_(object) {}

    template <typename Value>
    JsonReader& operator()(const char* name, Value& value)
    {
        if (const auto found = object_.find(name); found != object_.end()) {
            from_json(*found, value);
        }
        return *this;
    }
    template <typename Enum>
    JsonReader& operator()(const char* name, Enum& value, Enum last)
    {
        int number = 0;
        (*this)(name, number);
        if (number < 0 || number > static_cast<int>(last)) {
            number = 0;  // a word of a later version
        }
        value = static_cast<Enum>(number);
        return *this;
    }

  private:
    template <typename Value>
    static void from_json(const Json& json, Value& value)
    {
        if constexpr (std::is_same_v<Value, char>) {
            const auto text = json.get<std::string>();
            value = text.empty() ? '?' : text[0];
        } else if constexpr (kIsNumber<Value> || std::is_same_v<Value, bool> ||
                             std::is_same_v<Value, std::string>) {
            value = json.get<Value>();
        } else {
            if (!json.is_object()) {
                return;
            }
            JsonReader reader(json);
            fields(reader, value);
        }
    }
    template <typename Value>
    static void from_json(const Json& json, std::optional<Value>& value)
    {
        if (!json.is_null()) {
            from_json(json, value.emplace());
        }
    }
    template <typename Value>
    static void from_json(const Json& json, std::vector<Value>& values)
    {
        values.resize(json.is_array() ? json.size() : 0);
        for (std::size_t i = 0; i < values.size(); ++i) {
            from_json(json[i], values[i]);
        }
    }
    template <std::size_t kSize>
    static void from_json(const Json& json, std::array<std::uint64_t, kSize>& values)
    {
        for (std::size_t i = 0; i < kSize && json.is_array() && i < json.size(); ++i) {
            values[i] = json[i].get<std::uint64_t>();
        }
    }
    static void from_json(const Json& json, Frame& frame)
    {
        frame.pc = json.at(0).get<std::uint64_t>();
        frame.place = json.at(1).get<std::uint32_t>();
    }

    const Json& object_;
};

}  // namespace lwpi
