#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "common/functions/collector.h"
#include "common/functions/time.h"

namespace weir {

/// Gives records their timestamps, and the stream watermarks from time to time. May be a
/// RichFunction, and keep operator state (Checkpointed, ListCheckpointed).
template <typename T>
class AssignerWithPeriodicWatermarks {
 public:
  virtual ~AssignerWithPeriodicWatermarks() = default;
  /// `previous`: the timestamp that the record has, or kNoTimestamp.
  virtual std::int64_t extractTimestamp(const T& value, std::int64_t previous) = 0;
  /// Asked once in each setAutoWatermarkInterval(); one that is not later than the last is left
  /// out.
  virtual std::int64_t getCurrentWatermark() = 0;
};

/// Gives records their timestamps, and the stream watermarks behind records that say so.
template <typename T>
class AssignerWithPunctuatedWatermarks {
 public:
  virtual ~AssignerWithPunctuatedWatermarks() = default;
  virtual std::int64_t extractTimestamp(const T& value, std::int64_t previous) = 0;
  /// Asked for each record; `extracted` is its timestamp.
  virtual std::optional<std::int64_t> checkAndGetNextWatermark(const T& value,
                                                               std::int64_t extracted) = 0;
};

namespace functions {
/// Throws what a record without timestamp fails its task with.
[[noreturn]] void throwNoTimestamp(const std::string& who);
}  // namespace functions

/// How a stream gets timestamps and watermarks, for assignTimestampsAndWatermarks(). A value.
///
/// Watermarks come once in each setAutoWatermarkInterval(): the largest timestamp seen, less the
/// bound, less 1 ms.
template <typename T>
class WatermarkStrategy {
 public:
  /// Timestamps that never go back.
  static WatermarkStrategy forMonotonousTimestamps() {
    return WatermarkStrategy(Time::milliseconds(0), true);
  }
  /// Records come `bound` behind the newest at most; later ones are late.
  static WatermarkStrategy forBoundedOutOfOrderness(Time bound) {
    return WatermarkStrategy(bound, true);
  }
  static WatermarkStrategy noWatermarks() {
    return WatermarkStrategy(Time::milliseconds(0), false);
  }

  /// assigner: a callable std::int64_t(const T&), in milliseconds since the epoch. Without it
  /// records keep the timestamps of their source.
  template <typename F>
  WatermarkStrategy withTimestampAssigner(F assigner) const {
    constexpr bool kFits =
        std::is_invocable_r_v<std::int64_t, F&, const T&> && std::is_copy_constructible_v<F>;
    static_assert(kFits,
                  "withTimestampAssigner() takes a callable std::int64_t(const T&) that can be "
                  "copied, where T is the type of the strategy's records");
    WatermarkStrategy strategy = *this;
    if constexpr (kFits) {
      strategy.assigner_ = std::move(assigner);
    }
    return strategy;
  }
  /// A subtask without records for so long is idle: nobody waits for its watermarks.
  WatermarkStrategy withIdleness(Time timeout) const {
    WatermarkStrategy strategy = *this;
    strategy.idleness_ = timeout;
    return strategy;
  }

  // For the operator that follows it.

  bool assigns() const { return static_cast<bool>(assigner_); }
  bool hasWatermarks() const { return watermarks_; }
  const std::optional<Time>& idleness() const { return idleness_; }
  std::int64_t timestampOf(const T& value) const { return assigner_(value); }
  void saw(std::int64_t timestamp) { most_ = std::max(most_, timestamp); }
  /// Of what was seen; kNoTimestamp: nothing yet.
  std::int64_t watermark() const {
    return most_ < first_ ? kNoTimestamp : most_ - bound_.toMilliseconds() - 1;
  }
  /// What is wrong with it; empty: nothing.
  std::string problem() const {
    std::string bound = bound_.boundProblem();
    if (!bound.empty()) {
      return "forBoundedOutOfOrderness(): " + bound;
    }
    std::string idle = idleness_ ? idleness_->lengthProblem() : std::string();
    return idle.empty() ? idle : "withIdleness(): " + idle;
  }

 private:
  WatermarkStrategy(Time bound, bool watermarks)
      : bound_(bound),
        watermarks_(watermarks),
        first_(kNoTimestamp + std::max<std::int64_t>(bound_.toMilliseconds(), 0) + 2) {}

  Time bound_;
  bool watermarks_;
  std::optional<Time> idleness_;
  std::function<std::int64_t(const T&)> assigner_;
  std::int64_t first_;  // The least that a watermark can be made of.
  std::int64_t most_ = kNoTimestamp;
};

}  // namespace weir
