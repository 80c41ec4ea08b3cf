#pragma once

#include <string>
#include <type_traits>

#include "common/record/serializer.h"

namespace weir::record {

template <typename T, typename... Above>
consteval bool sameBytesWhenEqual(Types<Above...> above = {});
template <typename Above, typename... T>
consteval bool partsHaveSameBytes(Types<T...> /*parts*/) {
  return (sameBytesWhenEqual<T>(Above{}) && ...);
}
/// Whether keys of type T are equal exactly when they are serialized to the same bytes. It is not
/// so where a floating-point number is in them: 0.0 equals -0.0. `above` are the types that T is a
/// part of.
template <typename T, typename... Above>
consteval bool sameBytesWhenEqual(Types<Above...> /*above*/) {
  if constexpr ((std::is_same_v<T, Above> || ...)) {
    return true;
  } else if constexpr (Custom<T>) {
    return true;  // As what the serializer of the user's writes decides.
  } else if constexpr (std::is_floating_point_v<T>) {
    return false;
  } else if constexpr (std::is_integral_v<T> || std::is_enum_v<T> ||
                       std::is_same_v<T, std::string>) {
    return true;
  } else if constexpr (requires { typename Codec<T>::Parts; }) {
    return partsHaveSameBytes<Types<T, Above...>>(typename Codec<T>::Parts{});
  } else {
    return false;
  }
}

}  // namespace weir::record
