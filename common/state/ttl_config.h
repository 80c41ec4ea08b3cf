#pragma once

#include <chrono>
#include <cmath>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>

namespace weir {

/// How long entries of keyed state live: the value of a key, each element of a list, each entry of
/// a map. Given to a descriptor (`enableTimeToLive`) or where a state is declared. A plain value.
///
/// The clock is that of the machine, and runs on while the job is down. What has expired is left
/// out of snapshots, is dropped when it is met, and by and by in the background.
class StateTtlConfig {
 public:
  /// What begins an entry's life anew.
  enum class UpdateType : std::uint8_t { kOnCreateAndWrite = 1, kOnReadAndWrite = 2 };
  /// Whether what has expired and still is there may be read: once, as reading drops it.
  enum class StateVisibility : std::uint8_t {
    kNeverReturnExpired = 1,
    kReturnExpiredIfNotCleanedUp = 2,
  };
  class Builder;

  StateTtlConfig() = default;  ///< Entries live for ever.
  /// `time_to_live`: a std::chrono duration or a weir::Time, a whole positive number of
  /// milliseconds; what is none is an error of the operator, which execute() reports.
  template <typename D>
  static Builder newBuilder(const D& time_to_live);

  bool isEnabled() const { return ttl_ > 0 || !problem_.empty(); }
  std::int64_t toMilliseconds() const { return ttl_; }
  UpdateType updateType() const { return update_; }
  StateVisibility stateVisibility() const { return visibility_; }
  /// What is wrong with it; empty: nothing.
  const std::string& problem() const { return problem_; }
  bool operator==(const StateTtlConfig&) const = default;

 private:
  std::int64_t ttl_ = 0;
  UpdateType update_ = UpdateType::kOnCreateAndWrite;
  StateVisibility visibility_ = StateVisibility::kNeverReturnExpired;
  std::string problem_;
};

class StateTtlConfig::Builder {
 public:
  Builder(std::int64_t milliseconds, std::string problem) {
    config_.ttl_ = milliseconds;
    config_.problem_ = std::move(problem);
  }
  Builder& setUpdateType(UpdateType type) {
    config_.update_ = type;
    return *this;
  }
  Builder& setStateVisibility(StateVisibility visibility) {
    config_.visibility_ = visibility;
    return *this;
  }
  StateTtlConfig build() const { return config_; }

 private:
  StateTtlConfig config_;
};

template <typename D>
StateTtlConfig::Builder StateTtlConfig::newBuilder(const D& time_to_live) {
  if constexpr (requires { time_to_live.lengthProblem(); }) {
    return Builder(time_to_live.toMilliseconds(), time_to_live.lengthProblem());
  } else if constexpr (!requires {
                         std::chrono::duration<long double, std::milli>(time_to_live.zero());
                       }) {
    static_assert(!std::is_same_v<D, D>,
                  "newBuilder() takes a time to live: a std::chrono duration or a weir::Time");
    return Builder(0, {});
  } else {
    const long double count = std::chrono::duration<long double, std::milli>(time_to_live).count();
    if (count > 0 && count < 9.2e18L && std::trunc(count) == count) {
      return Builder(static_cast<std::int64_t>(count), {});
    }
    return Builder(0,
                   "a time to live is a whole positive number of milliseconds, and " +
                       std::to_string(static_cast<double>(count)) + " ms is none");
  }
}

}  // namespace weir
