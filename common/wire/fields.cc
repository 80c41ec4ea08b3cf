#include "common/wire/fields.h"

#include <algorithm>

namespace weir::wire::fields {

Result<state::StateKind> stateKind(std::uint32_t value) {
  return number("kind of state", value, state::StateKind::kValue, state::StateKind::kInFlight);
}

Result<record::Schema> schema(std::string_view what, const std::string& bytes) {
  return record::decodeSchema(bytes).during(what);
}

Result<std::chrono::milliseconds> duration(std::string_view what,
                                           std::int64_t count,
                                           std::int64_t least) {
  constexpr std::chrono::milliseconds kCentury = std::chrono::hours(24 * 365 * 100L);
  if (count < least) {
    return wrong(what, "is " + std::to_string(count) + " ms");
  }
  return std::min(millis(count), kCentury);
}

Status checkParallelism(std::string_view what, std::uint32_t parallelism, std::uint32_t maximum) {
  constexpr std::uint32_t kMost = 32768;
  if (maximum < 1 || maximum > kMost) {
    return wrong(what,
                 "has the maximum parallelism " + std::to_string(maximum) +
                     ", which is not within 1 and 32768");
  }
  if (parallelism < 1 || parallelism > maximum) {
    return wrong(what,
                 "has the parallelism " + std::to_string(parallelism) +
                     ", which is not within 1 and its maximum " + std::to_string(maximum));
  }
  return ok();
}

}  // namespace weir::wire::fields
