#pragma once

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "common/record/fields.h"

/// Names the members of an aggregate, all of them in order of declaration, for compilers that do
/// not tell them (g++ before 12, clang before 19). Stands after the type, in its namespace.
#define WEIR_SCHEMA(T, ...)                                                                        \
  [[maybe_unused]] constexpr const char* weirFieldNames(const T* /*tag*/) { return #__VA_ARGS__; } \
  static_assert(::weir::record::countNames(#__VA_ARGS__) == ::weir::record::kFieldCount<T>,        \
                "WEIR_SCHEMA names all members of the type, in their order")

namespace weir {
namespace record {

constexpr std::size_t countNames(std::string_view names) {
  return 1 + static_cast<std::size_t>(std::count(names.begin(), names.end(), ','));
}

/// The names in a text, between commas.
std::vector<std::string> splitNames(std::string_view names);
std::vector<std::string> toStrings(std::span<const std::string_view> names);

template <typename T>
concept HasNamedFields = requires { weirFieldNames(static_cast<const T*>(nullptr)); };

template <typename T, std::size_t... kAt>
std::vector<std::string> fieldNames(std::index_sequence<kAt...>) {
  if constexpr (HasNamedFields<T>) {
    return splitNames(weirFieldNames(static_cast<const T*>(nullptr)));
  } else if constexpr (sizeof...(kAt) == 0) {
    return {};
  } else {
    static_assert(fields_internal::kNamesWork,
                  "this compiler does not tell the names of members: put WEIR_SCHEMA(Type, members"
                  "...) after the type");
    static constexpr std::string_view kNames[] = {fields_internal::nameAt<T, kAt>()...};
    return toStrings(kNames);
  }
}
/// The names of the members of a PlainAggregate, in order of declaration.
template <typename T>
std::vector<std::string> fieldNames() {
  return fieldNames<T>(std::make_index_sequence<kFieldCount<T>>());
}

struct FormerName {
  std::string now;
  std::string before;
};
/// What weir::renamed has registered for T. Filled while the program's statics are initialized,
/// read only afterwards.
template <typename T>
std::vector<FormerName>& formerNamesOf() {
  static std::vector<FormerName> names;
  return names;
}

/// Registers on construction; see weir::renamed.
class Renamed {
 public:
  Renamed(std::vector<FormerName>& registry, std::string_view now, std::string_view before) {
    for (const FormerName& known : registry) {
      if (known.now == now && known.before == before) {
        return;  // The constant exists in more than one translation unit.
      }
    }
    registry.push_back({std::string(now), std::string(before)});
  }
};

template <typename T, typename M>
T ownerOf(M T::* member);

/// A text as a template argument.
template <std::size_t kSize>
struct ConstantText {
  constexpr ConstantText(const char (&text)[kSize]) {  // NOLINT: converts on purpose.
    std::copy_n(text, kSize, characters);
  }
  constexpr std::string_view view() const { return {characters, kSize - 1}; }
  char characters[kSize]{};
};

/// What weir::renamed<member, "before">() is: a constant for the compiler, that has a registration.
struct RenamedConstant {
  const Renamed* registration;
};

}  // namespace record

/// Says that the member was called `before` in older programs, so that their state is still read:
///
///     struct Trade { std::string symbol; double price; };
///     inline const auto kPriceWasCost = weir::renamed<&Trade::price>("cost");
///     constexpr auto kSymbolWasName = weir::renamed<&Trade::symbol, "name">();
///
/// A constexpr constant takes the second form: of the first one nothing would be left to run.
template <auto kMember>
record::Renamed renamed(std::string_view before) {
  using T = decltype(record::ownerOf(kMember));
  return record::Renamed(
      record::formerNamesOf<T>(), record::fields_internal::lastName<kMember>(), before);
}

namespace record {
template <auto kMember, ConstantText kBefore>
inline const Renamed kRegistered = renamed<kMember>(kBefore.view());
}  // namespace record

template <auto kMember, record::ConstantText kBefore>
constexpr record::RenamedConstant renamed() {
  return {&record::kRegistered<kMember, kBefore>};
}

}  // namespace weir
