#pragma once

#include <limits>
#include <string>
#include <type_traits>

/// The type that a list of elements has in common.
namespace weir::api {

/// Whether every value of From is a value of To: the same type, a wider number, or text.
template <typename To, typename From>
inline constexpr bool kHolds = [] {
  if constexpr (std::is_same_v<To, From>) {
    return true;
  } else if constexpr (std::is_arithmetic_v<To> && std::is_arithmetic_v<From>) {
    using Wide = std::numeric_limits<To>;
    using Narrow = std::numeric_limits<From>;
    return Wide::digits >= Narrow::digits && (Wide::is_signed || !Narrow::is_signed) &&
           (Narrow::is_integer || !Wide::is_integer);
  } else {
    return std::is_same_v<To, std::string> && std::is_convertible_v<const From&, To>;
  }
}();

/// Of numbers the type that C++ computes with when they meet, of literals std::string, else the
/// first one's type.
template <typename First, typename... More>
struct CommonElement {
  using Type = std::conditional_t<std::is_convertible_v<First, const char*>, std::string, First>;
};
template <typename First, typename... More>
  requires(std::is_arithmetic_v<First> && (std::is_arithmetic_v<More> && ...) &&
           !(std::is_same_v<First, More> && ...))
struct CommonElement<First, More...> {
  using Type = std::common_type_t<First, More...>;
};

}  // namespace weir::api
