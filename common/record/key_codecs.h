#pragma once

#include "common/record/key_codec.h"

namespace weir::record {

template <typename T>
  requires Custom<T>
struct KeyCodec<T> {
  static constexpr bool kIsKey = true;
  static void write(const T& key, Writer& to) {
    const std::size_t start = to.size();
    to.put<std::uint64_t>(0);
    Serializer<T>::write(key, to);
    to.putAt<std::uint64_t>(start, to.size() - start - sizeof(std::uint64_t));
  }
};

template <WordKey T>
struct KeyCodec<T> {
  static constexpr bool kIsKey = true;
  static void write(const T& key, Writer& to) { to.put(keyWord(key)); }
};

template <>
struct KeyCodec<std::string> {
  static constexpr bool kIsKey = true;
  static void write(const std::string& key, Writer& to) {
    to.put<std::uint64_t>(key.size());
    to.putBytes(key.data(), key.size());
  }
};

template <typename Rep, typename Period>
struct KeyCodec<std::chrono::duration<Rep, Period>> {
  static constexpr bool kIsKey = KeyCodec<Rep>::kIsKey;
  static void write(const std::chrono::duration<Rep, Period>& key, Writer& to) {
    writeKey<Rep>(key.count(), to);
  }
};
template <typename Clock, typename D>
struct KeyCodec<std::chrono::time_point<Clock, D>> {
  static constexpr bool kIsKey = KeyCodec<D>::kIsKey;
  static void write(const std::chrono::time_point<Clock, D>& key, Writer& to) {
    writeKey<D>(key.time_since_epoch(), to);
  }
};

struct AllKeys {
  template <typename... A>
  constexpr bool operator()(A&... /*fields*/) const {
    return (KeyCodec<std::remove_const_t<A>>::kIsKey && ...);
  }
};
template <typename T>
  requires(!Custom<T> && !Message<T> && PlainAggregate<T>)
struct KeyCodec<T> {
  static constexpr bool kIsKey = visitFields(fields_internal::kImage<T>.value, AllKeys{});
  static void write(const T& key, Writer& to) {
    visitFields(key, [&](const auto&... fields) {
      (writeKey<std::remove_cvref_t<decltype(fields)>>(fields, to), ...);
      return 0;
    });
  }
};

template <typename C, typename... T>
struct TupleKeyCodec {
  static constexpr bool kIsKey = (KeyCodec<T>::kIsKey && ...);
  static void write(const C& key, Writer& to) {
    std::apply([&](const T&... fields) { (writeKey<T>(fields, to), ...); }, key);
  }
};
template <typename A, typename B>
struct KeyCodec<std::pair<A, B>> : TupleKeyCodec<std::pair<A, B>, A, B> {};
template <typename... T>
struct KeyCodec<std::tuple<T...>> : TupleKeyCodec<std::tuple<T...>, T...> {};
template <>
struct KeyCodec<std::monostate> : KeyCodec<std::tuple<>> {
  static void write(const std::monostate& /*key*/, Writer& /*to*/) {}
};

template <typename T, std::size_t kSize>
struct KeyCodec<std::array<T, kSize>> {
  static constexpr bool kIsKey = KeyCodec<T>::kIsKey;
  static void write(const std::array<T, kSize>& key, Writer& to) {
    for (const T& element : key) {
      writeKey<T>(element, to);
    }
  }
};

template <typename T>
struct KeyCodec<std::optional<T>> {
  static constexpr bool kIsKey = KeyCodec<T>::kIsKey;
  static void write(const std::optional<T>& key, Writer& to) {
    to.put<std::uint64_t>(key.has_value());
    if (key.has_value()) {
      writeKey<T>(*key, to);
    }
  }
};
template <typename... T>
struct KeyCodec<std::variant<T...>> {
  static constexpr bool kIsKey = (KeyCodec<T>::kIsKey && ...);
  static void write(const std::variant<T...>& key, Writer& to) {
    to.put<std::uint64_t>(key.index());
    std::visit([&]<typename A>(const A& held) { writeKey<A>(held, to); }, key);
  }
};

/// Lists and ordered containers.
template <typename C, typename... T>
struct ListKeyCodec {
  static constexpr bool kIsKey = (KeyCodec<T>::kIsKey && ...);
  static void write(const C& key, Writer& to) {
    to.put<std::uint64_t>(key.size());
    for (const auto& element : key) {
      if constexpr (sizeof...(T) == 2) {
        writeKey<typename C::key_type>(element.first, to);
        writeKey<typename C::mapped_type>(element.second, to);
      } else {
        writeKey<typename C::value_type>(element, to);
      }
    }
  }
};
template <typename T, typename... R>
struct KeyCodec<std::vector<T, R...>> : ListKeyCodec<std::vector<T, R...>, T> {};
template <typename T, typename... R>
struct KeyCodec<std::deque<T, R...>> : ListKeyCodec<std::deque<T, R...>, T> {};
template <typename T, typename... R>
struct KeyCodec<std::list<T, R...>> : ListKeyCodec<std::list<T, R...>, T> {};
template <typename C, typename... R>
  requires(!std::is_same_v<C, char>)
struct KeyCodec<std::basic_string<C, R...>> : ListKeyCodec<std::basic_string<C, R...>, C> {};
template <typename T, typename... R>
struct KeyCodec<std::set<T, R...>> : ListKeyCodec<std::set<T, R...>, T> {};
template <typename T, typename... R>
struct KeyCodec<std::multiset<T, R...>> : ListKeyCodec<std::multiset<T, R...>, T> {};
template <typename K, typename V, typename... R>
struct KeyCodec<std::map<K, V, R...>> : ListKeyCodec<std::map<K, V, R...>, K, V> {};
template <typename K, typename V, typename... R>
struct KeyCodec<std::multimap<K, V, R...>> : ListKeyCodec<std::multimap<K, V, R...>, K, V> {};

}  // namespace weir::record
