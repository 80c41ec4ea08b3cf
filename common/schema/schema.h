#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace weir::record {

/// Shapes of encoded values. Append only: the numbers are stored in snapshots.
enum class SchemaKind : std::uint8_t {
  kBool = 1,
  kInt = 2,        ///< `width` bytes, two's complement.
  kUint = 3,       ///< `width` bytes.
  kFloat = 4,      ///< `width` bytes, IEEE 754 (10: x87).
  kEnum = 5,       ///< fields[0]: the underlying integer.
  kString = 6,     ///< Varint length, bytes.
  kDuration = 7,   ///< fields[0]: the representation; `name`: the period, "1/1000".
  kTimePoint = 8,  ///< fields[0]: the duration; `name`: "system", "steady" or "other".
  kTuple = 9,      ///< The fields one after another, matched by position.
  kArray = 10,     ///< `width` times fields[0].
  kOptional = 11,  ///< A byte, then fields[0] if it is 1.
  kVariant = 12,   ///< Varint index, then that field.
  kList = 13,      ///< Varint count, then that many of fields[0].
  kMap = 14,       ///< Varint count, then pairs of fields[0] and fields[1].
  kSet = 15,       ///< Varint count, then that many of fields[0].
  kStruct = 16,    ///< The fields one after another, matched by name.
  kMessage = 17,   ///< A protobuf message: varint length, bytes; `name`: its full name.
  kCustom =
      18,  ///< weir::Serializer<T> of the user: u32 length of the rest, varint version, bytes.
  kRecursive = 19,  ///< The struct `width` levels of kStruct above (0: the innermost).
};

/// The largest count of values that have no bytes, such as std::monostate, in one container.
inline constexpr std::uint64_t kMostWithoutBytes = 1 << 24;

struct SchemaField;

/// How values of one type are laid out in bytes; stored with every snapshot, so that a later
/// program knows what it reads. A plain value.
struct Schema {
  SchemaKind kind = SchemaKind::kTuple;
  std::uint32_t width = 0;
  std::uint32_t version = 0;  ///< Of a custom serializer.
  std::string name{};         ///< Empty for structs: their names do not count.
  bool reads_older = false;   ///< kCustom: the serializer has read(Reader&, version).
  std::vector<SchemaField> fields;

  /// Same bytes, same meaning. Former names and defaults do not count.
  bool operator==(const Schema& other) const;
};

struct SchemaField {
  std::string name{};                       ///< Empty where fields go by position.
  std::vector<std::string> former_names{};  ///< From weir::renamed.
  Schema schema{};
  std::string default_value{};  ///< Encoded value in T{}; in memory only, not in encodeSchema().
};

/// The bytes that stand for a schema in snapshots and messages.
std::string encodeSchema(const Schema& schema);
/// Errors: kCorruption when `bytes` are none.
Result<Schema> decodeSchema(std::string_view bytes);
/// For people: `struct{symbol: string, price: f64}`.
std::string describeSchema(const Schema& schema);

enum class SchemaMatch : std::uint8_t {
  kEqual = 1,         ///< Bytes of the one are bytes of the other.
  kCompatible = 2,    ///< migrate() turns old bytes into new ones.
  kIncompatible = 3,  ///< `sentence` says why.
};
struct SchemaComparison {
  SchemaMatch match = SchemaMatch::kEqual;
  /// What changes ("field 'x' is new") or what cannot ("'price' was f64 and is string now").
  std::string sentence;
};
/// Whether a program that has `now` can read what was written as `old`.
SchemaComparison compareSchemas(const Schema& old, const Schema& now);

}  // namespace weir::record
