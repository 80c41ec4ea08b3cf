#include "common/record/schema_walk.h"

#include "common/record/migrate.h"

namespace weir::record {
namespace walk {

std::uint64_t countOf(Reader& from, const Schema& element) {
  const std::uint64_t count = from.getVarint();
  const bool no_bytes = (element.kind == SchemaKind::kStruct ||
                         element.kind == SchemaKind::kTuple || element.kind == SchemaKind::kArray);
  if (count > from.remaining() && (!no_bytes || count > kMostWithoutBytes)) {
    from.fail();
    return 0;
  }
  return count;
}

namespace {

void skipFields(Reader& from, const Schema& schema, Structs& structs, std::uint64_t times) {
  for (std::uint64_t i = 0; i < times && !from.failed(); ++i) {
    const char* before = from.position();
    for (const SchemaField& field : schema.fields) {
      skip(from, field.schema, structs);
    }
    if (from.position() == before) {
      return;  // Of values without bytes, all are alike.
    }
  }
}

}  // namespace

void skip(Reader& from, const Schema& schema, Structs& structs) {
  if (from.failed()) {
    return;  // Zeros that it yields may describe a value without end.
  }
  switch (schema.kind) {
    case SchemaKind::kBool:
    case SchemaKind::kInt:
    case SchemaKind::kUint:
    case SchemaKind::kFloat:
      from.take(schema.width);
      return;
    case SchemaKind::kString:
    case SchemaKind::kMessage:
      from.getString();
      return;
    case SchemaKind::kCustom:
      from.take(from.get<std::uint32_t>());
      return;
    case SchemaKind::kEnum:
    case SchemaKind::kDuration:
    case SchemaKind::kTimePoint:
    case SchemaKind::kTuple:
      return skipFields(from, schema, structs, 1);
    case SchemaKind::kArray:
      return skipFields(from, schema, structs, schema.width);
    case SchemaKind::kOptional: {
      const auto there = from.get<std::uint8_t>();
      return there > 1 ? from.fail() : skipFields(from, schema, structs, there);
    }
    case SchemaKind::kVariant: {
      const std::uint64_t index = from.getVarint();
      return index < schema.fields.size() ? skip(from, schema.fields[index].schema, structs)
                                          : from.fail();
    }
    case SchemaKind::kList:
    case SchemaKind::kSet:
    case SchemaKind::kMap:
      return skipFields(from, schema, structs, countOf(from, schema.fields[0].schema));
    case SchemaKind::kStruct: {
      const Inside inside(structs, schema);
      return skipFields(from, schema, structs, 1);
    }
    case SchemaKind::kRecursive: {
      Resolved up(schema, structs);
      return up.schema != nullptr ? skip(from, *up.schema, up.outer) : from.fail();
    }
  }
  from.fail();
}

}  // namespace walk

void skipValue(Reader& from, const Schema& schema) {
  walk::Structs structs;
  walk::skip(from, schema, structs);
}

}  // namespace weir::record
