#pragma once

#include <cstdint>
#include <vector>

#include "common/base/bytes.h"
#include "common/schema/schema.h"

/// What everybody needs who walks encoded values by their schema alone.
namespace weir::record::walk {

/// The structs around the value at hand, innermost last; what kRecursive points up into.
using Structs = std::vector<const Schema*>;

/// Enters a struct for as long as it lives.
class Inside {
 public:
  Inside(Structs& structs, const Schema& schema) : structs_(structs) {
    structs_.push_back(&schema);
  }
  ~Inside() { structs_.pop_back(); }
  Inside(const Inside&) = delete;
  Inside& operator=(const Inside&) = delete;

 private:
  Structs& structs_;
};

/// Steps up to the struct that a recursive schema means, and back when it ends.
struct Resolved {
  Resolved(const Schema& recursive, const Structs& around) {
    const std::size_t levels = recursive.width + std::size_t{1};
    if (levels <= around.size()) {
      schema = around[around.size() - levels];
      outer.assign(around.begin(), around.end() - static_cast<std::ptrdiff_t>(levels));
    }
  }
  const Schema* schema = nullptr;
  Structs outer;
};

/// The count of a list, set or map whose elements are `element`; fails `from` where the rest of the
/// bytes cannot hold them.
std::uint64_t countOf(Reader& from, const Schema& element);

/// Moves over one value that stands inside `structs`; fails `from` when there is none.
void skip(Reader& from, const Schema& schema, Structs& structs);

}  // namespace weir::record::walk
