#pragma once

#include <concepts>
#include <cstddef>
#include <cstdlib>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

/// What can be known about an aggregate at compile time: how many members it has, what they are
/// called, and a way to visit them. No registration, no macros in the common case.
namespace weir::record {

inline constexpr std::size_t kMaxFields = 48;

namespace fields_internal {

struct Any {
  template <typename U>
  operator U() const {  // NOLINT: stands for a value of any type. Never called, but clang
    std::abort();       // wants a body where types have no linkage.
  }
};
template <typename T>
struct AnyBase {
  template <typename U>
    requires(std::is_base_of_v<U, T> && !std::is_same_v<U, T>)
  operator U() const {  // NOLINT: stands for a base of T.
    std::abort();
  }
};
template <std::size_t>
using AnyAt = Any;

template <typename T>
concept HasBase = requires { T{AnyBase<T>{}}; };

template <typename T, std::size_t... kAt>
constexpr bool takes(std::index_sequence<kAt...>) {
  return requires { T{AnyAt<kAt>{}...}; };
}
/// How many initializers T takes: its members, and the elements of C arrays.
template <typename T, std::size_t kCount = 1>
consteval std::size_t countInitializers() {
  if constexpr (kCount <= kMaxFields + 1 && takes<T>(std::make_index_sequence<kCount>())) {
    return countInitializers<T, kCount + 1>();
  } else {
    return kCount - 1;
  }
}

// A member that is a C array takes several initializers unless it gets braces of its own.
template <typename T, std::size_t... kBefore, std::size_t... kAfter>
constexpr bool takesBracesAt(std::index_sequence<kBefore...>, std::index_sequence<kAfter...>) {
  return requires { T{AnyAt<kBefore>{}..., {}, AnyAt<kAfter>{}...}; };
}
template <typename T, std::size_t kCount, std::size_t... kAt>
constexpr bool hasNoArray(std::index_sequence<kAt...>) {
  return (takesBracesAt<T>(std::make_index_sequence<kAt>(),
                           std::make_index_sequence<kCount - kAt - 1>()) &&
          ...);
}

// Refuses bit-fields (which no reference binds to), arrays and constants.
struct Bindable {
  template <typename... A>
    requires((!std::is_array_v<A> && !std::is_const_v<A>) && ...)
  void operator()(A&...) const;
};
struct ConstBindable {
  template <typename... A>
  void operator()(A&...) const;
};
struct Unbindable {};

// clang-format off
#define WEIR_BIND_(n, ...)                                                          \
  else if constexpr (kCount == (n)) {                                               \
    auto& [__VA_ARGS__] = value;                                                    \
    if constexpr (requires { Probe{}(__VA_ARGS__); }) { return f(__VA_ARGS__); }    \
    else { return Unbindable{}; }                                                   \
  }
/// f(members of value...), or Unbindable where Probe refuses them.
template <typename Probe, std::size_t kCount, typename T, typename F>
constexpr auto bind(T& value, F f) {
  if constexpr (kCount == 0) { return f(); }
    WEIR_BIND_(1, a0)
    WEIR_BIND_(2, a0, a1)
    WEIR_BIND_(3, a0, a1, a2)
    WEIR_BIND_(4, a0, a1, a2, a3)
    WEIR_BIND_(5, a0, a1, a2, a3, a4)
    WEIR_BIND_(6, a0, a1, a2, a3, a4, a5)
    WEIR_BIND_(7, a0, a1, a2, a3, a4, a5, a6)
    WEIR_BIND_(8, a0, a1, a2, a3, a4, a5, a6, a7)
    WEIR_BIND_(9, a0, a1, a2, a3, a4, a5, a6, a7, a8)
    WEIR_BIND_(10, a0, a1, a2, a3, a4, a5, a6, a7, a8, a9)
    WEIR_BIND_(11, a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, b0)
    WEIR_BIND_(12, a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, b0, b1)
    WEIR_BIND_(13, a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, b0, b1, b2)
    WEIR_BIND_(14, a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, b0, b1, b2, b3)
    WEIR_BIND_(15, a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, b0, b1, b2, b3, b4)
    WEIR_BIND_(16, a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, b0, b1, b2, b3, b4, b5)
    WEIR_BIND_(17, a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, b0, b1, b2, b3, b4, b5, b6)
    WEIR_BIND_(18, a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, b0, b1, b2, b3, b4, b5, b6, b7)
    WEIR_BIND_(19, a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, b0, b1, b2, b3, b4, b5, b6, b7, b8)
    WEIR_BIND_(20, a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, b0, b1, b2, b3, b4, b5, b6, b7, b8, b9)
    WEIR_BIND_(21, a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, c0)
    WEIR_BIND_(22, a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, c0, c1)
    WEIR_BIND_(23, a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, c0, c1, c2)
    WEIR_BIND_(24, a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, c0, c1, c2, c3)
    WEIR_BIND_(25, a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, c0, c1, c2, c3, c4)
    WEIR_BIND_(26, a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, c0, c1, c2, c3, c4, c5)
    WEIR_BIND_(27, a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, c0, c1, c2, c3, c4, c5, c6)
    WEIR_BIND_(28, a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, c0, c1, c2, c3, c4, c5, c6, c7)
    WEIR_BIND_(29, a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, c0, c1, c2, c3, c4, c5, c6, c7, c8)
    WEIR_BIND_(30, a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, c0, c1, c2, c3, c4, c5, c6, c7, c8, c9)
    WEIR_BIND_(31, a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, d0)
    WEIR_BIND_(32, a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, d0, d1)
    WEIR_BIND_(33, a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, d0, d1, d2)
    WEIR_BIND_(34, a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, d0, d1, d2, d3)
    WEIR_BIND_(35, a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, d0, d1, d2, d3, d4)
    WEIR_BIND_(36, a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, d0, d1, d2, d3, d4, d5)
    WEIR_BIND_(37, a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, d0, d1, d2, d3, d4, d5, d6)
    WEIR_BIND_(38, a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, d0, d1, d2, d3, d4, d5, d6, d7)
    WEIR_BIND_(39, a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, d0, d1, d2, d3, d4, d5, d6, d7, d8)
    WEIR_BIND_(40, a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, d0, d1, d2, d3, d4, d5, d6, d7, d8, d9)
    WEIR_BIND_(41, a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, d0, d1, d2, d3, d4, d5, d6, d7, d8, d9, e0)
    WEIR_BIND_(42, a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, d0, d1, d2, d3, d4, d5, d6, d7, d8, d9, e0, e1)
    WEIR_BIND_(43, a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, d0, d1, d2, d3, d4, d5, d6, d7, d8, d9, e0, e1, e2)
    WEIR_BIND_(44, a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, d0, d1, d2, d3, d4, d5, d6, d7, d8, d9, e0, e1, e2, e3)
    WEIR_BIND_(45, a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, d0, d1, d2, d3, d4, d5, d6, d7, d8, d9, e0, e1, e2, e3, e4)
    WEIR_BIND_(46, a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, d0, d1, d2, d3, d4, d5, d6, d7, d8, d9, e0, e1, e2, e3, e4, e5)
    WEIR_BIND_(47, a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, d0, d1, d2, d3, d4, d5, d6, d7, d8, d9, e0, e1, e2, e3, e4, e5, e6)
    WEIR_BIND_(48, a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, d0, d1, d2, d3, d4, d5, d6, d7, d8, d9, e0, e1, e2, e3, e4, e5, e6, e7)
  else { return Unbindable{}; }
}
#undef WEIR_BIND_
// clang-format on

struct One {
  template <typename... A>
  constexpr int operator()(A&...) const {
    return 1;
  }
};

template <typename T>
consteval bool isPlain() {
  if constexpr (requires { std::tuple_size<T>::value; }) {
    return false;  // std::array, an aggregate around a C array.
  } else if constexpr (!std::is_aggregate_v<T> || !std::is_class_v<T> || std::is_polymorphic_v<T> ||
                       !std::default_initializable<T> || !std::copy_constructible<T>) {
    return false;
  } else if constexpr (std::is_empty_v<T>) {
    return true;
  } else if constexpr (HasBase<T>) {
    return false;
  } else {
    constexpr std::size_t kCount = countInitializers<T>();
    if constexpr (kCount > kMaxFields) {
      return false;
    } else if constexpr (!hasNoArray<T, kCount>(std::make_index_sequence<kCount>())) {
      return false;
    } else {
      return !std::is_same_v<decltype(bind<Bindable, kCount>(std::declval<T&>(), One{})),
                             Unbindable>;
    }
  }
}

template <typename T>
consteval std::size_t countFields() {
  if constexpr (std::is_empty_v<T>) {
    return 0;
  } else {
    return countInitializers<T>();
  }
}

}  // namespace fields_internal

/// An aggregate of at most kMaxFields members without bases, C arrays, bit-fields, references and
/// constants, that can be default-initialized and copied.
template <typename T>
concept PlainAggregate = fields_internal::isPlain<T>();

template <typename T>
inline constexpr std::size_t kFieldCount = fields_internal::countFields<std::remove_const_t<T>>();

/// Returns f(members...), in order of declaration. T is a PlainAggregate, perhaps const.
template <typename T, typename F>
constexpr auto visitFields(T& value, F f) {
  return fields_internal::bind<fields_internal::ConstBindable, kFieldCount<T>>(value, f);
}

namespace fields_internal {

// An object that exists for the compiler only: pointers to its members carry the members' names.
template <typename T>
union Image {
  char none;
  T value;
  constexpr Image() : none{} {}
  constexpr ~Image() {}  // NOLINT: value is never alive.
};
template <typename T>
inline constexpr Image<T> kImage{};

template <std::size_t kAt>
struct AddressAt {
  template <typename First, typename... A>
  constexpr auto operator()(First& first, A&... rest) const {
    if constexpr (kAt == 0) {
      return &first;
    } else {
      return AddressAt<kAt - 1>{}(rest...);
    }
  }
};
template <typename P>
struct Boxed {
  P pointer;
};
template <typename P>
Boxed(P) -> Boxed<P>;

template <auto kWhat>
constexpr auto pretty() {
  return std::string_view(static_cast<const char*>(__PRETTY_FUNCTION__));
}

/// The last identifier of how the compiler spells `kWhat`; empty when that is not one.
template <auto kWhat>
constexpr std::string_view lastName() {
  constexpr auto isWord = [](char c) {
    return c == '_' || c == '$' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
           (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0x80;
  };
  std::string_view text = pretty<kWhat>();
  if (const auto more = text.rfind("; "); more != text.npos) {
    text = text.substr(0, more);  // g++ explains its type aliases behind the argument.
  }
  while (!text.empty() && (text.back() == ']' || text.back() == '}' || text.back() == ')')) {
    text.remove_suffix(1);
  }
  std::size_t first = text.size();
  while (first > 0 && isWord(text[first - 1])) {
    --first;
  }
  return text.substr(first);
}

struct Probe {
  int first_one;
  std::string_view Second2_;
};
template <typename T, std::size_t kAt>
constexpr std::string_view nameAt() {
  return lastName<Boxed{visitFields(kImage<T>.value, AddressAt<kAt>{})}>();
}
inline constexpr bool kNamesWork =
    nameAt<Probe, 0>() == "first_one" && nameAt<Probe, 1>() == "Second2_";

}  // namespace fields_internal

}  // namespace weir::record
