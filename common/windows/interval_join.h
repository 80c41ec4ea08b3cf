#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "common/accumulators/accumulators.h"
#include "common/functions/stream_operators.h"
#include "common/windows/contents.h"
#include "common/windows/join_functions.h"
#include "common/windows/window.h"

namespace weir::windows {

/// The bounds of right - left, in milliseconds, both inclusive.
struct Interval {
  std::int64_t lower = 0;
  std::int64_t upper = 0;
};

/// What a key has of one stream, by timestamp.
template <typename T>
using Buffered = std::map<std::int64_t, std::vector<Kept<T>>>;

template <typename T>
const T& valueOf(const Kept<T>& kept) {
  if constexpr (std::is_same_v<T, bool>) {
    return kept.value;
  } else {
    return kept;
  }
}
template <typename T>
Kept<T> keep(const T& value) {
  if constexpr (std::is_same_v<T, bool>) {
    return {value, 0};
  } else {
    return value;
  }
}

/// The function of an interval join, and what is kept of both streams.
template <typename L, typename R, typename F>
class IntervalJoinRunner final : public functions::WrappingFunction<F> {
  using Base = functions::WrappingFunction<F>;

 public:
  static constexpr bool kWeirTimers = true;
  IntervalJoinRunner(F function, Interval interval_of)
      : Base(std::move(function)), interval(interval_of) {}

  void open(RuntimeContext& context) override {
    context.addAccumulator("numLateRecordsDropped", dropped);
    Base::open(context);
  }

  Interval interval;
  LongCounter dropped;  // Records behind the watermark.
  CellState<CellDescriptor<Buffered<L>, state::StateKind::kMap>> left{*this, "interval-left"};
  CellState<CellDescriptor<Buffered<R>, state::StateKind::kMap>> right{*this, "interval-right"};
};

/// Joins each record with those of the other stream whose timestamps lie in an interval around its
/// own. A record is kept until the watermark says that no partner comes any more; one that is
/// behind the watermark is dropped. So the results are all pairs of records that were not dropped.
template <typename L,
          typename R,
          typename Out,
          typename Key,
          typename F,
          typename Selector1,
          typename Selector2>
class IntervalJoinOperator final
    : public functions::EmittingOperator<IntervalJoinRunner<L, R, F>, Out, Key> {
  using Runner = IntervalJoinRunner<L, R, F>;
  using Base = functions::EmittingOperator<Runner, Out, Key>;

 public:
  IntervalJoinOperator(Runner runner, Selector1 first, Selector2 second)
      : Base(std::move(runner), 2),
        first_(*this, std::move(first)),
        second_(*this, std::move(second)) {}

  functions::AnyReceiver* input(std::uint32_t port) override {
    return port == 0 ? static_cast<functions::AnyReceiver*>(&first_)
                     : static_cast<functions::AnyReceiver*>(&second_);
  }
  /// Records of the key at hand have no partner to wait for any more.
  void onTimer(std::int64_t time, TimeDomain /*domain*/) override {
    const Interval interval = this->function_.interval;
    // A left one waits for rights up to its timestamp + upper, a right one for lefts up to - lower.
    forget(this->function_.left, plus(time - 1, -std::max<std::int64_t>(interval.upper, 0)));
    forget(this->function_.right, plus(time - 1, std::min<std::int64_t>(interval.lower, 0)));
  }

 private:
  template <typename In, typename Selector, std::uint32_t kPort>
  class Port final : public functions::Receiver<In> {
   public:
    Port(IntervalJoinOperator& owner, Selector selector)
        : owner_(owner), selector_(std::move(selector)) {}
    void receive(const functions::Signal& signal) override { owner_.onSignal(kPort, signal); }
    void receive(Batch<In>& batch) override {
      const functions::AtWork at_work(owner_.work_, batch.size());
      owner_.glance_.enforce();
      for (std::size_t i = 0; i < batch.size(); ++i) {
        owner_.backend_->setCurrent(
            owner_.backend_->slotOf(functions::callKeySelector(selector_, batch.records[i])));
        owner_.template take<kPort>(batch.records[i],
                                    batch.hasTimestamps() ? batch.timestamps[i] : kNoTimestamp);
      }
      owner_.backend_->endBatch();
      owner_.out_.flush();
    }

   private:
    IntervalJoinOperator& owner_;  // We are its member.
    Selector selector_;
  };

  template <std::uint32_t kPort, typename In>
  void take(const In& value, std::int64_t timestamp) {
    if (timestamp == kNoTimestamp) {
      throw std::runtime_error(
          "an interval join met a record without timestamp: call assignTimestampsAndWatermarks() "
          "on both streams before it");
    }
    if (timestamp < this->timers_.currentWatermark()) {
      this->function_.dropped.add(1);
      return;
    }
    const Interval interval = this->function_.interval;
    std::int64_t until = timestamp;
    if constexpr (kPort == 0) {
      this->function_.left.edit()[timestamp].push_back(keep<L>(value));
      until = plus(timestamp, std::max<std::int64_t>(interval.upper, 0));
    } else {
      this->function_.right.edit()[timestamp].push_back(keep<R>(value));
      until = plus(timestamp, -std::min<std::int64_t>(interval.lower, 0));
    }
    this->timers_.add(TimeDomain::kEventTime, plus(until, 1));
    if constexpr (kPort == 0) {
      eachIn(this->function_.right,
             plus(timestamp, interval.lower),
             plus(timestamp, interval.upper),
             [&](const auto& right, std::int64_t at) {
               join(value, timestamp, valueOf<R>(right), at);
             });
    } else {
      eachIn(
          this->function_.left,
          plus(timestamp, -interval.upper),
          plus(timestamp, -interval.lower),
          [&](const auto& left, std::int64_t at) { join(valueOf<L>(left), at, value, timestamp); });
    }
  }
  template <typename State, typename Visit>
  void eachIn(const State& state, std::int64_t from, std::int64_t to, Visit visit) {
    const auto* buffered = state.find();
    if (buffered == nullptr) {
      return;
    }
    for (auto at = buffered->lower_bound(from); at != buffered->end() && at->first <= to; ++at) {
      for (const auto& one : at->second) {
        visit(one, at->first);
      }
    }
  }
  void join(const L& left, std::int64_t left_at, const R& right, std::int64_t right_at) {
    ProcessJoinContext context(left_at, right_at, this->out_.sides());
    this->out_.setTimestamp(context.getTimestamp());
    callJoinPair(
        this->function_.wrapped(), left, right, context, static_cast<Collector<Out>&>(this->out_));
    this->out_.setTimestamp(kNoTimestamp);
  }
  /// Forgets records up to and with `last`.
  template <typename State>
  void forget(State& state, std::int64_t last) {
    const auto* buffered = state.find();
    if (buffered == nullptr || buffered->begin()->first > last) {
      return;
    }
    if (buffered->rbegin()->first <= last) {
      state.clear();
      return;
    }
    auto& kept = state.edit();
    kept.erase(kept.begin(), kept.upper_bound(last));
  }

  Port<L, Selector1, 0> first_;
  Port<R, Selector2, 1> second_;
};

}  // namespace weir::windows
