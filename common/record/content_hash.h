#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "common/schema/schema.h"

namespace weir::record {

/// Hashes encoded values of one schema, so that values with the same content have the same hash:
/// XXH3-64 of the bytes, except that the elements of maps and sets count without their order, which
/// follows from what was put in and taken out before. Bytes that are no value of the schema are
/// hashed as they stand. The hashes are stored in snapshots: they never change. Any thread.
class ContentHash {
 public:
  explicit ContentHash(const Schema& schema);

  std::uint64_t of(std::string_view bytes) const;

 private:
  class Walk;

  /// One schema of the tree, with what is known of its values beforehand.
  struct Node {
    const Schema* schema = nullptr;  // Part of *schema_.
    bool ordered = true;             // Has no map or set in it: its bytes are hashed at one go.
    std::uint64_t width = 0;         // In bytes, of every value; 0: it differs.
    std::vector<Node> fields;
  };
  static Node nodeOf(const Schema& schema);

  std::unique_ptr<const Schema> schema_;  // Null where the bytes are hashed at one go.
  Node root_;
};

}  // namespace weir::record
