#pragma once

#include "common/record/serializer.h"

namespace weir::record {

/// Containers that stand in their encoding as a list, in an order that is their own.
template <typename T>
inline constexpr bool kListsInAnyOrder = false;
template <typename... A>
inline constexpr bool kListsInAnyOrder<std::unordered_multimap<A...>> = true;
template <typename... A>
inline constexpr bool kListsInAnyOrder<std::unordered_multiset<A...>> = true;

template <typename T, typename... Above>
consteval bool rewritesAlike(Types<Above...> above = {});
template <typename Above, typename... T>
consteval bool partsRewriteAlike(Types<T...> /*parts*/) {
  return (rewritesAlike<T>(Above{}) && ...);
}
/// Whether a T that was read and is written again has the content, as ContentHash sees it, that was
/// read. Of serializers of the user's, messages and the like nothing is known. `above` are the
/// types that T is a part of.
template <typename T, typename... Above>
consteval bool rewritesAlike(Types<Above...> /*above*/) {
  if constexpr ((std::is_same_v<T, Above> || ...)) {
    return true;
  } else if constexpr (Custom<T> || kListsInAnyOrder<T>) {
    return false;
  } else if constexpr (Message<T>) {
    return false;
  } else if constexpr (requires { typename Codec<T>::Parts; }) {
    return partsRewriteAlike<Types<T, Above...>>(typename Codec<T>::Parts{});
  } else {
    return true;
  }
}

}  // namespace weir::record
