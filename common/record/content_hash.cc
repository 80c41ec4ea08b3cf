#include "common/record/content_hash.h"

#include <algorithm>

#include "common/record/key_hash.h"
#include "common/record/schema_walk.h"

namespace weir::record {
namespace {

bool hasSets(const Schema& schema) {
  return schema.kind == SchemaKind::kMap || schema.kind == SchemaKind::kSet ||
         std::ranges::any_of(schema.fields,
                             [](const SchemaField& field) { return hasSets(field.schema); });
}

std::uint64_t combined(std::uint64_t first, std::uint64_t second) {
  const std::uint64_t words[] = {first, second};
  return xxh3(words, sizeof words);
}

/// Of values that are the fields one after another, where all of them have one.
std::uint64_t fixedWidth(const Schema& schema) {
  switch (schema.kind) {
    case SchemaKind::kBool:
    case SchemaKind::kInt:
    case SchemaKind::kUint:
    case SchemaKind::kFloat:
      return schema.width;
    case SchemaKind::kEnum:
    case SchemaKind::kDuration:
    case SchemaKind::kTimePoint:
    case SchemaKind::kTuple:
    case SchemaKind::kStruct: {
      std::uint64_t sum = 0;
      for (const SchemaField& field : schema.fields) {
        const std::uint64_t one = fixedWidth(field.schema);
        if (one == 0) {
          return 0;
        }
        sum += one;
      }
      return sum;
    }
    default:
      return 0;
  }
}

}  // namespace

/// One value on its way.
class ContentHash::Walk {
 public:
  explicit Walk(std::string_view bytes) : from_(bytes) {}

  bool complete() const { return !from_.failed() && from_.remaining() == 0; }

  std::uint64_t value(const Node& node) {
    if (from_.failed()) {
      return 0;
    }
    if (node.ordered) {
      const char* start = from_.position();
      skip(node);
      return from_.failed() ? 0 : xxh3(start, static_cast<std::size_t>(from_.position() - start));
    }
    switch (node.schema->kind) {
      case SchemaKind::kMap:
      case SchemaKind::kSet:
        return unordered(node);
      case SchemaKind::kList:
        return inOrder(node, walk::countOf(from_, *node.fields[0].schema));
      case SchemaKind::kArray:
        return inOrder(node, node.schema->width);
      case SchemaKind::kOptional: {
        const auto there = from_.get<std::uint8_t>();
        if (there > 1) {
          from_.fail();
        }
        return inOrder(node, there);
      }
      case SchemaKind::kVariant: {
        const std::uint64_t index = from_.getVarint();
        if (index >= node.fields.size()) {
          from_.fail();
          return 0;
        }
        return combined(index, value(node.fields[index]));
      }
      case SchemaKind::kStruct: {
        const walk::Inside inside(structs_, *node.schema);
        nodes_.push_back(&node);
        const std::uint64_t hash = inOrder(node, 1);
        nodes_.pop_back();
        return hash;
      }
      case SchemaKind::kRecursive:
        return recursive(node);
      default:
        return inOrder(node, 1);
    }
  }

 private:
  void skip(const Node& node) {
    if (node.width != 0) {
      from_.take(node.width);
    } else {
      walk::skip(from_, *node.schema, structs_);
    }
  }

  std::uint64_t element(const Node& node) {
    std::uint64_t hash = 0;
    for (const Node& field : node.fields) {
      hash = combined(hash, value(field));
    }
    return hash;
  }

  std::uint64_t inOrder(const Node& node, std::uint64_t times) {
    std::uint64_t hash = times;
    for (std::uint64_t i = 0; i < times && !from_.failed(); ++i) {
      const char* before = from_.position();
      hash = combined(hash, element(node));
      if (from_.position() == before) {
        break;  // Of values without bytes, all are alike.
      }
    }
    return hash;
  }

  /// The sum over the elements; those without maps of their own are hashed at one go.
  std::uint64_t unordered(const Node& node) {
    const bool plain = std::ranges::all_of(node.fields, &Node::ordered);
    const std::uint64_t count = walk::countOf(from_, *node.fields[0].schema);
    std::uint64_t sum = 0;
    for (std::uint64_t i = 0; i < count && !from_.failed(); ++i) {
      const char* before = from_.position();
      if (plain) {
        std::ranges::for_each(node.fields, [this](const Node& field) { skip(field); });
        sum +=
            from_.failed() ? 0 : xxh3(before, static_cast<std::size_t>(from_.position() - before));
      } else {
        sum += element(node);
      }
      if (from_.position() == before) {
        break;
      }
    }
    return combined(count, sum);
  }

  std::uint64_t recursive(const Node& node) {
    const std::size_t levels = node.schema->width + std::size_t{1};
    if (levels > nodes_.size()) {
      from_.fail();
      return 0;
    }
    const Node* up = nodes_[nodes_.size() - levels];
    walk::Resolved resolved(*node.schema, structs_);
    std::vector<const Node*> outer(nodes_.begin(),
                                   nodes_.end() - static_cast<std::ptrdiff_t>(levels));
    resolved.outer.swap(structs_);
    outer.swap(nodes_);
    const std::uint64_t hash = value(*up);
    resolved.outer.swap(structs_);
    outer.swap(nodes_);
    return hash;
  }

  Reader from_;
  walk::Structs structs_;
  std::vector<const Node*> nodes_;  // Those of structs_.
};

/// Recursion leads up to a struct that has a map or set: without one no tree is made.
ContentHash::Node ContentHash::nodeOf(const Schema& schema) {
  Node node{.schema = &schema, .width = fixedWidth(schema), .fields = {}};
  node.ordered = schema.kind != SchemaKind::kMap && schema.kind != SchemaKind::kSet &&
                 schema.kind != SchemaKind::kRecursive;
  for (const SchemaField& field : schema.fields) {
    node.fields.push_back(nodeOf(field.schema));
    node.ordered = node.ordered && node.fields.back().ordered;
  }
  return node;
}

ContentHash::ContentHash(const Schema& schema) {
  if (hasSets(schema)) {
    schema_ = std::make_unique<Schema>(schema);
    root_ = nodeOf(*schema_);
  }
}

std::uint64_t ContentHash::of(std::string_view bytes) const {
  if (schema_ != nullptr) {
    Walk walk(bytes);
    const std::uint64_t hash = walk.value(root_);
    if (walk.complete()) {
      return hash;
    }
  }
  return xxh3(bytes.data(), bytes.size());
}

}  // namespace weir::record
