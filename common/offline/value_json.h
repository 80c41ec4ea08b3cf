#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/bytes.h"
#include "common/base/result.h"
#include "common/schema/schema.h"

namespace weir::offline {

/// Shows encoded values as JSON, from their schema alone; json_mapping.md says how.
///
/// Reads only the bytes of the value, follows recursion to a bounded depth, and writes a bounded
/// multiple of what it read: the bytes may be anybody's. One thread.
class ValueJson {
 public:
  /// `schema` outlives it.
  explicit ValueJson(const record::Schema& schema) : schema_(schema) {}

  /// Appends the one value that `bytes` are. kCorruption when they are none of the schema, or more;
  /// `to` holds a part of it then.
  Status append(std::string_view bytes, std::string& to);

 private:
  using Structs = std::vector<const record::Schema*>;
  class Deeper;

  void value(const record::Schema& schema);
  void integer(const record::Schema& schema);
  void floating(const record::Schema& schema);
  void duration(const record::Schema& schema);
  void timePoint(const record::Schema& schema);
  void custom(const record::Schema& schema);
  void message(const record::Schema& schema);
  void optional(const record::Schema& schema);
  void variant(const record::Schema& schema);
  void list(const record::Schema& element, std::uint64_t count);
  void tuple(const record::Schema& schema);
  void map(const record::Schema& schema);
  bool mapAsObject(const record::Schema& schema, std::uint64_t count);
  void structure(const record::Schema& schema);
  void recursive(const record::Schema& schema);
  std::uint64_t countOf(const record::Schema& element);
  void fail(const char* why);
  bool failed() const { return from_.failed(); }

  const record::Schema& schema_;
  Reader from_{std::string_view()};
  std::string* to_ = nullptr;  // During append().
  const char* why_ = nullptr;  // The first thing that was wrong.
  Structs structs_;            // Around the value at hand, innermost last.
  int depth_ = 0;
  std::uint64_t budget_ = 0;  // Values that may still be written.
};

}  // namespace weir::offline
