#include "common/offline/key_encoding.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "common/base/bytes.h"
#include "common/base/utf8.h"
#include "common/record/key_codec.h"
#include "common/schema/key_group.h"

namespace weir::offline {
namespace {

using record::Schema;
using record::SchemaField;
using record::SchemaKind;

constexpr int kDeepestKey = 200;

/// Rewrites an encoded key in its canonical form.
class Canonical {
 public:
  explicit Canonical(std::string_view encoded) : from_(encoded) {}

  Result<std::string> of(const Schema& schema) {
    value(schema, 0);
    if (from_.failed() || from_.remaining() != 0) {
      return Error(ErrorCode::kCorruption,
                   "a key is none of its schema, " + describeSchema(schema));
    }
    return to_.str();
  }

 private:
  void value(const Schema& schema, int depth) {
    if (from_.failed() || depth > kDeepestKey) {
      return from_.fail();
    }
    switch (schema.kind) {
      case SchemaKind::kBool:
        return to_.put<std::uint64_t>(from_.get<std::uint8_t>());
      case SchemaKind::kInt:
      case SchemaKind::kUint:
        return integer(schema);
      case SchemaKind::kFloat:
        return floating(schema);
      case SchemaKind::kString: {
        const std::string_view text = from_.getString();
        to_.put<std::uint64_t>(text.size());
        return to_.putBytes(text.data(), text.size());
      }
      case SchemaKind::kEnum:
      case SchemaKind::kDuration:
      case SchemaKind::kTimePoint:
      case SchemaKind::kTuple:
        return fields(schema, 1, depth);
      case SchemaKind::kArray:
        return fields(schema, schema.width, depth);
      case SchemaKind::kOptional: {
        const auto there = from_.get<std::uint8_t>();
        to_.put<std::uint64_t>(there);
        return there > 1 ? from_.fail() : fields(schema, there, depth);
      }
      case SchemaKind::kVariant: {
        const std::uint64_t index = from_.getVarint();
        to_.put(index);
        return index < schema.fields.size() ? value(schema.fields[index].schema, depth + 1)
                                            : from_.fail();
      }
      case SchemaKind::kList:
      case SchemaKind::kSet:
      case SchemaKind::kMap: {
        const std::uint64_t count = from_.getVarint();
        to_.put(count);
        return fields(schema, count, depth);
      }
      case SchemaKind::kStruct: {
        structs_.push_back(&schema);
        fields(schema, 1, depth);
        structs_.pop_back();
        return;
      }
      case SchemaKind::kCustom:
        return custom();
      case SchemaKind::kRecursive:
        return recursive(schema, depth);
      case SchemaKind::kMessage:
        break;
    }
    from_.fail();
  }

  void custom() {
    Reader inner(from_.take(from_.get<std::uint32_t>()));
    inner.getVarint();
    to_.put<std::uint64_t>(inner.remaining());
    to_.putBytes(inner.position(), inner.remaining());
    return inner.failed() ? from_.fail() : void();
  }

  void recursive(const Schema& schema, int depth) {
    const std::size_t levels = schema.width + std::size_t{1};
    if (levels > structs_.size()) {
      return from_.fail();
    }
    const std::vector<const Schema*> around = structs_;
    structs_.resize(around.size() - levels);
    value(*around[around.size() - levels], depth + 1);
    structs_ = around;
  }

  void fields(const Schema& schema, std::uint64_t times, int depth) {
    for (std::uint64_t i = 0; i < times && !from_.failed(); ++i) {
      const char* before = from_.position();
      const std::size_t written = to_.size();
      for (const SchemaField& field : schema.fields) {
        value(field.schema, depth + 1);
      }
      if (from_.position() == before && to_.size() == written) {
        return;  // Of values without bytes, all are alike.
      }
    }
  }

  void integer(const Schema& schema) {
    char bytes[16] = {};
    from_.getBytes(bytes, schema.width);
    if (schema.kind == SchemaKind::kInt && (bytes[schema.width - 1] & 0x80) != 0) {
      std::memset(bytes + schema.width, 0xFF, sizeof bytes - schema.width);  // Extends the sign.
    }
    to_.putBytes(bytes, sizeof(std::uint64_t));
  }

  void floating(const Schema& schema) {
    double wide = 0;
    if (schema.width == sizeof(float)) {
      wide = from_.get<float>();
    } else if (schema.width == sizeof(double)) {
      wide = from_.get<double>();
    } else {
      long double number = 0;
      const std::string_view bytes = from_.take(schema.width);
      std::memcpy(&number, bytes.data(), bytes.size());
      wide = static_cast<double>(number);
    }
    to_.put(record::keyWord(wide));
  }

  Reader from_;
  Writer to_;
  std::vector<const Schema*> structs_;
};

}  // namespace

Result<std::string> canonicalKey(std::string_view encoded, const Schema& schema) {
  return Canonical(encoded).of(schema);
}

std::uint32_t groupOfKey(std::string_view canonical, std::uint32_t max_parallelism) {
  return keyGroupOf(record::xxh3(canonical.data(), canonical.size()), max_parallelism);
}

}  // namespace weir::offline
