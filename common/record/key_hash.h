#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <type_traits>

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
