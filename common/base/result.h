#pragma once

#include <cassert>
#include <type_traits>
#include <utility>
#include <variant>

#include "common/base/error.h"

namespace weir {

/// Either a T or the Error that prevented it, in the shape of std::expected (which needs C++23).
template <typename T>
class [[nodiscard]] Result {
 public:
  using Value = T;

  template <typename U = T>
    requires(std::is_constructible_v<T, U &&> && !std::is_same_v<std::decay_t<U>, Error> &&
             !std::is_same_v<std::decay_t<U>, Result>)
  Result(U&& value) : state_(std::in_place_index<0>, std::forward<U>(value)) {}  // NOLINT
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}      // NOLINT

  bool has_value() const { return state_.index() == 0; }  // NOLINT: the name of std::expected.
  explicit operator bool() const { return has_value(); }

  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(value()); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  const Error& error() const& {
    assert(!has_value());
    return *std::get_if<1>(&state_);
  }
  Error&& error() && {
    assert(!has_value());
    return std::move(*std::get_if<1>(&state_));
  }

  /// Adds context to the error, if there is one.
  Result during(std::string_view what) && {
    if (has_value()) {
      return std::move(*this);
    }
    return std::move(*this).error().during(what);
  }

 private:
  T& value() {
    assert(has_value());
    return *std::get_if<0>(&state_);
  }
  const T& value() const {
    assert(has_value());
    return *std::get_if<0>(&state_);
  }

  std::variant<T, Error> state_;
};

using Status = Result<std::monostate>;

/// The Status of something that went well.
inline Status ok() { return std::monostate{}; }

}  // namespace weir

#define WEIR_CONCAT_INNER_(a, b) a##b
#define WEIR_CONCAT_(a, b) WEIR_CONCAT_INNER_(a, b)

/// WEIR_TRY(auto x, expression): x is the value, or the enclosing function returns the Error.
#define WEIR_TRY(declaration, ...) \
  WEIR_TRY_(WEIR_CONCAT_(weir_try_, __LINE__), declaration, __VA_ARGS__)
#define WEIR_TRY_(result, declaration, ...) \
  auto result = (__VA_ARGS__);              \
  if (!result.has_value()) {                \
    return std::move(result).error();       \
  }                                         \
  declaration = *std::move(result)

/// The same for a Status: returns the Error, or goes on.
#define WEIR_RETURN_IF_ERROR(...)                                     \
  do {                                                                \
    if (auto weir_status = (__VA_ARGS__); !weir_status.has_value()) { \
      return std::move(weir_status).error();                          \
    }                                                                 \
  } while (false)
