#include "common/record/migrate.h"

#include <cstring>
#include <string>

#include "common/record/schema_walk.h"
#include "common/schema/schema_match.h"

namespace weir::record {

namespace {

using walk::countOf;
using walk::Inside;
using walk::Resolved;
using walk::skip;
using walk::Structs;

/// Rewrites values of one schema as values of another.
class Migration {
 public:
  Migration(Reader& from, Writer& to) : from_(from), to_(to) {}

  void value(const Schema& old, const Schema& current) {
    if (from_.failed()) {
      return;
    }
    switch (current.kind) {
      case SchemaKind::kInt:
      case SchemaKind::kUint:
      case SchemaKind::kFloat:
        return scalar(old, current);
      case SchemaKind::kStruct:
        return structure(old, current);
      case SchemaKind::kOptional: {
        const auto there = from_.get<std::uint8_t>();
        to_.put(there);
        return there > 1 ? from_.fail() : fields(old, current, there);
      }
      case SchemaKind::kVariant: {
        const std::uint64_t index = from_.getVarint();
        to_.putVarint(index);
        return index < old.fields.size()
                   ? value(old.fields[index].schema, current.fields[index].schema)
                   : from_.fail();
      }
      case SchemaKind::kList:
      case SchemaKind::kSet:
      case SchemaKind::kMap: {
        const std::uint64_t count = countOf(from_, old.fields[0].schema);
        to_.putVarint(count);
        return fields(old, current, count);
      }
      case SchemaKind::kArray:
        return fields(old, current, current.width);
      case SchemaKind::kEnum:
      case SchemaKind::kDuration:
      case SchemaKind::kTimePoint:
      case SchemaKind::kTuple:
        return fields(old, current, 1);
      case SchemaKind::kRecursive:
        return recursive(old, current);
      default: {  // Unchanged bytes; a custom value carries its version.
        const char* start = from_.position();
        skip(from_, old, old_structs_);
        if (!from_.failed()) {
          to_.putBytes(start, static_cast<std::size_t>(from_.position() - start));
        }
      }
    }
  }

 private:
  void fields(const Schema& old, const Schema& current, std::uint64_t times) {
    for (std::uint64_t i = 0; i < times && !from_.failed(); ++i) {
      for (std::size_t at = 0; at < current.fields.size(); ++at) {
        value(old.fields[at].schema, current.fields[at].schema);
      }
    }
  }

  void scalar(const Schema& old, const Schema& current) {
    if (current.kind == SchemaKind::kFloat && old.width != current.width) {
      to_.put(static_cast<double>(from_.get<float>()));
      return;
    }
    char bytes[16] = {};
    if (old.width > sizeof bytes || current.width > sizeof bytes) {
      return from_.fail();
    }
    from_.getBytes(bytes, old.width);
    if (old.kind == SchemaKind::kInt && (bytes[old.width - 1] & 0x80) != 0) {
      std::memset(bytes + old.width, 0xFF, sizeof bytes - old.width);  // Extends the sign.
    }
    to_.putBytes(bytes, current.width);
  }

  void structure(const Schema& old, const Schema& current) {
    const Inside inside_old(old_structs_, old);
    const Inside inside_now(now_structs_, current);
    // Where each old field starts: they are wanted in another order.
    std::vector<Reader> starts;
    for (const SchemaField& field : old.fields) {
      starts.push_back(from_);
      skip(from_, field.schema, old_structs_);
    }
    if (from_.failed()) {
      return;
    }
    const Reader end = from_;
    const std::vector<int> match = matchFields(old, current);
    for (std::size_t i = 0; i < current.fields.size(); ++i) {
      if (match[i] == kNoField) {
        to_.putBytes(current.fields[i].default_value.data(),
                     current.fields[i].default_value.size());
        continue;
      }
      from_ = starts[match[i]];
      value(old.fields[match[i]].schema, current.fields[i].schema);
      if (from_.failed()) {
        return;
      }
    }
    from_ = end;
  }

  void recursive(const Schema& old, const Schema& current) {
    Resolved old_up(old, old_structs_);
    Resolved now_up(current, now_structs_);
    if (old_up.schema == nullptr || now_up.schema == nullptr) {
      return from_.fail();
    }
    old_up.outer.swap(old_structs_);
    now_up.outer.swap(now_structs_);
    value(*old_up.schema, *now_up.schema);
    old_up.outer.swap(old_structs_);
    now_up.outer.swap(now_structs_);
  }

  Reader& from_;
  Writer& to_;
  Structs old_structs_;
  Structs now_structs_;
};

}  // namespace

void migrateValue(Reader& from, const Schema& written, const Schema& current, Writer& to) {
  Migration migration(from, to);
  if (isExpiring(written) == isExpiring(current)) {
    return migration.value(written, current);
  }
  if (isExpiring(current)) {
    migration.value(written, current.fields[0].schema);
    const std::string& unknown = current.fields[1].default_value;
    return to.putBytes(unknown.data(), unknown.size());
  }
  migration.value(written.fields[0].schema, current);
  Structs outer;
  skip(from, written.fields[1].schema, outer);
}

}  // namespace weir::record
