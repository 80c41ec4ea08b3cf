#include "common/offline/value_json.h"

#include <bit>
#include <cstring>

#include "common/base/text.h"
#include "common/offline/json_text.h"
#include "common/offline/time_text.h"

namespace weir::offline {
namespace {

using record::Schema;
using record::SchemaField;
using record::SchemaKind;

constexpr int kDeepest = 1000;

std::string decimal128(std::string_view bytes, bool is_signed) {
  unsigned __int128 value = 0;
  std::memcpy(&value, bytes.data(), sizeof value);
  const bool negative = is_signed && (static_cast<unsigned char>(bytes.back()) & 0x80) != 0;
  value = negative ? -value : value;
  std::string digits;
  do {
    digits.insert(digits.begin(), static_cast<char>('0' + static_cast<int>(value % 10)));
    value /= 10;
  } while (value != 0);
  return negative ? "-" + digits : digits;
}

/// Whether the ten bytes are a number that the machine knows: those with the top bit of the
/// significand clear and an exponent are none.
bool isX87Number(std::string_view bytes) {
  std::uint64_t significand = 0;
  std::uint16_t exponent = 0;
  std::memcpy(&significand, bytes.data(), sizeof significand);
  std::memcpy(&exponent, bytes.data() + sizeof significand, sizeof exponent);
  return (exponent & 0x7FFF) == 0 || (significand >> 63) != 0;
}

}  // namespace

/// One level further down for as long as it lives; past the deepest the value fails.
class ValueJson::Deeper {
 public:
  explicit Deeper(ValueJson& json) : json_(json) {
    if (++json_.depth_ > kDeepest) {
      json_.fail("it is nested more than 1000 levels deep");
    }
  }
  ~Deeper() { --json_.depth_; }
  Deeper(const Deeper&) = delete;
  Deeper& operator=(const Deeper&) = delete;

