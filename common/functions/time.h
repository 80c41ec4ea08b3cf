#pragma once

#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <type_traits>

namespace weir {

/// Which time operators go by that do not name one.
enum class TimeCharacteristic : std::uint8_t {
  kProcessingTime = 1,  ///< The clock of the machine.
  kIngestionTime = 2,   ///< The clock when a record enters the job: sources set timestamps.
  kEventTime = 3,       ///< Of the records' timestamps, as watermarks tell it.
};

/// What a timer goes by.
enum class TimeDomain : std::uint8_t { kEventTime = 1, kProcessingTime = 2 };

/// A length of time in whole milliseconds: any std::chrono duration, or seconds(5). What is no
/// whole number of them is an error of the operator that it is given to, which execute() reports.
class Time {
 public:
  template <typename R, typename P>
  Time(std::chrono::duration<R, P> time)  // NOLINT: converts on purpose.
      : Time(inMillis(time)) {}

  static Time milliseconds(std::int64_t count) { return Time(std::chrono::milliseconds(count)); }
  static Time seconds(std::int64_t count) { return Time(1e3L * count); }
  static Time minutes(std::int64_t count) { return Time(60e3L * count); }
  static Time hours(std::int64_t count) { return Time(3600e3L * count); }
  static Time days(std::int64_t count) { return Time(86400e3L * count); }

  std::int64_t toMilliseconds() const { return count_; }
  /// What is wrong with it as a length, which is positive; as a bound, which may be 0; as an
  /// offset, which may be negative, too. Empty: nothing.
  std::string lengthProblem() const;
  std::string boundProblem() const;
  std::string offsetProblem() const;

 private:
  /// 64 bits of mantissa are exact for every std::int64_t. A double is as exact as it can be: a
  /// tenth of a second is 100 ms.
  template <typename R, typename P>
  static long double inMillis(std::chrono::duration<R, P> time) {
    const long double exact = std::chrono::duration<long double, std::milli>(time).count();
    if constexpr (std::is_floating_point_v<R>) {
      constexpr long double kError = 4 * std::numeric_limits<double>::epsilon();
      const long double whole = std::round(exact);
      return std::abs(exact - whole) <= kError * std::abs(exact) ? whole : exact;
    }
    return exact;
  }
  explicit Time(long double milliseconds)
      : whole_(std::abs(milliseconds) < 9.2e18L && std::trunc(milliseconds) == milliseconds),
        count_(whole_ ? static_cast<std::int64_t>(milliseconds) : 0),
        given_(static_cast<double>(milliseconds)) {}

  bool whole_;
  std::int64_t count_;
  double given_;  // In milliseconds, for people.
};

/// A job's time.
struct TimeSettings {
  TimeCharacteristic characteristic = TimeCharacteristic::kProcessingTime;
  std::int64_t watermark_interval = 200;  ///< In milliseconds, between periodic watermarks.
};

}  // namespace weir
