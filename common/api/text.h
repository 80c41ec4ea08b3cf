#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <map>
#include <optional>
#include <ostream>
#include <sstream>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

#include "common/record/fields.h"
#include "common/record/serializer.h"

/// How print() and the text sinks write a record: by operator<< where its type has one, else its
/// members in parentheses, as Flink writes tuples: (to,1).
namespace weir {

namespace api {

void appendNumber(std::string& to, double value);
void appendNumber(std::string& to, float value);
void appendNumber(std::string& to, std::int64_t value);
void appendNumber(std::string& to, std::uint64_t value);

template <typename T>
concept Streamable = requires(std::ostream& out, const T& value) { out << value; };
template <typename T>
concept TupleLike = requires { std::tuple_size<T>::value; };
template <typename T>
concept MapLike = requires(const T& value) {
  typename T::mapped_type;
  value.begin() != value.end();
};
template <typename T>
concept RangeLike = requires(const T& value) { value.begin() != value.end(); };
template <typename T>
inline constexpr bool kIsOptional = false;
template <typename T>
inline constexpr bool kIsOptional<std::optional<T>> = true;
template <typename T>
inline constexpr bool kIsVariant = false;
template <typename... T>
inline constexpr bool kIsVariant<std::variant<T...>> = true;
template <typename T>
inline constexpr bool kIsDuration = false;
template <typename R, typename P>
inline constexpr bool kIsDuration<std::chrono::duration<R, P>> = true;
template <typename T>
inline constexpr bool kIsTimePoint = false;
template <typename C, typename D>
inline constexpr bool kIsTimePoint<std::chrono::time_point<C, D>> = true;

template <typename T>
void appendText(std::string& to, const T& value);

/// The values one after another with `between`.
template <typename... T>
void appendJoined(std::string& to, std::string_view between, const T&... values) {
  bool first = true;
  const auto one = [&](const auto& value) {
    if (!std::exchange(first, false)) {
      to += between;
    }
    appendText(to, value);
  };
  (one(values), ...);
}

template <typename T>
void appendNumeric(std::string& to, T value) {
  if constexpr (std::is_same_v<T, bool>) {
    to += value ? "true" : "false";
  } else if constexpr (std::is_same_v<T, char>) {
    to += value;
  } else if constexpr (std::is_same_v<T, float>) {
    appendNumber(to, value);
  } else if constexpr (std::is_floating_point_v<T>) {
    appendNumber(to, static_cast<double>(value));
  } else if constexpr (std::is_signed_v<T>) {
    appendNumber(to, static_cast<std::int64_t>(value));
  } else {
    appendNumber(to, static_cast<std::uint64_t>(value));
  }
}

template <typename T>
void appendRange(std::string& to, const T& values) {
  to += MapLike<T> ? '{' : '[';
  bool first = true;
  for (const auto& value : values) {
    if (!std::exchange(first, false)) {
      to += ", ";
    }
    if constexpr (MapLike<T>) {
      appendJoined(to, "=", value.first, value.second);
    } else {
      appendText<std::decay_t<decltype(value)>>(to, value);
    }
  }
  to += MapLike<T> ? '}' : ']';
}

/// Appends `value` as print() writes it.
template <typename T>
void appendText(std::string& to, const T& value) {
  if constexpr (std::is_arithmetic_v<T>) {
    appendNumeric(to, value);
  } else if constexpr (std::is_convertible_v<const T&, std::string_view>) {
    to += std::string_view(value);
  } else if constexpr (Streamable<T>) {
    std::ostringstream out;
    out << value;
    to += std::move(out).str();
  } else if constexpr (std::is_enum_v<T>) {
    appendNumeric(to, static_cast<std::underlying_type_t<T>>(value));
  } else if constexpr (kIsDuration<T>) {
    appendNumeric(to, value.count());
  } else if constexpr (kIsTimePoint<T>) {
    appendNumeric(to, value.time_since_epoch().count());
  } else if constexpr (kIsOptional<T>) {
    value.has_value() ? appendText(to, *value) : static_cast<void>(to += "none");
  } else if constexpr (kIsVariant<T>) {
    std::visit([&to](const auto& one) { appendText(to, one); }, value);
  } else if constexpr (RangeLike<T>) {
    appendRange(to, value);
  } else if constexpr (TupleLike<T>) {
    to += '(';
    std::apply([&to](const auto&... one) { appendJoined(to, ",", one...); }, value);
    to += ')';
  } else if constexpr (record::PlainAggregate<T>) {
    to += '(';
    record::visitFields(value, [&to](const auto&... one) { appendJoined(to, ",", one...); });
    to += ')';
  } else {
    static_assert(!record::checkSerializable<T>(),  // Else that is what is to be said.
                  "print() does not know how to write this type: give it an operator<< "
                  "(std::ostream&, const T&), or map() it to something that has one");
  }
}

/// Puts what stands behind `begin` into quotes where RFC 4180 asks for it.
void quoteCsv(std::string& text, std::size_t begin);

template <typename... T>
void appendCsvFields(std::string& to, const T&... fields) {
  bool first = true;
  const auto one = [&](const auto& field) {
    if (!std::exchange(first, false)) {
      to += ',';
    }
    const std::size_t begin = to.size();
    appendText(to, field);
    quoteCsv(to, begin);
  };
  const std::size_t line = to.size();
  (one(fields), ...);
  if (to.size() == line) {
    to += "\"\"";  // An empty line is no record to those who read it.
  }
}

/// Appends `value` as a line of writeAsCsv(): its members with commas, quoted as RFC 4180 says.
template <typename T>
void appendCsv(std::string& to, const T& value) {
  if constexpr (TupleLike<T> && !RangeLike<T>) {
    std::apply([&to](const auto&... one) { appendCsvFields(to, one...); }, value);
  } else if constexpr (!Streamable<T> && record::PlainAggregate<T>) {
    record::visitFields(value, [&to](const auto&... one) { appendCsvFields(to, one...); });
  } else {
    appendCsvFields(to, value);
  }
}

}  // namespace api

/// A record as print() writes it.
template <typename T>
std::string toText(const T& value) {
  std::string text;
  api::appendText(text, value);
  return text;
}

}  // namespace weir
