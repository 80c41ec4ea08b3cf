#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>

#include "common/record/serializer.h"
#include "common/schema/key_group.h"

namespace weir {

namespace record {

/// XXH3-64 with seed 0.
std::uint64_t xxh3(const void* data, std::size_t size);

/// XXH3-64 with seed 0 of the 8 little-endian bytes of `value`: XXH3_len_4to8_64b of xxHash 0.8.
inline std::uint64_t xxh3OfWord(std::uint64_t value) {
  constexpr std::uint64_t kFlip = 0x1cad21f72c81017cULL ^ 0xdb979083e96dd4deULL;  // kSecret[8..24).
  std::uint64_t h = std::rotl(value, 32) ^ kFlip;
  h ^= std::rotl(h, 49) ^ std::rotl(h, 24);
  h *= 0x9FB21C651E98DF25ULL;
  h ^= (h >> 35) + 8;
  h *= 0x9FB21C651E98DF25ULL;
  return h ^ (h >> 28);
}

/// How a key is encoded for hashing, independent of machine, library and width of integers:
/// numbers and enums as 8 bytes (integers widened by value, floats as double, -0.0 as 0.0, one
/// NaN), strings and lists as 8 bytes of length and their contents, optional and variant as 8 bytes
/// of index and the value, aggregates, tuples and arrays member by member, chrono types as their
/// count, values with a serializer of the user's as 8 bytes of length and what it writes.
template <typename T>
struct KeyCodec {
  static constexpr bool kIsKey = false;
  static void write(const T& /*key*/, Writer& /*to*/) {}
};

template <Number T>
  requires(!Custom<T>)
constexpr std::uint64_t keyWord(T key) {
  if constexpr (std::is_floating_point_v<T>) {
    const auto wide = static_cast<double>(key);
    if (wide == 0) {
      return 0;
    }
    return std::bit_cast<std::uint64_t>(wide == wide ? wide
                                                     : std::numeric_limits<double>::quiet_NaN());
  } else if constexpr (std::is_signed_v<T>) {
    return static_cast<std::uint64_t>(static_cast<std::int64_t>(key));
  } else {
    return static_cast<std::uint64_t>(key);
  }
}
template <Enum T>
  requires(!Custom<T>)
constexpr std::uint64_t keyWord(T key) {
  return keyWord(static_cast<std::underlying_type_t<T>>(key));
}
/// Keys whose encoding is one word.
template <typename T>
concept WordKey = (Number<T> || Enum<T>) && !Custom<T>;

template <typename T>
void writeKey(const T& key, Writer& to);

}  // namespace record
}  // namespace weir
