#pragma once

#include <concepts>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "common/base/bytes.h"
#include "common/record/fields.h"
#include "common/record/migrate.h"
#include "common/record/names.h"
#include "common/schema/schema.h"

namespace weir {

namespace record {

/// The types above the one whose schema is being made, to find recursion.
struct TypePath {
  const void* type = nullptr;
  const TypePath* outer = nullptr;
};
template <typename T>
inline constexpr char kTypeTag = 0;

/// A list of types.
template <typename... T>
struct Types {};

/// How the types that Weir knows are encoded: write, read, schema, and, where they are made of
/// other types, Parts with these. Specialised in codecs.h and containers.h, of which serializer.h
/// is the whole; users specialise weir::Serializer instead.
template <typename T>
struct Codec {
  static constexpr bool kSupported = false;
};

// What schemas are put together by. As every type has one, the work is not done in templates.

/// Whether the struct `type` is a part of itself, by what stands above it: `schema` is then what
/// stands for it there.
bool isRecursive(const void* type, const TypePath* path, Schema& schema);
Schema plainSchema(SchemaKind kind, std::uint32_t width = 0);
/// Of what is made of others, by position.
Schema schemaOver(SchemaKind kind, Schema element, std::uint32_t width = 0);
Schema schemaOver(SchemaKind kind, Schema first, Schema second);
/// Adds the next member of a struct, of which `default_value` holds that in T{}.
void addField(Schema& to,
              const std::vector<std::string>& names,
              const std::vector<FormerName>& former_names,
              Schema schema,
              const Writer& default_value);

/// Whether Weir knows T; that it does not is an error of the compiler, one for each T.
template <typename T>
consteval bool checkKnown() {
  static_assert(
      Codec<T>::kSupported,
      "weir cannot serialize this type: it takes numbers, enums, strings, chrono types, standard "
      "containers, protobuf messages and plain aggregates of these (default constructible and "
      "copyable, no C arrays, base classes, bit-fields, pointers, references or const members, at "
      "most 48 members). Use std::array, std::string, std::optional or a member instead, or "
      "specialise weir::Serializer<T> with write(const T&, Writer&) and read(Reader&).");
  return Codec<T>::kSupported;
}

}  // namespace record

/// How values of T become bytes and values again.
///
/// Known without help: arithmetic types and enums, std::string, chrono durations and time points,
/// pair, tuple, array, optional, variant, vector, deque, list, maps and sets, protobuf messages,
/// and plain aggregates of these. For any other T specialise it with `static void write(const T&,
/// Writer&)` and `static T read(Reader&)`, and, where values shall survive a change of the
/// encoding, `static constexpr std::string_view name`, `static constexpr std::uint32_t version` and
/// `static T read(Reader&, std::uint32_t version)`.
template <typename T>
struct Serializer {
  using WeirKnows = T;

  static void write(const T& value, Writer& to) {
    if constexpr (record::checkKnown<T>()) {
      record::Codec<T>::write(value, to);
    }
  }
  static T read(Reader& from) {
    if constexpr (record::checkKnown<T>()) {
      return record::Codec<T>::read(from);
    } else {
      std::abort();
    }
  }
};

namespace record {

/// T has a serializer of the user's.
template <typename T>
concept Custom = !requires { typename Serializer<T>::WeirKnows; };
namespace memcpy_internal {
template <typename T>
consteval bool isMemcpy();  // In codecs.h.
}
/// The encoding of T is its memory: numbers, enums, and aggregates of them without padding.
template <typename T>
inline constexpr bool isMemcpy = memcpy_internal::isMemcpy<T>();

template <typename T, typename... Above>
consteval bool checkSerializable(Types<Above...> above = {});
template <typename Above, typename... T>
consteval bool checkParts(Types<T...> /*parts*/) {
  return (checkSerializable<T>(Above{}) && ...);
}
/// Whether T and all that it is made of can be serialized; what cannot is an error of the compiler,
/// that of checkKnown(). `above` are the types that T is a part of.
template <typename T, typename... Above>
consteval bool checkSerializable(Types<Above...> /*above*/) {
  if constexpr ((std::is_same_v<T, Above> || ...) || Custom<T>) {
    return true;
  } else if constexpr (!checkKnown<T>()) {
    return false;
  } else if constexpr (requires { typename Codec<T>::Parts; }) {
    return checkParts<Types<T, Above...>>(typename Codec<T>::Parts{});
  } else {
    return true;
  }
}

template <typename T>
concept ReadsOlder = requires(Reader& from) { Serializer<T>::read(from, std::uint32_t{}); };

template <typename T>
constexpr std::uint32_t customVersion() {
  if constexpr (requires { Serializer<T>::version; }) {
    return Serializer<T>::version;
  } else {
    return 0;
  }
}

/// Appends a value so that its schema suffices to skip it; what batches and state are made of.
template <typename T>
void write(const T& value, Writer& to) {
  if constexpr (Custom<T>) {
    const std::size_t start = to.size();
    to.put<std::uint32_t>(0);
    to.putVarint(customVersion<T>());
    Serializer<T>::write(value, to);
    to.putAt(start, static_cast<std::uint32_t>(to.size() - start - sizeof(std::uint32_t)));
  } else {
    Serializer<T>::write(value, to);
  }
}

/// Reads what write() wrote, in this or (custom serializers) an older version. Garbage fails the
/// reader and yields some value.
template <typename T>
T read(Reader& from) {
  if constexpr (Custom<T>) {
    const auto length = from.get<std::uint32_t>();
    Reader inner(from.take(length));
    const auto version = static_cast<std::uint32_t>(inner.getVarint());
    if (from.failed() || inner.failed()) {
      from.fail();
      inner.fail();
    }
    if constexpr (ReadsOlder<T>) {
      if (version != customVersion<T>()) {
        T value = Serializer<T>::read(inner, version);
        inner.failed() ? from.fail() : void();
        return value;
      }
    } else if (version != customVersion<T>()) {
      from.fail();
    }
    T value = Serializer<T>::read(inner);
    inner.failed() ? from.fail() : void();
    return value;
  } else {
    return Serializer<T>::read(from);
  }
}

template <typename T>
Schema schemaAt(const TypePath* path) {
  if constexpr (Custom<T>) {
    Schema schema{.kind = SchemaKind::kCustom, .version = customVersion<T>(), .fields = {}};
    schema.reads_older = ReadsOlder<T>;
    if constexpr (requires { Serializer<T>::name; }) {
      schema.name = Serializer<T>::name;
    }
    return schema;
  } else if constexpr (checkKnown<T>()) {
    return Codec<T>::schema(path);
  } else {
    return {};
  }
}
/// The schema of T, built on each call: keep it.
template <typename T>
Schema schemaOf() {
  return schemaAt<T>(nullptr);
}

/// Reads a T that was written as `written`, which is equal to or compatible with T's schema. Added
/// members take their value in T{}.
template <typename T>
T readAs(Reader& from, const Schema& written, const Schema& now = schemaOf<T>()) {
  Writer migrated;
  migrateValue(from, written, now, migrated);
  Reader reader(migrated.view());
  T value = read<T>(reader);
  reader.failed() ? from.fail() : void();
  return value;
}

}  // namespace record
}  // namespace weir