 private:
  ValueJson& json_;
};

void ValueJson::fail(const char* why) {
  why_ = why_ == nullptr ? why : why_;
  from_.fail();
}

Status ValueJson::append(std::string_view bytes, std::string& to) {
  from_ = Reader(bytes);
  to_ = &to;
  why_ = nullptr;
  structs_.clear();
  depth_ = 0;
  budget_ = record::kMostWithoutBytes + 8 * bytes.size();
  value(schema_);
  if (!failed() && from_.remaining() != 0) {
    fail("there are more bytes than one value has");
  }
  if (failed()) {
    return Error(ErrorCode::kCorruption,
                 "a value of " + std::to_string(bytes.size()) + " bytes is none of its schema: " +
                     (why_ != nullptr ? why_ : "it ends too early"));
  }
  return ok();
}

void ValueJson::value(const Schema& schema) {
  if (failed()) {
    return;  // Zeros that it yields may describe a value without end.
  }
  if (budget_-- == 0) {
    return fail("it holds too many values");
  }
  const Deeper deeper(*this);
  switch (schema.kind) {
    case SchemaKind::kBool:
      *to_ += from_.get<std::uint8_t>() != 0 ? "true" : "false";
      return;
    case SchemaKind::kInt:
    case SchemaKind::kUint:
      return integer(schema);
    case SchemaKind::kFloat:
      return floating(schema);
    case SchemaKind::kEnum:
      return value(schema.fields[0].schema);
    case SchemaKind::kString:
      return appendJsonText(*to_, from_.getString());
    case SchemaKind::kDuration:
      return duration(schema);
    case SchemaKind::kTimePoint:
      return timePoint(schema);
    case SchemaKind::kTuple:
      return tuple(schema);
    case SchemaKind::kArray:
      return list(schema.fields[0].schema, schema.width);
    case SchemaKind::kOptional:
      return optional(schema);
    case SchemaKind::kVariant:
      return variant(schema);
    case SchemaKind::kList:
    case SchemaKind::kSet:
      return list(schema.fields[0].schema, countOf(schema.fields[0].schema));
    case SchemaKind::kMap:
      return map(schema);
    case SchemaKind::kStruct:
      return structure(schema);
    case SchemaKind::kMessage:
      return message(schema);
    case SchemaKind::kCustom:
      return custom(schema);
    case SchemaKind::kRecursive:
      return recursive(schema);
  }
  fail("its schema has a kind that this release does not know");
}

void ValueJson::integer(const Schema& schema) {
  const bool is_signed = schema.kind == SchemaKind::kInt;
  const auto put = [&]<typename S, typename U>(S /*as_signed*/, U /*as_unsigned*/) {
    is_signed ? appendDecimal(*to_, std::int64_t{from_.get<S>()})
              : appendDecimal(*to_, std::uint64_t{from_.get<U>()});
  };
  switch (schema.width) {
    case 1:
      return put(std::int8_t{}, std::uint8_t{});
    case 2:
      return put(std::int16_t{}, std::uint16_t{});
    case 4:
      return put(std::int32_t{}, std::uint32_t{});
    case 8:
      return put(std::int64_t{}, std::uint64_t{});
    default:
      break;
  }
  const std::string_view bytes = from_.take(schema.width);
  if (!failed() && bytes.size() == sizeof(__int128)) {
    *to_ += decimal128(bytes, is_signed);
  } else {
    fail("it has an integer of a width that there is not");
  }
}

void ValueJson::floating(const Schema& schema) {
  if (schema.width == sizeof(float)) {
    return appendFloat(*to_, from_.get<float>());
  }
  if (schema.width == sizeof(double)) {
    return appendFloat(*to_, from_.get<double>());
  }
  const std::string_view bytes = from_.take(schema.width);
  constexpr std::size_t kX87 = 10;
  if (failed()) {
    return;
  }
  if (schema.width == kX87 && isX87Number(bytes)) {
    long double number = 0;
    std::memcpy(&number, bytes.data(), kX87);
    return appendFloat(*to_, number);
  }
  appendBase64Object(*to_, bytes);
}

void ValueJson::duration(const Schema& schema) {
  std::string count;
  std::swap(*to_, count);  // What the representation says is not yet the text.
  value(schema.fields[0].schema);
  std::swap(*to_, count);
  if (!failed()) {
    appendJsonString(*to_, durationText(count, schema.name));
  }
}

void ValueJson::timePoint(const Schema& schema) {
  const Schema& span = schema.fields[0].schema;
  if (span.kind != SchemaKind::kDuration) {
    return fail("its schema has a time point of something else than a duration");
  }
  std::string count;
  std::swap(*to_, count);
  value(span.fields[0].schema);
  std::swap(*to_, count);
  if (failed()) {
    return;
  }
  if (schema.name == "system") {
    if (const std::string text = utcText(count, span.name); !text.empty()) {
      return appendJsonString(*to_, text);
    }
  }
  *to_ += "{\"$since_epoch\":";
  appendJsonString(*to_, durationText(count, span.name));
  *to_ += ",\"clock\":";
  appendJsonText(*to_, schema.name);
  *to_ += '}';
}

void ValueJson::custom(const Schema& schema) {
  Reader inner(from_.take(from_.get<std::uint32_t>()));
  const std::uint64_t version = inner.getVarint();
  if (failed() || inner.failed()) {
    return fail("a value of a custom serializer is cut short");
  }
  *to_ += "{\"$custom\":";
  appendJsonText(*to_, schema.name);
  *to_ += ",\"version\":";
  appendDecimal(*to_, version);
  *to_ += ",\"base64\":\"";
  *to_ += base64({inner.position(), inner.remaining()});
  *to_ += "\"}";
}

void ValueJson::message(const Schema& schema) {
  const std::string_view bytes = from_.getString();
  *to_ += "{\"$message\":";
  appendJsonText(*to_, schema.name);
  *to_ += ",\"base64\":\"";
  *to_ += base64(bytes);
  *to_ += "\"}";
}

void ValueJson::optional(const Schema& schema) {
  const auto there = from_.get<std::uint8_t>();
  if (there > 1) {
    return fail("it has an optional value that neither is there nor is not");
  }
  const Schema& inner = schema.fields[0].schema;
  if (there == 0) {
    *to_ += "null";
  } else if (inner.kind == SchemaKind::kOptional) {  // Else one null would be as the other.
    *to_ += "{\"$some\":";
    value(inner);
    *to_ += '}';
  } else {
    value(inner);
  }
}

void ValueJson::variant(const Schema& schema) {
  const std::uint64_t index = from_.getVarint();
  if (failed() || index >= schema.fields.size()) {
    return fail("it has an alternative that its schema does not know");
  }
  *to_ += "{\"$index\":";
  appendDecimal(*to_, index);
  *to_ += ",\"value\":";
  value(schema.fields[index].schema);
  *to_ += '}';
}

std::uint64_t ValueJson::countOf(const Schema& element) {
  const std::uint64_t count = from_.getVarint();
  const bool may_have_no_bytes = element.kind == SchemaKind::kStruct ||
                                 element.kind == SchemaKind::kTuple ||
                                 element.kind == SchemaKind::kArray;
  if (count > from_.remaining() && (!may_have_no_bytes || count > record::kMostWithoutBytes)) {
    fail("it has more elements than bytes");
    return 0;
  }
  return count;
}

void ValueJson::list(const Schema& element, std::uint64_t count) {
  *to_ += '[';
  const bool integers = element.kind == SchemaKind::kInt || element.kind == SchemaKind::kUint;
  if (integers && element.width <= sizeof(std::int64_t) && std::has_single_bit(element.width) &&
      count <= from_.remaining() / element.width) {
    appendDecimals(
        *to_, from_.take(count * element.width), element.width, element.kind == SchemaKind::kInt);
    *to_ += ']';
    return;
  }
  for (std::uint64_t i = 0; i < count && !failed(); ++i) {
    if (i > 0) {
      *to_ += ',';
    }
    value(element);
  }
  *to_ += ']';
}

void ValueJson::tuple(const Schema& schema) {
  *to_ += '[';
  for (std::size_t i = 0; i < schema.fields.size() && !failed(); ++i) {
    if (i > 0) {
      *to_ += ',';
    }
    value(schema.fields[i].schema);
  }
  *to_ += ']';
}

bool ValueJson::mapAsObject(const Schema& schema, std::uint64_t count) {
  *to_ += '{';
  for (std::uint64_t i = 0; i < count && !failed(); ++i) {
    const std::string_view key = from_.getString();
    if (key.starts_with('$') || !isUtf8(key)) {
      return false;  // Would be taken for a mark, or is no name.
    }
    if (i > 0) {
      *to_ += ',';
    }
    appendJsonString(*to_, key);
    *to_ += ':';
    value(schema.fields[1].schema);
  }
  *to_ += '}';
  return true;
}

void ValueJson::map(const Schema& schema) {
  const Schema& key = schema.fields[0].schema;
  const std::uint64_t count = countOf(key);
  if (key.kind == SchemaKind::kString) {
    const Reader start = from_;
    const std::size_t size = to_->size();
    if (mapAsObject(schema, count)) {
      return;
    }
    from_ = start;
    to_->resize(size);  // What was spent stays so: maps in maps are not tried again and again.
  }
  *to_ += '[';
  for (std::uint64_t i = 0; i < count && !failed(); ++i) {
    *to_ += i > 0 ? ",[" : "[";
    value(key);
    *to_ += ',';
    value(schema.fields[1].schema);
    *to_ += ']';
  }
  *to_ += ']';
}

void ValueJson::structure(const Schema& schema) {
  structs_.push_back(&schema);
  *to_ += '{';
  bool first = true;
  for (const SchemaField& field : schema.fields) {
    if (failed()) {
      break;
    }
    if (!first) {
      *to_ += ',';
    }
    first = false;
    appendJsonText(*to_, field.name);
    *to_ += ':';
    value(field.schema);
  }
  *to_ += '}';
  structs_.pop_back();
}

void ValueJson::recursive(const Schema& schema) {
  const std::size_t levels = schema.width + std::size_t{1};
  if (levels > structs_.size()) {
    return fail("its schema goes up further than there are structs");
  }
  const Schema* meant = structs_[structs_.size() - levels];
  // What stands around the struct that is meant, for what is recursive in it.
  const Structs inner(structs_.end() - static_cast<std::ptrdiff_t>(levels), structs_.end());
  structs_.resize(structs_.size() - levels);
  value(*meant);
  structs_.insert(structs_.end(), inner.begin(), inner.end());
}

}  // namespace weir::offline
