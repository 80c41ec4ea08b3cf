#include <charconv>
#include <limits>
#include <optional>
#include <vector>

#include <nlohmann/json.hpp>

#include "common/base/bytes.h"
#include "common/base/utf8.h"
#include "common/offline/json_text.h"
#include "common/offline/key_encoding.h"
#include "common/offline/time_text.h"

namespace weir::offline {
namespace {

using nlohmann::json;
using record::Schema;
using record::SchemaField;
using record::SchemaKind;

std::optional<std::string> fromBase64(const json& text) {
  if (!text.is_string()) {
    return std::nullopt;
  }
  const auto& digits = text.get_ref<const std::string&>();
  std::string bytes;
  std::uint32_t word = 0;
  int bits = 0;
  for (const char c : digits) {
    constexpr std::string_view kDigits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    if (c == '=') {
      continue;
    }
    const std::size_t digit = kDigits.find(c);
    if (digit == std::string_view::npos) {
      return std::nullopt;
    }
    word = word << 6 | static_cast<std::uint32_t>(digit);
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes += static_cast<char>(word >> bits);
    }
  }
  return base64(bytes) == digits ? std::optional(bytes) : std::nullopt;
}

/// Encodes JSON as a value of a schema. False: it is none.
class Encoding {
 public:
  bool value(const json& from, const Schema& schema);
  std::string bytes() const { return to_.str(); }

 private:
  bool integer(const json& from, const Schema& schema);
  bool floating(const json& from, const Schema& schema);
  bool string(const json& from);
  bool duration(const json& from, const Schema& schema);
  bool timePoint(const json& from, const Schema& schema);
  bool elements(const json& from, const Schema& element);
  bool tuple(const json& from, const Schema& schema);
  bool map(const json& from, const Schema& schema);
  bool structure(const json& from, const Schema& schema);
  bool optional(const json& from, const Schema& schema);
  bool variant(const json& from, const Schema& schema);
  bool custom(const json& from, const Schema& schema);
  bool recursive(const json& from, const Schema& schema);

