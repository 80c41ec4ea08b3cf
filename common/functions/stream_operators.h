#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include "common/functions/callable.h"
#include "common/functions/function_operator.h"
#include "common/functions/key_batch.h"
#include "common/functions/lease_stride.h"
#include "common/functions/output.h"
#include "common/functions/prototype.h"
#include "common/functions/steps.h"

/// The operators of one and two inputs: a loop over each batch, with the user's code inlined.
namespace weir::functions {

/// The selector of streams that have no key.
struct NoSelector {
  template <typename T>
  NoKey operator()(const T& /*record*/) const {
    return {};
  }
};

/// Stands for the output of sinks, which have none.
struct NoOutput {};

struct NoTarget {};

/// An operator with an output, keyed or not; where its function is told of timers, what they call.
template <typename F, typename Out, typename Key>
class EmittingOperator : public FunctionOperator<F, Key>,
                         public std::conditional_t<FunctionOperator<F, Key>::kTimed,
                                                   OperatorTimers::Target,
                                                   NoTarget> {
 public:
  using Base = FunctionOperator<F, Key>;
  using Base::Base;
  void open() override {
    Base::open();
    ProcessingTime& clock = this->context_->time();
    if constexpr (Base::kTimed) {
      throwOnError(this->timers_.open(clock, this->work_, this->glance_, *this, this->finished()),
                   this->context_->task());
      service_.open(clock, &this->timers_, true);
    } else {
      service_.open(clock, nullptr, Base::kKeyed);
    }
  }
  void addOutput(AnyReceiver& next) override { out_.add(next); }
  void addSideOutput(const std::string& id, AnyReceiver& next) override { out_.addSide(id, next); }
  void flush() override { out_.flush(); }
  void emit(const Signal& signal) override { out_.emit(signal); }

 protected:
  void onWatermark(const Watermark& watermark) override {
    service_.advance(watermark.time);
    if constexpr (Base::kTimed) {
      this->timers_.advance(watermark.time);
    }
    this->emit(watermark);
  }
  void endInput() override {
    if constexpr (Base::kTimed) {
      this->timers_.endInput();
    }
    Base::endInput();
  }
  // Of OperatorTimers::Target, where there are timers.
  virtual void onTimer(std::int64_t time, TimeDomain domain) {
    if constexpr (Base::kTimed) {
      out_.setTimestamp(domain == TimeDomain::kEventTime ? time : kNoTimestamp);
      callOnTimer(this->function_,
                  time,
                  domain,
                  scopeAt(time),
                  *this->backend_,
                  static_cast<Collector<Out>&>(out_));
      out_.setTimestamp(kNoTimestamp);
    }
  }
  virtual void onTimersFired() { out_.flush(); }

  /// Runs Step for every record of a batch, each under its key.
  template <typename Step, typename In, typename Selector>
  void runBatch(Batch<In>& batch, const Selector& selector) {
    const AtWork at_work(this->work_, batch.size());
    if constexpr (FunctionOperator<F, Key>::kStateful) {
      if (this->hasKeyedState()) {
        keys_.resolve(selector, batch, *this->backend_);
        runEach<Step>(batch, [this](std::size_t i) { this->backend_->setCurrent(keys_.slot(i)); });
        this->backend_->endBatch();
        out_.flush();
        return;
      }
    }
    runEach<Step>(batch, [](std::size_t /*i*/) {});
    out_.flush();
  }

  /// What the context of a function speaks of; `timestamp` outlives that.
  Scope scopeAt(const std::int64_t& timestamp) {
    return {&timestamp, &service_, &out_.sides(), broadcast_};
  }

  Output<Out> out_;
  TimerService service_;                  // As functions see it.
  BroadcastStates* broadcast_ = nullptr;  // Of the operator derived from this one, if it has any.

 private:
  struct NoKeys {};

  /// A worker that was given up while it was stopped acts for its job no more: the user's function
  /// may write somewhere with each record.
  template <typename Step, typename In, typename Before>
  void runEach(Batch<In>& batch, Before before) {
    if constexpr (std::is_same_v<Step, SinkStep>) {
      if (batch.size() < LeaseStride::kLong) {  // Too few to be measured.
        return runGuarded<Step>(batch, stride_.length(), before);
      }
      const auto start = std::chrono::steady_clock::now();
      runGuarded<Step>(batch, stride_.length(), before);
      stride_.took(batch.size(), std::chrono::steady_clock::now() - start);
    } else {
      runGuarded<Step>(batch, LeaseStride::kLong, before);
    }
  }

  template <typename Step, typename In, typename Before>
  void runGuarded(Batch<In>& batch, std::size_t stride, Before& before) {
    const std::size_t size = batch.size();
    for (std::size_t begin = 0; begin < size; begin += stride) {
      this->glance_.enforce();
      runSome<Step>(batch, begin, std::min(size, begin + stride), before);
    }
  }

  template <typename Step, typename In>
  void runStep(In& value) {
    if constexpr (!requires { Step::kScoped; }) {
      Step::run(this->function_, value, out_);
    } else if constexpr (kAsksForKey<F>) {
      const Scope scope = scopeAt(out_.timestamp());
      Step::run(this->function_, value, out_, scope, *this->backend_);
    } else {
      Step::run(this->function_, value, out_, scopeAt(out_.timestamp()));
    }
  }

  template <typename Step, typename In, typename Before>
  void runSome(Batch<In>& batch, std::size_t begin, std::size_t end, Before& before) {
    if (!batch.hasTimestamps()) [[likely]] {
      for (std::size_t i = begin; i < end; ++i) {
        before(i);
        runStep<Step>(batch.records[i]);
      }
      return;
    }
    for (std::size_t i = begin; i < end; ++i) {
      before(i);
      out_.setTimestamp(batch.timestamps[i]);
      runStep<Step>(batch.records[i]);
    }
    out_.setTimestamp(kNoTimestamp);
  }

  std::conditional_t<FunctionOperator<F, Key>::kStateful, KeyBatch<Key>, NoKeys> keys_;
  LeaseStride stride_;  // Of a sink.
};

/// An operator of one input. Selector gives the key of a record.
template <typename Step, typename F, typename In, typename Out, typename Key, typename Selector>
class OneInputOperator final : public EmittingOperator<F, Out, Key>, public Receiver<In> {
 public:
  OneInputOperator(F function, Selector selector)
      : EmittingOperator<F, Out, Key>(std::move(function), 1), selector_(std::move(selector)) {}

