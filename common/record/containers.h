#pragma once

#include <array>
#include <deque>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <variant>
#include <vector>

#include "common/record/codec.h"

/// Codecs of the standard library's containers and sums.
namespace weir::record {

/// Whether every T is encoded as no bytes at all, such as std::monostate or an empty struct.
template <typename T>
bool hasNoBytes() {
  if constexpr (Custom<T> || std::is_scalar_v<T> || !std::is_default_constructible_v<T>) {
    return false;
  } else {
    static const bool none = [] {
      Writer to;
      record::write<T>(T{}, to);
      return to.size() == 0;
    }();
    return none;
  }
}

/// A count that the rest of the bytes can hold; fails the reader otherwise.
template <typename T>
std::size_t readCount(Reader& from) {
  const std::uint64_t count = from.getVarint();
  if (count > from.remaining() && (count > kMostWithoutBytes || !hasNoBytes<T>())) {
    from.fail();
    return 0;
  }
  return static_cast<std::size_t>(count);
}

template <typename C>
struct ListCodec {
  using T = typename C::value_type;
  using Parts = Types<T>;
  static constexpr bool kSupported = true;
  static constexpr bool kRun = requires(C& c) { c.data(); } && isMemcpy<T>;
  static void write(const C& values, Writer& to) {
    to.putVarint(values.size());
    if constexpr (kRun) {
      to.putBytes(values.data(), values.size() * sizeof(T));
    } else {
      for (const T& value : values) {  // By value for vector<bool>.
        record::write<T>(value, to);
      }
    }
  }
  static C read(Reader& from) {
    C values;
    const std::size_t count = readCount<T>(from);
    if constexpr (kRun) {
      if (count <= from.remaining() / sizeof(T)) {
        values.resize(count);
        from.getBytes(values.data(), count * sizeof(T));
      } else {
        from.fail();
      }
    } else {
      for (std::size_t i = 0; i < count && !from.failed(); ++i) {
        values.push_back(record::read<T>(from));
      }
    }
    return values;
  }
  static Schema schema(const TypePath* path) {
    return schemaOver(SchemaKind::kList, schemaAt<T>(path));
  }
};
template <typename T, typename... R>
struct Codec<std::vector<T, R...>> : ListCodec<std::vector<T, R...>> {};
template <typename T, typename... R>
struct Codec<std::deque<T, R...>> : ListCodec<std::deque<T, R...>> {};
template <typename T, typename... R>
struct Codec<std::list<T, R...>> : ListCodec<std::list<T, R...>> {};
template <typename C, typename... R>
  requires(!std::is_same_v<C, char>)
struct Codec<std::basic_string<C, R...>> : ListCodec<std::basic_string<C, R...>> {};

template <typename C>
struct PartsOfTree {
  using Parts = Types<typename C::key_type>;
};
template <typename C>
  requires requires { typename C::mapped_type; }
struct PartsOfTree<C> {
  using Parts = Types<typename C::key_type, typename C::mapped_type>;
};
/// Sets and maps; with Multi in the form of a list, as keys may repeat.
template <typename C, typename Element, bool kMulti>
struct TreeCodec : PartsOfTree<C> {
  static constexpr bool kSupported = true;
  static void write(const C& values, Writer& to) {
    to.putVarint(values.size());
    for (const auto& value : values) {
      if constexpr (requires { typename C::mapped_type; }) {
        record::write<typename C::key_type>(value.first, to);
        record::write<typename C::mapped_type>(value.second, to);
      } else {
        record::write<Element>(value, to);
      }
    }
  }
  static C read(Reader& from) {
    C values;
    const std::size_t count = readCount<typename C::key_type>(from);
    for (std::size_t i = 0; i < count && !from.failed(); ++i) {
      if constexpr (requires { typename C::mapped_type; }) {
        auto key = record::read<typename C::key_type>(from);
        values.emplace_hint(
            values.end(), std::move(key), record::read<typename C::mapped_type>(from));
      } else {
        values.emplace_hint(values.end(), record::read<Element>(from));
      }
    }
    return values;
  }
  static Schema schema(const TypePath* path) {
    if constexpr (requires { typename C::mapped_type; }) {
      Schema key = schemaAt<typename C::key_type>(path);
      Schema pair = schemaOver(kMulti ? SchemaKind::kTuple : SchemaKind::kMap,
                               std::move(key),
                               schemaAt<typename C::mapped_type>(path));
      if constexpr (kMulti) {
        return schemaOver(SchemaKind::kList, std::move(pair));
      } else {
        return pair;
      }
    } else {
      return schemaOver(kMulti ? SchemaKind::kList : SchemaKind::kSet, schemaAt<Element>(path));
    }
  }
};
template <typename... A>
struct Codec<std::map<A...>>
    : TreeCodec<std::map<A...>, typename std::map<A...>::value_type, false> {};
template <typename... A>
struct Codec<std::multimap<A...>>
    : TreeCodec<std::multimap<A...>, typename std::multimap<A...>::value_type, true> {};
template <typename... A>
struct Codec<std::unordered_map<A...>>
    : TreeCodec<std::unordered_map<A...>, typename std::unordered_map<A...>::value_type, false> {};
template <typename... A>
struct Codec<std::unordered_multimap<A...>>
    : TreeCodec<std::unordered_multimap<A...>,
                typename std::unordered_multimap<A...>::value_type,
                true> {};
template <typename T, typename... R>
struct Codec<std::set<T, R...>> : TreeCodec<std::set<T, R...>, T, false> {};
template <typename T, typename... R>
struct Codec<std::multiset<T, R...>> : TreeCodec<std::multiset<T, R...>, T, true> {};
template <typename T, typename... R>
struct Codec<std::unordered_set<T, R...>> : TreeCodec<std::unordered_set<T, R...>, T, false> {};
template <typename T, typename... R>
struct Codec<std::unordered_multiset<T, R...>>
    : TreeCodec<std::unordered_multiset<T, R...>, T, true> {};

template <typename C, typename... T>
struct TupleCodec {
  using Parts = Types<T...>;
  static constexpr bool kSupported = true;
  static void write(const C& value, Writer& to) {
    std::apply([&](const T&... fields) { (record::write<T>(fields, to), ...); }, value);
  }
  static C read(Reader& from) { return C{record::read<T>(from)...}; }  // Braces: left to right.
  static Schema schema([[maybe_unused]] const TypePath* path) {
    return {.kind = SchemaKind::kTuple, .fields = {SchemaField{.schema = schemaAt<T>(path)}...}};
  }
};
template <typename A, typename B>
struct Codec<std::pair<A, B>> : TupleCodec<std::pair<A, B>, A, B> {};
template <typename... T>
struct Codec<std::tuple<T...>> : TupleCodec<std::tuple<T...>, T...> {};
template <>
struct Codec<std::tuple<>> : TupleCodec<std::tuple<>> {
  static std::tuple<> read(Reader& /*from*/) { return {}; }
};
template <>
struct Codec<std::monostate> {
  static constexpr bool kSupported = true;
  static void write(const std::monostate& /*value*/, Writer& /*to*/) {}
  static std::monostate read(Reader& /*from*/) { return {}; }
  static Schema schema(const TypePath* /*path*/) {
    return {.kind = SchemaKind::kTuple, .fields = {}};
  }
};

template <typename T, std::size_t kSize>
struct Codec<std::array<T, kSize>> {
  using Parts = Types<T>;
  static constexpr bool kSupported = true;
  static void write(const std::array<T, kSize>& values, Writer& to) {
    if constexpr (isMemcpy<T> && kSize != 0) {  // Values one after another, so all at once.
      to.putBytes(values.data(), sizeof values);
    } else {
      for (const T& value : values) {
        record::write<T>(value, to);
      }
    }
  }
  static std::array<T, kSize> read(Reader& from) {
    if constexpr (isMemcpy<T> && kSize != 0) {
      std::array<T, kSize> values{};
      from.getBytes(values.data(), sizeof values);
      return values;
    }
    return [&]<std::size_t... kAt>(std::index_sequence<kAt...>) {
      return std::array<T, kSize>{{((void)kAt, record::read<T>(from))...}};
    }(std::make_index_sequence<kSize>());
  }
  static Schema schema(const TypePath* path) {
    return schemaOver(SchemaKind::kArray, schemaAt<T>(path), kSize);
  }
};

template <typename T>
struct Codec<std::optional<T>> {
  using Parts = Types<T>;
  static constexpr bool kSupported = true;
  static void write(const std::optional<T>& value, Writer& to) {
    to.put<std::uint8_t>(value.has_value());
    if (value.has_value()) {
      record::write<T>(*value, to);
    }
  }
  static std::optional<T> read(Reader& from) {
    switch (from.get<std::uint8_t>()) {
      case 0:
        return std::nullopt;
      case 1:
        return record::read<T>(from);
      default:
        from.fail();
        return std::nullopt;
    }
  }
  static Schema schema(const TypePath* path) {
    return schemaOver(SchemaKind::kOptional, schemaAt<T>(path));
  }
};

template <typename... T>
struct Codec<std::variant<T...>> {
  using Parts = Types<T...>;
  static constexpr bool kSupported = true;
  using V = std::variant<T...>;
  static void write(const V& value, Writer& to) {
    to.putVarint(value.index());
    std::visit([&]<typename A>(const A& held) { record::write<A>(held, to); }, value);
  }
  static V read(Reader& from) {
    const std::uint64_t index = from.getVarint();
    return readAt<0>(from, index);
  }
  static Schema schema(const TypePath* path) {
    return {.kind = SchemaKind::kVariant, .fields = {SchemaField{.schema = schemaAt<T>(path)}...}};
  }

 private:
  template <std::size_t kAt>
  static V readAt(Reader& from, std::uint64_t index) {
    if (index == kAt) {
      return V(std::in_place_index<kAt>, record::read<std::variant_alternative_t<kAt, V>>(from));
    }
    if constexpr (kAt + 1 < sizeof...(T)) {
      return readAt<kAt + 1>(from, index);
    } else {
      from.fail();
      return readAt<0>(from, 0);
    }
  }
};

}  // namespace weir::record
