#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <utility>

#include "common/functions/stream_operators.h"
#include "common/functions/time.h"
#include "common/functions/watermark_strategy.h"

/// What assignTimestampsAndWatermarks() runs.
namespace weir::functions {

template <typename A, typename T>
concept IsStrategy = std::is_same_v<A, WatermarkStrategy<T>>;
template <typename A, typename T>
concept AssignsPeriodically = requires(A& a, const T& value, std::int64_t t) {
  asBase<AssignerWithPeriodicWatermarks>(a).extractTimestamp(value, t);
};
template <typename A, typename T>
concept AssignsByRecord = requires(A& a, const T& value, std::int64_t t) {
  asBase<AssignerWithPunctuatedWatermarks>(a).extractTimestamp(value, t);
};
template <typename A, typename T>
concept AssignsTimestamps = IsStrategy<A, T> || AssignsPeriodically<A, T> || AssignsByRecord<A, T>;

/// Calls `method` of an assigner's own class, which may be private in it.
template <template <typename...> typename Base, typename A, typename T>
std::int64_t callExtract(A& f, const T& value, std::int64_t previous) {
  WEIR_CALL_METHOD_(Base, f, extractTimestamp, value, previous)
}

/// Puts timestamps on records and watermarks between them, in place of those that come: but for
/// the last one. Whether the stream is idle is its affair, too.
template <typename A, typename T>
class AssignerOperator final : public EmittingOperator<A, T, NoKey>,
                               public Receiver<T>,
                               private Alarm {
 public:
  AssignerOperator(A assigner, TimeSettings time)
      : EmittingOperator<A, T, NoKey>(std::move(assigner), 1), interval_(time.watermark_interval) {
    if constexpr (IsStrategy<A, T>) {
      if (this->function_.idleness()) {
        idleness_ = this->function_.idleness()->toMilliseconds();
      }
    }
  }

  AnyReceiver* input(std::uint32_t /*port*/) override { return this; }
  void open() override {
    EmittingOperator<A, T, NoKey>::open();
    if (isPeriodic()) {
      rang_at_ = this->context_->time().now();
      setAlarm(rang_at_);
    }
  }

  void receive(Batch<T>& batch) override {
    this->glance_.enforce();
    const AtWork at_work(this->work_, batch.size());
    active_ = true;
    if (std::exchange(idle_, false)) {
      this->out_.emit(StreamStatus{false});
    }
    if constexpr (AssignsByRecord<A, T>) {
      punctuate(batch);
    } else {
      assign(batch);
      this->out_.forward(batch);
    }
  }
  void receive(const Signal& signal) override { this->onSignal(0, signal); }

 protected:
  void onWatermark(const Watermark& watermark) override {
    if (watermark.time == Watermark::kEnd) {
      this->context_->time().cancel(*this);
      advance(watermark.time);
    }
  }
  void onStatus(const StreamStatus& /*status*/) override {}

 private:
  bool isPeriodic() const {
    if constexpr (IsStrategy<A, T>) {
      return this->function_.hasWatermarks() || idleness_ != kNever;
    } else {
      return AssignsPeriodically<A, T>;
    }
  }

  void assign(Batch<T>& batch) {
    if constexpr (IsStrategy<A, T>) {
      if (!this->function_.assigns()) {
        return look(batch);
      }
    }
    batch.timestamps.resize(batch.size(), kNoTimestamp);
    for (std::size_t i = 0; i < batch.size(); ++i) {
      std::int64_t& timestamp = batch.timestamps[i];
      if constexpr (IsStrategy<A, T>) {
        timestamp = this->function_.timestampOf(batch.records[i]);
        this->function_.saw(timestamp);
      } else {
        timestamp = callExtract<AssignerWithPeriodicWatermarks>(
            this->function_, std::as_const(batch.records[i]), timestamp);
      }
    }
  }
  /// Takes the timestamps that there are.
  void look(const Batch<T>& batch) {
    if (!this->function_.hasWatermarks()) {
      return;
    }
    for (std::size_t i = 0; i < batch.size(); ++i) {
      if (!batch.hasTimestamps() || batch.timestamps[i] == kNoTimestamp) {
        throwNoTimestamp("a WatermarkStrategy without timestamp assigner");
      }
      this->function_.saw(batch.timestamps[i]);
    }
  }
  void punctuate(Batch<T>& batch) {
    for (std::size_t i = 0; i < batch.size(); ++i) {
      const std::int64_t previous = batch.hasTimestamps() ? batch.timestamps[i] : kNoTimestamp;
      const std::int64_t timestamp = callExtract<AssignerWithPunctuatedWatermarks>(
          this->function_, std::as_const(batch.records[i]), previous);
      const auto next = asBase<AssignerWithPunctuatedWatermarks>(this->function_)
                            .checkAndGetNextWatermark(batch.records[i], timestamp);
      this->out_.setTimestamp(timestamp);
      this->out_.collect(std::move(batch.records[i]));
      if (next) {
        advance(*next);
      }
    }
    this->out_.setTimestamp(kNoTimestamp);
    this->out_.flush();
  }

  void advance(std::int64_t watermark) {
    if (watermark > last_) {
      last_ = watermark;
      idle_ = false;  // A watermark says so.
      this->out_.emit(Watermark{watermark});
    }
  }
  /// At least twice in the time after which the stream is idle.
  std::int64_t step() const {
    return std::min(interval_, std::max<std::int64_t>(1, idleness_ / 2));
  }
  void setAlarm(std::int64_t now) { this->context_->time().set(*this, now + step()); }
  void ring(std::int64_t now) override {
    this->glance_.enforce();
    const AtWork at_work(this->work_, 0);
    if constexpr (IsStrategy<A, T>) {
      if (this->function_.hasWatermarks()) {
        advance(this->function_.watermark());
      }
    } else if constexpr (AssignsPeriodically<A, T>) {
      advance(asBase<AssignerWithPeriodicWatermarks>(this->function_).getCurrentWatermark());
    }
    // While the task was stopped, or waited for others, records may have come that are still to be
    // taken: that it rings late counts as one step.
    quiet_ = std::exchange(active_, false) ? 0 : quiet_ + std::min(now - rang_at_, step());
    rang_at_ = now;
    if (!idle_ && idleness_ != kNever && quiet_ >= idleness_) {
      idle_ = true;
      this->out_.emit(StreamStatus{true});
    }
    setAlarm(now);
  }

  static constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

  const std::int64_t interval_;     // In milliseconds, as are the next.
  std::int64_t idleness_ = kNever;  // Without records for so long: idle.
  std::int64_t rang_at_ = 0;        // Last.
  std::int64_t quiet_ = 0;          // For how long there were no records until then.
  bool active_ = false;             // There were since.
  bool idle_ = false;               // As was sent last.
  std::int64_t last_ = Watermark::kNone;
};

}  // namespace weir::functions
