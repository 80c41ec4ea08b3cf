#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>

#include "common/functions/callable.h"
#include "common/functions/function_operator.h"
#include "common/functions/key_batch.h"
#include "common/functions/lease_stride.h"
#include "common/functions/output.h"
#include "common/functions/prototype.h"

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

// What an operator does with one record. kPort: 1 or 2 for functions of two inputs.

struct MapStep {
  template <typename F, typename In, typename Out>
  static void run(F& f, In& value, Output<Out>& out) {
    out.collect(callMap(f, std::as_const(value)));
  }
};
struct FlatMapStep {
  template <typename F, typename In, typename Out>
  static void run(F& f, In& value, Output<Out>& out) {
    callFlatMap(f, std::as_const(value), static_cast<Collector<Out>&>(out));
  }
};
struct FilterStep {
  template <typename F, typename In, typename Out>
  static void run(F& f, In& value, Output<Out>& out) {
    if (callFilter(f, std::as_const(value))) {
      out.collect(std::move(value));
    }
  }
};
struct ProcessStep {
  template <typename F, typename In, typename Out>
  static void run(F& f, In& value, Output<Out>& out) {
    ProcessContext context(out.timestamp());
    callProcess(f, std::as_const(value), context, static_cast<Collector<Out>&>(out));
  }
};
struct SinkStep {
  template <typename F, typename In, typename Out>
  static void run(F& f, In& value, Output<Out>& /*out*/) {
    callSink(f, std::as_const(value));
  }
};

template <int kPort>
struct CoMapStep {
  template <typename F, typename In, typename Out>
  static void run(F& f, In& value, Output<Out>& out) {
    if constexpr (kPort == 1) {
      out.collect(asBase<CoMapFunction>(f).map1(value));
    } else {
      out.collect(asBase<CoMapFunction>(f).map2(value));
    }
  }
};
template <int kPort>
struct CoFlatMapStep {
  template <typename F, typename In, typename Out>
  static void run(F& f, In& value, Output<Out>& out) {
    if constexpr (kPort == 1) {
      asBase<CoFlatMapFunction>(f).flatMap1(value, out);
    } else {
      asBase<CoFlatMapFunction>(f).flatMap2(value, out);
    }
  }
};
template <int kPort>
struct CoProcessStep {
  template <typename F, typename In, typename Out>
  static void run(F& f, In& value, Output<Out>& out) {
    ProcessContext context(out.timestamp());
    if constexpr (kPort == 1) {
      asBase<CoProcessFunction>(f).processElement1(value, context, out);
    } else {
      asBase<CoProcessFunction>(f).processElement2(value, context, out);
    }
  }
};

/// An operator with an output, keyed or not.
template <typename F, typename Out, typename Key>
class EmittingOperator : public FunctionOperator<F, Key> {
 public:
  using FunctionOperator<F, Key>::FunctionOperator;
  void addOutput(AnyReceiver& next) override { out_.add(next); }
  void flush() override { out_.flush(); }
  void emit(const Signal& signal) override { out_.emit(signal); }

 protected:
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

  Output<Out> out_;

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

  template <typename Step, typename In, typename Before>
  void runSome(Batch<In>& batch, std::size_t begin, std::size_t end, Before& before) {
    if (!batch.hasTimestamps()) [[likely]] {
      for (std::size_t i = begin; i < end; ++i) {
        before(i);
        Step::run(this->function_, batch.records[i], out_);
      }
      return;
    }
    for (std::size_t i = begin; i < end; ++i) {
      before(i);
      out_.setTimestamp(batch.timestamps[i]);
      Step::run(this->function_, batch.records[i], out_);
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

/// How a function of two inputs is called.
template <typename F>
struct CoSteps {};
template <typename F>
  requires Implements<F, CoMapFunction>
struct CoSteps<F> {
  using First = CoMapStep<1>;
  using Second = CoMapStep<2>;
  using In1 = ArgumentOf<F, CoMapFunction, 0>;
  using In2 = ArgumentOf<F, CoMapFunction, 1>;
  using Out = ArgumentOf<F, CoMapFunction, 2>;
};
template <typename F>
  requires Implements<F, CoFlatMapFunction>
struct CoSteps<F> {
  using First = CoFlatMapStep<1>;
  using Second = CoFlatMapStep<2>;
  using In1 = ArgumentOf<F, CoFlatMapFunction, 0>;
  using In2 = ArgumentOf<F, CoFlatMapFunction, 1>;
  using Out = ArgumentOf<F, CoFlatMapFunction, 2>;
};
template <typename F>
  requires Implements<F, CoProcessFunction>
struct CoSteps<F> {
  using First = CoProcessStep<1>;
  using Second = CoProcessStep<2>;
  using In1 = ArgumentOf<F, CoProcessFunction, 0>;
  using In2 = ArgumentOf<F, CoProcessFunction, 1>;
  using Out = ArgumentOf<F, CoProcessFunction, 2>;
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
