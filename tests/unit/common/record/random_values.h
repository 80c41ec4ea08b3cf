#pragma once

#include <algorithm>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "common/base/bytes.h"
#include "common/schema/schema.h"

namespace weir::record {

/// Makes schemas and values of them, for properties that hold for all. One thread.
class RandomValues {
 public:
  explicit RandomValues(std::uint64_t seed) : random_(seed) {}

  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }

  /// Some schema that values of a program may have.
  Schema schema(int depth = 0) {
    constexpr SchemaKind kFlat[] = {SchemaKind::kBool,
                                    SchemaKind::kInt,
                                    SchemaKind::kUint,
                                    SchemaKind::kFloat,
                                    SchemaKind::kString};
    constexpr SchemaKind kNested[] = {SchemaKind::kTuple,
                                      SchemaKind::kArray,
                                      SchemaKind::kOptional,
                                      SchemaKind::kVariant,
                                      SchemaKind::kList,
                                      SchemaKind::kMap,
                                      SchemaKind::kSet,
                                      SchemaKind::kStruct};
    Schema one;
    one.fields.clear();
    one.kind = depth < 3 && below(2) == 0 ? kNested[below(std::size(kNested))]
                                          : kFlat[below(std::size(kFlat))];
    std::size_t fields = 0;
    switch (one.kind) {
      case SchemaKind::kBool:
        one.width = 1;
        break;
      case SchemaKind::kInt:
      case SchemaKind::kUint:
        one.width = 1U << below(4);
        break;
      case SchemaKind::kFloat:
        one.width = below(2) == 0 ? 4 : 8;
        break;
      case SchemaKind::kArray:
        one.width = static_cast<std::uint32_t>(1 + below(3));
        fields = 1;
        break;
      case SchemaKind::kOptional:
      case SchemaKind::kList:
      case SchemaKind::kSet:
        fields = 1;
        break;
      case SchemaKind::kMap:
        fields = 2;
        break;
      case SchemaKind::kTuple:
      case SchemaKind::kVariant:
      case SchemaKind::kStruct:
        fields = 1 + below(4);
        break;
      default:
        break;
    }
    for (std::size_t i = 0; i < fields; ++i) {
      SchemaField field;
      field.name = one.kind == SchemaKind::kStruct ? "m" + std::to_string(i) : "";
      field.schema = schema(depth + 1);
      one.fields.push_back(std::move(field));
    }
    return one;
  }

  /// An encoded value. Keys of its maps and elements of its sets differ.
  std::string value(const Schema& schema) {
    Writer to;
    structs_.clear();
    write(schema, to, 0);
    return to.str();
  }

 private:
  static constexpr int kDeepest = 6;

  void write(const Schema& schema, Writer& to, int depth) {
    switch (schema.kind) {
      case SchemaKind::kBool:
        return to.put(static_cast<std::uint8_t>(below(2)));
      case SchemaKind::kInt:
      case SchemaKind::kUint:
        return bytes(schema.width, to);
      case SchemaKind::kFloat:
        return floating(schema.width, to);
      case SchemaKind::kString:
        to.putVarint(below(20) == 0 ? 0 : 1 + below(12));
        return rest(to);
      case SchemaKind::kCustom:
        return custom(schema, to);
      case SchemaKind::kOptional: {
        const bool there = depth < kDeepest && below(2) == 0;
        to.put(static_cast<std::uint8_t>(there));
        return there ? fields(schema, to, depth) : void();
      }
      case SchemaKind::kVariant: {
        const std::uint64_t index = depth < kDeepest ? below(schema.fields.size()) : 0;
        to.putVarint(index);
        return write(schema.fields[index].schema, to, depth + 1);
      }
      case SchemaKind::kList:
      case SchemaKind::kSet:
      case SchemaKind::kMap:
        return elements(schema, to, depth);
      case SchemaKind::kArray:
        for (std::uint32_t i = 0; i < schema.width; ++i) {
          fields(schema, to, depth);
        }
        return;
      case SchemaKind::kStruct:
        structs_.push_back(&schema);
        fields(schema, to, depth);
        structs_.pop_back();
        return;
      case SchemaKind::kRecursive: {
        const std::vector<const Schema*> around = structs_;
        const std::size_t at = structs_.size() - 1 - schema.width;
        const Schema* up = structs_[at];
        structs_.resize(at);
        write(*up, to, depth + 1);
        structs_ = around;
        return;
      }
      default:
        return fields(schema, to, depth);
    }
  }
  void fields(const Schema& schema, Writer& to, int depth) {
    for (const SchemaField& field : schema.fields) {
      write(field.schema, to, depth + 1);
    }
  }
  void elements(const Schema& schema, Writer& to, int depth) {
    std::set<std::string> keys;
    Writer body;
    std::uint64_t count = 0;
    for (std::uint64_t left = depth < kDeepest ? below(6) : 0; left > 0; --left) {
      Writer key;
      write(schema.fields[0].schema, key, depth + 1);
      if (schema.kind != SchemaKind::kList && !keys.insert(key.str()).second) {
        continue;
      }
      ++count;
      body.putBytes(key.data(), key.size());
      if (schema.kind == SchemaKind::kMap) {
        write(schema.fields[1].schema, body, depth + 1);
      }
    }
    to.putVarint(count);
    to.putBytes(body.data(), body.size());
  }
  void bytes(std::uint32_t width, Writer& to) {
    for (std::uint32_t i = 0; i < width; ++i) {
      to.put(static_cast<std::uint8_t>(random_()));
    }
  }
  /// As many bytes as the varint says that was written last, of one byte.
  void rest(Writer& to) { bytes(static_cast<std::uint8_t>(to.view().back()), to); }
  /// Numbers that are equal only where their bytes are.
  void floating(std::uint32_t width, Writer& to) {
    const double number = static_cast<double>(below(100'000)) + 0.5;
    if (width == 4) {
      to.put(static_cast<float>(number));
    } else if (width == 8) {
      to.put(number);
    } else {
      const auto wide = static_cast<long double>(number);
      to.putBytes(&wide, width);
    }
  }
  /// Of a serializer that writes eight bytes.
  void custom(const Schema& schema, Writer& to) {
    to.put(std::uint32_t{9});
    to.putVarint(schema.version);
    floating(8, to);
  }

  std::mt19937_64 random_;
  std::vector<const Schema*> structs_;  // Around the value at hand.
};

}  // namespace weir::record
