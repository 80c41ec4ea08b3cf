#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "common/functions/collector.h"
#include "common/functions/element.h"
#include "common/functions/hand_on.h"
#include "common/functions/processing_time.h"
#include "common/functions/side_outputs.h"
#include "common/functions/source_function.h"

namespace weir::functions {

/// What a source can tell of its records.
class HandsOn {
 public:
  virtual ~HandsOn() = default;
  /// How many of them its consumers have taken.
  virtual std::uint64_t handedOn() const = 0;
};

/// What an operator emits to: gathers a batch and hands it on. Base is Collector<Out>, or
/// SourceContext<Out> for sources. Task's thread only.
template <typename Out, typename Base = Collector<Out>>
class Output : public Base {
 public:
  void add(AnyReceiver& next) { receivers_.push_back(static_cast<Receiver<Out>*>(&next)); }
  void addSide(const std::string& id, AnyReceiver& next) { sides_.add(id, next); }
  /// What it emits to besides.
  SideOutputs& sides() { return sides_; }
  /// Of the record that is processed next; emitted records inherit it.
  void setTimestamp(std::int64_t timestamp) { this->timestamp_ = timestamp; }
  const std::int64_t& timestamp() const { return this->timestamp_; }
  /// Hands on what is there. Operators do so at the end of each batch they receive.
  void flush() {
    forward(this->batch_);
    sides_.flush();
  }
  /// The same, and `signal` behind it.
  void emit(const Signal& signal) {
    flush();
    send(signal);
  }
  /// Records emitted so far, and those of them that the receivers have taken.
  std::uint64_t emitted() const { return handed_on_ + this->batch_.size(); }
  std::uint64_t handedOn() const { return handed_on_; }
  /// Passes a batch through that was changed in place.
  void forward(Batch<Out>& batch) {
    const std::size_t size = batch.size();
    handOn(batch, receivers_);
    handed_on_ += size;
  }

 protected:
  void full() override { flush(); }
  void send(const Signal& signal) {
    for (Receiver<Out>* receiver : receivers_) {
      receiver->receive(signal);
    }
    sides_.send(signal);
  }

 private:
  SideOutputs sides_;
  std::vector<Receiver<Out>*> receivers_;  // Owned by the task.
  std::uint64_t handed_on_ = 0;
};

/// The context of a source's polls.
template <typename T>
class SourceOutput : public Output<T, SourceContext<T>> {
 public:
  void setWaker(std::function<void()> waker) { this->waker_ = std::move(waker); }
  void resetPollAgainAt() { this->poll_again_at_ = SteadyTime::max(); }
  SteadyTime pollAgainTime() const { return this->poll_again_at_; }
  /// From now on records have the time when they are handed on, and watermarks are no longer the
  /// source's affair. `time` outlives this.
  void stampWith(const ProcessingTime& time) { clock_ = &time; }
  /// A watermark of ours, behind what is there; not one that goes back.
  void advance(std::int64_t time) {
    if (time > watermark_) {
      watermark_ = time;
      idle_ = false;  // Watermarks say so.
      flush();
      this->send(Watermark{time});
    }
  }

  void flush() {
    if (this->batch_.empty()) {
      return;
    }
    if (std::exchange(idle_, false)) {
      this->send(StreamStatus{false});
    }
    if (clock_ != nullptr) [[unlikely]] {
      stamp_ =
          std::max({stamp_, clock_->now(), watermark_ == Watermark::kEnd ? 0 : watermark_ + 1});
      this->batch_.timestamps.assign(this->batch_.size(), stamp_);
    }
    this->forward(this->batch_);
  }

 protected:
  void full() override { flush(); }
  void onWatermark(std::int64_t time) override {
    if (clock_ == nullptr || time == Watermark::kEnd) {
      advance(time);
    }
  }
  void onIdle() override {
    flush();
    if (!std::exchange(idle_, true)) {
      this->send(StreamStatus{true});
    }
  }

 private:
  std::int64_t watermark_ = Watermark::kNone;
  bool idle_ = false;
  const ProcessingTime* clock_ = nullptr;  // The task's, where records are stamped.
  std::int64_t stamp_ = Watermark::kNone;
};

}  // namespace weir::functions
