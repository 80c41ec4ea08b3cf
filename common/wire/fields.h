#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "common/base/ids.h"
#include "common/base/overloaded.h"
#include "common/base/result.h"
#include "common/schema/schema.h"
#include "common/schema/state_kinds.h"
#include "graph.pb.h"

/// What the translations in this folder share.
namespace weir::wire::fields {

inline Error wrong(std::string_view what, const std::string& why) {
  return Error(ErrorCode::kInvalidArgument, std::string(what) + " " + why);
}

template <typename Id>
std::string bytesOf(const Id& id) {
  return std::string(id.view());
}

template <typename Id>
Result<Id> id(std::string_view what, const std::string& bytes) {
  return Id::fromBytes(bytes).during(what);
}

/// An enumeration whose numbers run from `first` to `last` without a hole.
template <typename Enum>
Result<Enum> number(std::string_view what, std::uint32_t value, Enum first, Enum last) {
  if (value < static_cast<std::uint32_t>(first) || value > static_cast<std::uint32_t>(last)) {
    return wrong(what, "is " + std::to_string(value) + ", which this release does not know");
  }
  return static_cast<Enum>(value);
}

Result<state::StateKind> stateKind(std::uint32_t value);
/// Empty bytes stand for the schema of a key that is not there.
Result<record::Schema> schema(std::string_view what, const std::string& bytes);

inline std::int64_t millis(std::chrono::milliseconds duration) { return duration.count(); }
inline std::chrono::milliseconds millis(std::int64_t count) {
  return std::chrono::milliseconds(count);
}

/// A duration that is not below `least`. More than a century counts as one: sums stay in range.
Result<std::chrono::milliseconds> duration(std::string_view what,
                                           std::int64_t count,
                                           std::int64_t least = 0);

/// Both within 1..32768 and the parallelism at most the maximum.
Status checkParallelism(std::string_view what, std::uint32_t parallelism, std::uint32_t maximum);

template <typename Repeated>
void toRepeated(const std::map<std::string, std::string>& map, Repeated& to) {
  for (const auto& [key, value] : map) {
    v1::NamedBytes& one = *to.Add();
    one.set_name(key);
    one.set_value(value);
  }
}
template <typename Repeated>
std::map<std::string, std::string> toMap(const Repeated& from) {
  std::map<std::string, std::string> map;
  for (const v1::NamedBytes& one : from) {
    map[one.name()] = one.value();
  }
  return map;
}

/// kInvalidArgument when two elements have the same `name_of(element)`, which is text.
template <typename Range, typename NameOf>
Status unique(std::string_view what, const Range& range, NameOf name_of) {
  std::set<std::string, std::less<>> names;
  for (const auto& one : range) {
    if (auto [name, fresh] = names.emplace(name_of(one)); !fresh) {
      return wrong(what, "has '" + *name + "' twice");
    }
  }
  return ok();
}

/// `decode` (an overload of fromProto) of every element, or the first Error.
template <typename T, typename Repeated, typename Decode>
Result<std::vector<T>> all(const Repeated& from, Decode decode) {
  std::vector<T> to;
  to.reserve(static_cast<std::size_t>(from.size()));
  for (const auto& one : from) {
    WEIR_TRY(T value, decode(one));
    to.push_back(std::move(value));
  }
  return to;
}

}  // namespace weir::wire::fields
