#include "common/schema/schema.h"

#include <algorithm>

#include "common/base/bytes.h"

namespace weir::record {

namespace {

constexpr int kDeepest = 200;
constexpr std::uint8_t kReadsOlder = 1;

void encode(const Schema& schema, Writer& to) {
  to.put(schema.kind);
  to.put<std::uint8_t>(schema.reads_older ? kReadsOlder : 0);
  to.putVarint(schema.width);
  to.putVarint(schema.version);
  to.putString(schema.name);
  to.putVarint(schema.fields.size());
  for (const SchemaField& field : schema.fields) {
    to.putString(field.name);
    to.putVarint(field.former_names.size());
    for (const std::string& former : field.former_names) {
      to.putString(former);
    }
    encode(field.schema, to);
  }
}

/// How many fields a kind has; -1: any number.
int fieldCountOf(SchemaKind kind) {
  switch (kind) {
    case SchemaKind::kEnum:
    case SchemaKind::kDuration:
    case SchemaKind::kTimePoint:
    case SchemaKind::kArray:
    case SchemaKind::kOptional:
    case SchemaKind::kList:
    case SchemaKind::kSet:
      return 1;
    case SchemaKind::kMap:
      return 2;
    case SchemaKind::kTuple:
    case SchemaKind::kVariant:
    case SchemaKind::kStruct:
      return -1;
    default:
      return 0;
  }
}

bool widthFits(SchemaKind kind, std::uint32_t width) {
  switch (kind) {
    case SchemaKind::kBool:
      return width == 1;
    case SchemaKind::kInt:
    case SchemaKind::kUint:
      return width == 1 || width == 2 || width == 4 || width == 8 || width == 16;
    case SchemaKind::kFloat:
      return width == 4 || width == 8 || width == 10 || width == 16;
    default:
      return true;
  }
}

/// What encloses the schema at hand.
struct Around {
  int depth = 0;
  std::uint32_t structs = 0;
  /// Of these the innermost that hold it in any case: a value that went up to one would not end.
  std::uint32_t direct = 0;

  Around within(SchemaKind kind) const {
    const bool may_be_absent = kind == SchemaKind::kOptional || kind == SchemaKind::kVariant ||
                               kind == SchemaKind::kList || kind == SchemaKind::kSet ||
                               kind == SchemaKind::kMap;
    const std::uint32_t one = kind == SchemaKind::kStruct ? 1 : 0;
    return {depth + 1, structs + one, may_be_absent ? 0 : direct + one};
  }
};

Schema decode(Reader& from, const Around& around) {
  Schema schema;
  schema.kind = from.get<SchemaKind>();
  schema.reads_older = from.get<std::uint8_t>() == kReadsOlder;
  schema.width = static_cast<std::uint32_t>(from.getVarint());
  schema.version = static_cast<std::uint32_t>(from.getVarint());
  schema.name = from.getString();
  const std::uint64_t count = from.getVarint();
  const int expected = fieldCountOf(schema.kind);
  const bool recursive = schema.kind == SchemaKind::kRecursive;
  if (schema.kind < SchemaKind::kBool || schema.kind > SchemaKind::kRecursive ||
      around.depth > kDeepest || !widthFits(schema.kind, schema.width) ||
      (expected >= 0 && count != static_cast<std::uint64_t>(expected)) ||
      (recursive && (schema.width >= around.structs || schema.width < around.direct))) {
    from.fail();
  }
  for (std::uint64_t i = 0; i < count && !from.failed(); ++i) {
    SchemaField field;
    field.name = from.getString();
    for (std::uint64_t former = from.getVarint(); former > 0 && !from.failed(); --former) {
      field.former_names.emplace_back(from.getString());
    }
    field.schema = decode(from, around.within(schema.kind));
    schema.fields.push_back(std::move(field));
  }
  return schema;
}

std::string describeFields(const Schema& schema, std::string_view open, std::string_view close) {
  std::string text(open);
  for (std::size_t i = 0; i < schema.fields.size(); ++i) {
    const SchemaField& field = schema.fields[i];
    text += i == 0 ? "" : ", ";
    text += field.name.empty() ? "" : field.name + ": ";
    text += describeSchema(field.schema);
  }
  return text.append(close);
}

}  // namespace

bool Schema::operator==(const Schema& other) const {
  return kind == other.kind && width == other.width && version == other.version &&
         name == other.name &&
         std::equal(fields.begin(),
                    fields.end(),
                    other.fields.begin(),
                    other.fields.end(),
                    [](const SchemaField& a, const SchemaField& b) {
                      return a.name == b.name && a.schema == b.schema;
                    });
}

std::string encodeSchema(const Schema& schema) {
  Writer to;
  encode(schema, to);
  return to.str();
}

Result<Schema> decodeSchema(std::string_view bytes) {
  Reader from(bytes);
  Schema schema = decode(from, {});
  if (from.failed() || from.remaining() != 0) {
    return Error(ErrorCode::kCorruption, "these bytes are no schema");
  }
  return schema;
}

std::string describeSchema(const Schema& schema) {
  const std::string bits = std::to_string(schema.width * 8);
  switch (schema.kind) {
    case SchemaKind::kBool:
      return "bool";
    case SchemaKind::kInt:
      return "i" + bits;
    case SchemaKind::kUint:
      return "u" + bits;
    case SchemaKind::kFloat:
      return "f" + bits;
    case SchemaKind::kEnum:
      return describeFields(schema, "enum(", ")");
    case SchemaKind::kString:
      return "string";
    case SchemaKind::kDuration:
      return describeFields(schema, "duration<" + schema.name + ">(", ")");
    case SchemaKind::kTimePoint:
      return describeFields(schema, "time_point<" + schema.name + ">(", ")");
    case SchemaKind::kTuple:
      return describeFields(schema, "tuple(", ")");
    case SchemaKind::kArray:
      return describeFields(schema, "array<" + std::to_string(schema.width) + ">(", ")");
    case SchemaKind::kOptional:
      return describeFields(schema, "optional(", ")");
    case SchemaKind::kVariant:
      return describeFields(schema, "variant(", ")");
    case SchemaKind::kList:
      return describeFields(schema, "list(", ")");
    case SchemaKind::kMap:
      return describeFields(schema, "map(", ")");
    case SchemaKind::kSet:
      return describeFields(schema, "set(", ")");
    case SchemaKind::kStruct:
      return describeFields(schema, "struct{", "}");
    case SchemaKind::kMessage:
      return "message(" + schema.name + ")";
    case SchemaKind::kCustom:
      return "custom(" + (schema.name.empty() ? "unnamed" : schema.name) + ", version " +
             std::to_string(schema.version) + ")";
    case SchemaKind::kRecursive:
      return "recursive(" + std::to_string(schema.width) + ")";
  }
  return "unknown";
}

}  // namespace weir::record
