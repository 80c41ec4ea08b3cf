#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

#include "common/record/serializer.h"

namespace weir::record {

template <typename T>
std::size_t ownedBytes(const T& value);

namespace owned_internal {

/// What an allocation costs beside what was asked for, and a node of a tree or table beside its
/// value.
inline constexpr std::size_t kPerBlock = 16;
inline constexpr std::size_t kPerNode = 48;
/// Of a container, so many elements are looked at.
inline constexpr std::size_t kSample = 8;

template <typename T>
inline constexpr bool kIsOptional = false;
template <typename T>
inline constexpr bool kIsOptional<std::optional<T>> = true;
template <typename T>
inline constexpr bool kIsVariant = false;
template <typename... T>
inline constexpr bool kIsVariant<std::variant<T...>> = true;

template <typename T>
concept Tuple = requires { std::tuple_size<T>::value; };
template <typename T>
concept Container = requires(const T& all) {
  typename T::value_type;
  all.begin();
  all.size();
};

template <typename C>
std::size_t ofContainer(const C& all) {
  using T = typename C::value_type;
  std::size_t own = 0;
  if constexpr (std::is_same_v<T, bool>) {
    own = all.size() / 8;
  } else if constexpr (requires { all.capacity(); }) {
    own = all.capacity() * sizeof(T) + (all.capacity() != 0 ? kPerBlock : 0);
  } else {
    own = all.size() * (sizeof(T) + kPerNode);
  }
  if constexpr (!std::is_trivially_copyable_v<T>) {
    std::size_t seen = 0;
    std::size_t sum = 0;
    for (auto one = all.begin(); one != all.end() && seen < kSample; ++one, ++seen) {
      sum += ownedBytes<T>(*one);
    }
    own += seen == 0 ? 0 : sum * all.size() / seen;
  }
  return own;
}

struct SumOfFields {
  template <typename... A>
  std::size_t operator()(const A&... fields) const {
    return (std::size_t{0} + ... + ownedBytes<A>(fields));
  }
};

}  // namespace owned_internal

/// The memory that a value owns beside itself, about: of containers from a few elements, of types
/// that Weir cannot look into from what their encoding takes.
template <typename T>
std::size_t ownedBytes(const T& value) {
  namespace in = owned_internal;
  if constexpr (std::is_trivially_copyable_v<T>) {
    return 0;
  } else if constexpr (std::is_same_v<T, std::string>) {
    return value.capacity() > std::string().capacity() ? value.capacity() + in::kPerBlock : 0;
  } else if constexpr (Custom<T> || Message<T>) {
    Writer encoded;
    write<T>(value, encoded);
    return encoded.size();
  } else if constexpr (in::kIsOptional<T>) {
    return value.has_value() ? ownedBytes(*value) : 0;
  } else if constexpr (in::kIsVariant<T>) {
    return std::visit([](const auto& one) { return ownedBytes(one); }, value);
  } else if constexpr (in::Tuple<T>) {
    return std::apply(in::SumOfFields{}, value);
  } else if constexpr (in::Container<T>) {
    return in::ofContainer(value);
  } else if constexpr (PlainAggregate<T>) {
    return visitFields(value, in::SumOfFields{});
  } else {
    Writer encoded;
    write<T>(value, encoded);
    return encoded.size();
  }
}

}  // namespace weir::record
