#include "common/record/codec.h"

#include <utility>

namespace weir::record {

bool isRecursive(const void* type, const TypePath* path, Schema& schema) {
  std::uint32_t up = 0;
  for (const TypePath* at = path; at != nullptr; at = at->outer, ++up) {
    if (at->type == type) {
      schema = plainSchema(SchemaKind::kRecursive, up);
      return true;
    }
  }
  return false;
}

Schema plainSchema(SchemaKind kind, std::uint32_t width) {
  return {.kind = kind, .width = width, .fields = {}};
}

Schema schemaOver(SchemaKind kind, Schema element, std::uint32_t width) {
  Schema schema = plainSchema(kind, width);
  schema.fields.push_back({.schema = std::move(element)});
  return schema;
}

Schema schemaOver(SchemaKind kind, Schema first, Schema second) {
  Schema schema = schemaOver(kind, std::move(first));
  schema.fields.push_back({.schema = std::move(second)});
  return schema;
}

void addField(Schema& to,
              const std::vector<std::string>& names,
              const std::vector<FormerName>& former_names,
              Schema schema,
              const Writer& default_value) {
  SchemaField field{.name = names[to.fields.size()], .schema = std::move(schema)};
  for (const FormerName& former : former_names) {
    if (former.now == field.name) {
      field.former_names.push_back(former.before);
    }
  }
  field.default_value = default_value.str();
  to.fields.push_back(std::move(field));
}

}  // namespace weir::record
