#pragma once

#include <chrono>
#include <cstdlib>

#include "common/record/codec.h"

/// Codecs of scalars, strings, chrono types, aggregates and protobuf messages.
namespace weir::record {

template <typename T>
concept Number = std::is_arithmetic_v<T> && !std::is_const_v<T> && !std::is_volatile_v<T>;
template <typename T>
concept Enum = std::is_enum_v<T> && !std::is_const_v<T> && !std::is_volatile_v<T>;

namespace memcpy_internal {
template <typename T>
consteval bool isMemcpy();
struct AllMemcpy {
  template <typename... A>
  constexpr bool operator()(A&... /*fields*/) const {
    return (isMemcpy<std::remove_const_t<A>>() && ...);
  }
};
struct SumOfSizes {
  template <typename... A>
  constexpr std::size_t operator()(A&... /*fields*/) const {
    return (sizeof(A) + ... + 0);
  }
};
template <typename T>
consteval bool isMemcpy() {
  if constexpr (Custom<T> || !std::is_trivially_copyable_v<T>) {
    return false;
  } else if constexpr (Number<T>) {
    return !std::is_same_v<T, bool> && !std::is_same_v<T, long double>;
  } else if constexpr (Enum<T>) {
    return !std::is_same_v<std::underlying_type_t<T>, bool>;
  } else if constexpr (PlainAggregate<T> && !std::is_empty_v<T>) {
    return visitFields(fields_internal::kImage<T>.value, SumOfSizes{}) == sizeof(T) &&
           visitFields(fields_internal::kImage<T>.value, AllMemcpy{});
  } else {
    return false;
  }
}
}  // namespace memcpy_internal

template <Number T>
struct Codec<T> {
  static constexpr bool kSupported = true;
  static constexpr std::uint32_t kWidth = std::is_same_v<T, long double> && sizeof(T) > 10
                                              ? 10  // Of x87; the rest is padding.
                                              : sizeof(T);
  static void write(const T& value, Writer& to) { to.putBytes(&value, kWidth); }
  static T read(Reader& from) {
    if constexpr (std::is_same_v<T, bool>) {
      return from.get<std::uint8_t>() != 0;
    } else {
      T value{};
      from.getBytes(&value, kWidth);
      return value;
    }
  }
  static Schema schema(const TypePath* /*path*/) {
    return plainSchema(std::is_same_v<T, bool>       ? SchemaKind::kBool
                       : std::is_floating_point_v<T> ? SchemaKind::kFloat
                       : std::is_signed_v<T>         ? SchemaKind::kInt
                                                     : SchemaKind::kUint,
                       kWidth);
  }
};

template <Enum T>
struct Codec<T> {
  static constexpr bool kSupported = true;
  using Integer = std::underlying_type_t<T>;
  static void write(const T& value, Writer& to) {
    Codec<Integer>::write(static_cast<Integer>(value), to);
  }
  static T read(Reader& from) { return static_cast<T>(Codec<Integer>::read(from)); }
  static Schema schema(const TypePath* path) {
    return schemaOver(SchemaKind::kEnum, Codec<Integer>::schema(path));
  }
};

template <>
struct Codec<std::string> {
  static constexpr bool kSupported = true;
  static void write(const std::string& value, Writer& to) { to.putString(value); }
  static std::string read(Reader& from) { return std::string(from.getString()); }
  static Schema schema(const TypePath* /*path*/) { return plainSchema(SchemaKind::kString); }
};

template <typename Rep, typename Period>
struct Codec<std::chrono::duration<Rep, Period>> {
  using T = std::chrono::duration<Rep, Period>;
  using Parts = Types<Rep>;
  static constexpr bool kSupported = true;
  static void write(const T& value, Writer& to) { Serializer<Rep>::write(value.count(), to); }
  static T read(Reader& from) { return T(Serializer<Rep>::read(from)); }
  static Schema schema(const TypePath* path) {
    return {.kind = SchemaKind::kDuration,
            .name = std::to_string(Period::num) + "/" + std::to_string(Period::den),
            .fields = {{.schema = schemaAt<Rep>(path)}}};
  }
};

template <typename Clock, typename D>
struct Codec<std::chrono::time_point<Clock, D>> {
  using T = std::chrono::time_point<Clock, D>;
  using Parts = Types<D>;
  static constexpr bool kSupported = true;
  static void write(const T& value, Writer& to) {
    Serializer<D>::write(value.time_since_epoch(), to);
  }
  static T read(Reader& from) { return T(Serializer<D>::read(from)); }
  static Schema schema(const TypePath* path) {
    const bool system = std::is_same_v<Clock, std::chrono::system_clock>;
    const bool steady = std::is_same_v<Clock, std::chrono::steady_clock>;
    return {.kind = SchemaKind::kTimePoint,
            .name = system ? "system" : (steady ? "steady" : "other"),
            .fields = {{.schema = schemaAt<D>(path)}}};
  }
};

/// A protobuf message, known by its members so that this header needs none of protobuf's.
template <typename T>
concept Message = std::is_class_v<T> && requires(T& message, const T& same, std::string* text) {
  { same.SerializeToString(text) } -> std::same_as<bool>;
  { message.ParseFromArray(static_cast<const void*>(nullptr), 0) } -> std::same_as<bool>;
  same.GetTypeName();
};

struct TypesOfFields {
  template <typename... A>
  Types<std::remove_const_t<A>...> operator()(A&... /*fields*/) const {
    return {};
  }
};
template <typename T>
  requires(!Message<T> && PlainAggregate<T>)
struct Codec<T> {
  using Parts = decltype(visitFields(std::declval<T&>(), TypesOfFields{}));
  static constexpr bool kSupported = true;
  static void write(const T& value, Writer& to) {
    if constexpr (isMemcpy<T>) {
      to.putBytes(&value, sizeof value);
    } else {
      visitFields(value, [&](const auto&... fields) {
        (record::write<std::remove_cvref_t<decltype(fields)>>(fields, to), ...);
        return 0;
      });
    }
  }
  static T read(Reader& from) {
    T value{};
    if constexpr (isMemcpy<T>) {
      from.getBytes(&value, sizeof value);
    } else {
      visitFields(value, [&](auto&... fields) {
        ((fields = record::read<std::remove_cvref_t<decltype(fields)>>(from)), ...);
        return 0;
      });
    }
    return value;
  }
  static Schema schema(const TypePath* path) {
    Schema schema = plainSchema(SchemaKind::kStruct);
    if (isRecursive(&kTypeTag<T>, path, schema)) {
      return schema;
    }
    const TypePath here{&kTypeTag<T>, path};
    const std::vector<std::string> names = fieldNames<T>();
    const T defaults{};
    visitFields(defaults, [&](const auto&... fields) {
      (addFieldOf(schema, names, fields, here), ...);
      return 0;
    });
    return schema;
  }

 private:
  template <typename F>
  static void addFieldOf(Schema& to,
                         const std::vector<std::string>& names,
                         const F& default_value,
                         const TypePath& here) {
    Writer encoded;
    record::write<F>(default_value, encoded);
    addField(to, names, formerNamesOf<T>(), schemaAt<F>(&here), encoded);
  }
};

template <Message T>
struct Codec<T> {
  static constexpr bool kSupported = true;
  static void write(const T& value, Writer& to) {
    std::string bytes;
    value.SerializeToString(&bytes);
    to.putString(bytes);
  }
  static T read(Reader& from) {
    const std::string_view bytes = from.getString();
    T message;
    if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
      from.fail();
    }
    return message;
  }
  static Schema schema(const TypePath* /*path*/) {
    return {.kind = SchemaKind::kMessage, .name = std::string(T().GetTypeName()), .fields = {}};
  }
};

}  // namespace weir::record