  AnyReceiver* input(std::uint32_t /*port*/) override { return this; }
  void receive(Batch<In>& batch) override { this->template runBatch<Step>(batch, selector_); }
  void receive(const Signal& signal) override { this->onSignal(0, signal); }

 private:
  Selector selector_;
};

/// An operator of two inputs, each with a selector of its own for keys of one type.
template <typename Steps,
          typename F,
          typename In1,
          typename In2,
          typename Out,
          typename Key,
          typename Selector1,
          typename Selector2>
class TwoInputOperator final : public EmittingOperator<F, Out, Key> {
 public:
  TwoInputOperator(F function, Selector1 first, Selector2 second)
      : EmittingOperator<F, Out, Key>(std::move(function), 2),
        first_(*this, 0, std::move(first)),
        second_(*this, 1, std::move(second)) {}

  AnyReceiver* input(std::uint32_t port) override {
    return port == 0 ? static_cast<AnyReceiver*>(&first_) : static_cast<AnyReceiver*>(&second_);
  }

 private:
  template <typename Step, typename In, typename Selector>
  class Port final : public Receiver<In> {
   public:
    Port(TwoInputOperator& owner, std::uint32_t index, Selector selector)
        : owner_(owner), index_(index), selector_(std::move(selector)) {}
    void receive(Batch<In>& batch) override { owner_.template runBatch<Step>(batch, selector_); }
    void receive(const Signal& signal) override { owner_.onSignal(index_, signal); }

   private:
    TwoInputOperator& owner_;  // We are its member.
    const std::uint32_t index_;
    Selector selector_;
  };

  Port<typename Steps::First, In1, Selector1> first_;
  Port<typename Steps::Second, In2, Selector2> second_;
};

}  // namespace weir::functions