  Writer to_;
  std::vector<const Schema*> structs_;
};

bool Encoding::value(const json& from, const Schema& schema) {
  switch (schema.kind) {
    case SchemaKind::kBool:
      return from.is_boolean() && (to_.put<std::uint8_t>(from.get<bool>() ? 1 : 0), true);
    case SchemaKind::kInt:
    case SchemaKind::kUint:
      return integer(from, schema);
    case SchemaKind::kFloat:
      return floating(from, schema);
    case SchemaKind::kEnum:
      return value(from, schema.fields[0].schema);
    case SchemaKind::kString:
      return string(from);
    case SchemaKind::kDuration:
      return duration(from, schema);
    case SchemaKind::kTimePoint:
      return timePoint(from, schema);
    case SchemaKind::kTuple:
      return tuple(from, schema);
    case SchemaKind::kArray:
      return from.is_array() && from.size() == schema.width &&
             elements(from, schema.fields[0].schema);
    case SchemaKind::kOptional:
      return optional(from, schema);
    case SchemaKind::kVariant:
      return variant(from, schema);
    case SchemaKind::kList:
    case SchemaKind::kSet:
      return from.is_array() && (to_.putVarint(from.size()), true) &&
             elements(from, schema.fields[0].schema);
    case SchemaKind::kMap:
      return map(from, schema);
    case SchemaKind::kStruct:
      return structure(from, schema);
    case SchemaKind::kCustom:
      return custom(from, schema);
    case SchemaKind::kRecursive:
      return recursive(from, schema);
    case SchemaKind::kMessage:
      break;  // No key.
  }
  return false;
}

bool Encoding::integer(const json& from, const Schema& schema) {
  if (!from.is_number_integer() || schema.width > sizeof(std::uint64_t)) {
    return false;
  }
  const unsigned bits = 8 * schema.width;
  if (schema.kind == SchemaKind::kUint) {
    if (!from.is_number_unsigned()) {
      return false;
    }
    const auto number = from.get<std::uint64_t>();
    to_.putBytes(&number, schema.width);
    return bits == 64 || number >> bits == 0;
  }
  if (from.is_number_unsigned() &&
      from.get<std::uint64_t>() > std::uint64_t{std::numeric_limits<std::int64_t>::max()}) {
    return false;
  }
  const auto number = from.get<std::int64_t>();
  to_.putBytes(&number, schema.width);
  const std::int64_t rest = number >> (bits - 1);
  return rest == 0 || rest == -1;
}

bool Encoding::floating(const json& from, const Schema& schema) {
  double number = 0;
  if (from.is_number()) {
    number = from.get<double>();
  } else if (from == "NaN") {
    number = std::numeric_limits<double>::quiet_NaN();
  } else if (from == "Infinity" || from == "-Infinity") {
    number = std::numeric_limits<double>::infinity() * (from == "Infinity" ? 1 : -1);
  } else {
    return false;
  }
  if (schema.width == sizeof(float)) {
    to_.put(static_cast<float>(number));
  } else if (schema.width == sizeof(double)) {
    to_.put(number);
  } else {
    const long double wide = number;
    constexpr std::size_t kX87 = 10;
    if (schema.width != kX87) {
      return false;
    }
    to_.putBytes(&wide, kX87);
  }
  return true;
}

bool Encoding::string(const json& from) {
  if (from.is_string()) {
    to_.putString(from.get_ref<const std::string&>());
    return true;
  }
  const auto bytes = from.is_object() && from.size() == 1 && from.contains("$base64")
                         ? fromBase64(from["$base64"])
                         : std::nullopt;
  if (bytes) {
    to_.putString(*bytes);
  }
  return bytes.has_value();
}

bool Encoding::duration(const json& from, const Schema& schema) {
  if (from.is_number()) {
    return value(from, schema.fields[0].schema);
  }
  if (!from.is_string()) {
    return false;
  }
  const auto& text = from.get_ref<const std::string&>();
  const std::string count = text.substr(0, text.find(' '));
  const json number = json::parse(count, nullptr, false);
  return durationText(count, schema.name) == text &&
         value(number.is_number() ? number : json(count), schema.fields[0].schema);
}

bool Encoding::timePoint(const json& from, const Schema& schema) {
  const Schema& span = schema.fields[0].schema;
  if (from.is_object()) {
    return span.kind == SchemaKind::kDuration && from.contains("$since_epoch") &&
           duration(from["$since_epoch"], span);
  }
  if (from.is_number()) {
    return span.kind == SchemaKind::kDuration && duration(from, span);
  }
  if (!from.is_string() || span.kind != SchemaKind::kDuration || schema.name != "system") {
    return false;
  }
  const auto ticks = ticksOf(from.get_ref<const std::string&>(), span.name);
  return ticks && duration(json(*ticks), span);
}

bool Encoding::elements(const json& from, const Schema& element) {
  for (const json& one : from) {
    if (!value(one, element)) {
      return false;
    }
  }
  return true;
}

bool Encoding::tuple(const json& from, const Schema& schema) {
  if (!from.is_array() || from.size() != schema.fields.size()) {
    return false;
  }
  for (std::size_t at = 0; at < from.size(); ++at) {
    if (!value(from[at], schema.fields[at].schema)) {
      return false;
    }
  }
  return true;
}

bool Encoding::map(const json& from, const Schema& schema) {
  if (!from.is_object() && !from.is_array()) {
    return false;
  }
  to_.putVarint(from.size());
  for (const auto& [name, one] : from.items()) {
    if (from.is_array() && (!one.is_array() || one.size() != 2)) {
      return false;
    }
    if (!value(from.is_object() ? json(name) : one[0], schema.fields[0].schema) ||
        !value(from.is_object() ? one : one[1], schema.fields[1].schema)) {
      return false;
    }
  }
  return true;
}

bool Encoding::structure(const json& from, const Schema& schema) {
  if (!from.is_object() || from.size() != schema.fields.size()) {
    return false;
  }
  structs_.push_back(&schema);
  for (const SchemaField& field : schema.fields) {
    const auto found = from.find(field.name);
    if (found == from.end() || !value(*found, field.schema)) {
      return false;
    }
  }
  structs_.pop_back();
  return true;
}

bool Encoding::optional(const json& from, const Schema& schema) {
  to_.put<std::uint8_t>(from.is_null() ? 0 : 1);
  if (from.is_null()) {
    return true;
  }
  const Schema& inner = schema.fields[0].schema;
  if (inner.kind == SchemaKind::kOptional) {
    return from.is_object() && from.contains("$some") && value(from["$some"], inner);
  }
  return value(from, inner);
}

bool Encoding::variant(const json& from, const Schema& schema) {
  if (!from.is_object() || !from.contains("$index") || !from.contains("value") ||
      !from["$index"].is_number_unsigned()) {
    return false;
  }
  const auto index = from["$index"].get<std::uint64_t>();
  to_.putVarint(index);
  return index < schema.fields.size() && value(from["value"], schema.fields[index].schema);
}

bool Encoding::custom(const json& from, const Schema& schema) {
  const auto bytes =
      from.is_object() && from.contains("base64") ? fromBase64(from["base64"]) : std::nullopt;
  if (!bytes) {
    return false;
  }
  Writer inner;
  const auto version = from.value("version", json(schema.version));
  inner.putVarint(version.is_number_unsigned() ? version.get<std::uint64_t>() : schema.version);
  inner.putBytes(bytes->data(), bytes->size());
  to_.put(static_cast<std::uint32_t>(inner.size()));
  to_.putBytes(inner.data(), inner.size());
  return true;
}

bool Encoding::recursive(const json& from, const Schema& schema) {
  const std::size_t levels = schema.width + std::size_t{1};
  if (levels > structs_.size()) {
    return false;
  }
  const std::vector<const Schema*> around = structs_;
  structs_.resize(around.size() - levels);
  const bool fits = value(from, *around[around.size() - levels]);
  structs_ = around;
  return fits;
}

}  // namespace

Result<std::string> encodeKey(std::string_view text, const Schema& schema) {
  json parsed = json::parse(text, nullptr, false);
  if (schema.kind == SchemaKind::kString && !parsed.is_string() && !parsed.is_object()) {
    parsed = std::string(text);  // Bare.
  }
  Encoding encoding;
  if (parsed.is_discarded() || !encoding.value(parsed, schema)) {
    return Error(ErrorCode::kInvalidArgument,
                 "'" + escaped(text) + "' is no key of this state, which are " +
                     escaped(describeSchema(schema)))
        .advise("write it as JSON, as --dump shows keys");
  }
  return encoding.bytes();
}

}  // namespace weir::offline
