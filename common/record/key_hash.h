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

#include "common/record/key_codecs.h"  // IWYU pragma: export

namespace weir {

/// Whether T can be a key: what can be serialized, except unordered containers and protobuf
/// messages, as equal ones of these need not have equal bytes.
template <typename T>
inline constexpr bool kIsKey = record::KeyCodec<T>::kIsKey;

namespace record {
/// Whether T can be a key; what cannot is one error of the compiler.
template <typename T>
consteval bool checkKey() {
  if constexpr (!checkSerializable<T>()) {
    return false;
  } else {
    static_assert(kIsKey<T>,
                  "weir cannot key a stream by this type: unordered containers and protobuf "
                  "messages have no fixed order of bytes. Key by a field, a string, or a sorted "
                  "container.");
    return kIsKey<T>;
  }
}
template <typename T>
void writeKey(const T& key, Writer& to) {
  KeyCodec<T>::write(key, to);
}
}  // namespace record

/// The hash that decides where a key lives: XXH3-64, seed 0, of its canonical encoding
/// (record::KeyCodec). The same on every machine and in every release.
template <typename T>
std::uint64_t keyHash(const T& key) {
  if constexpr (record::WordKey<T>) {
    return record::xxh3OfWord(record::keyWord(key));
  } else {
    thread_local Writer encoded;
    encoded.clear();
    if constexpr (record::checkKey<T>()) {
      record::writeKey(key, encoded);
    }
    return record::xxh3(encoded.data(), encoded.size());
  }
}
inline std::uint64_t keyHash(const std::string& key) {
  char buffer[136];
  const std::uint64_t size = key.size();
  if (size <= sizeof buffer - sizeof size) [[likely]] {
    std::memcpy(buffer, &size, sizeof size);
    std::memcpy(buffer + sizeof size, key.data(), size);
    return record::xxh3(buffer, sizeof size + size);
  }
  std::string encoded(reinterpret_cast<const char*>(&size), sizeof size);
  encoded += key;
  return record::xxh3(encoded.data(), encoded.size());
}

/// Keys are equal when their canonical encodings are: 0.0 equals -0.0, NaN equals NaN.
template <typename T>
bool keyEquals(const T& a, const T& b) {
  if constexpr (record::WordKey<T>) {
    return record::keyWord(a) == record::keyWord(b);
  } else if constexpr (std::is_same_v<T, std::string>) {
    return a == b;
  } else {
    Writer left;
    Writer right;
    record::writeKey(a, left);
    record::writeKey(b, right);
    return left.view() == right.view();
  }
}

/// keyHash and keyEquals as function objects, for std::unordered_map.
struct KeyHasher {
  template <typename T>
  std::size_t operator()(const T& key) const {
    return keyHash(key);
  }
};
struct KeyEqual {
  template <typename T>
  bool operator()(const T& a, const T& b) const {
    return keyEquals(a, b);
  }
};

}  // namespace weir
