#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <type_traits>
#include <utility>
#include <vector>

#include "common/functions/broadcast_function.h"
#include "common/functions/stream_operators.h"

/// What a stream that is connected to a broadcast one runs.
namespace weir::functions {

/// The types of a function of a broadcast stream; void where F is none.
template <typename F>
struct BroadcastTypes {
  using Out = void;
};
template <typename F>
  requires Implements<F, BroadcastProcessFunction>
struct BroadcastTypes<F> {
  using Key = NoKey;
  using In1 = ArgumentOf<F, BroadcastProcessFunction, 0>;
  using In2 = ArgumentOf<F, BroadcastProcessFunction, 1>;
  using Out = ArgumentOf<F, BroadcastProcessFunction, 2>;
};
template <typename F>
  requires Implements<F, KeyedBroadcastProcessFunction>
struct BroadcastTypes<F> {
  using Key = ArgumentOf<F, KeyedBroadcastProcessFunction, 0>;
  using In1 = ArgumentOf<F, KeyedBroadcastProcessFunction, 1>;
  using In2 = ArgumentOf<F, KeyedBroadcastProcessFunction, 2>;
  using Out = ArgumentOf<F, KeyedBroadcastProcessFunction, 3>;
};

/// A record of the stream that is not broadcast.
struct ReadBroadcastStep {
  static constexpr bool kScoped = true;
  template <typename F, typename In, typename Out>
  static void run(F& f, In& value, Output<Out>& out, const Scope& scope) {
    ReadOnlyBroadcastContext context(scope);
    asBase<BroadcastProcessFunction>(f).processElement(value, context, out);
  }
  template <typename F, typename In, typename Out, typename Key>
  static void run(F& f,
                  In& value,
                  Output<Out>& out,
                  const Scope& scope,
                  const state::KeyedBackendOf<Key>& backend) {
    KeyedReadOnlyContext<Key> context(scope, backend);
    asBase<KeyedBroadcastProcessFunction>(f).processElement(value, context, out);
  }
};

/// Runs a function over a stream (port 0), keyed or not, and a broadcast one (port 1).
template <typename F, typename Selector>
class BroadcastOperator final
    : public EmittingOperator<F, typename BroadcastTypes<F>::Out, typename BroadcastTypes<F>::Key>,
      public Receiver<typename BroadcastTypes<F>::In1> {
 public:
  using Types = BroadcastTypes<F>;
  using Operator = EmittingOperator<F, typename Types::Out, typename Types::Key>;
  /// `declare` adds the broadcast states.
  BroadcastOperator(F function,
                    Selector selector,
                    const std::function<void(BroadcastStates&)>& declare)
      : Operator(std::move(function), 2), told_(*this), selector_(std::move(selector)) {
    declare(states_);
    this->broadcast_ = &states_;
  }

  AnyReceiver* input(std::uint32_t port) override {
    return port == 0 ? static_cast<AnyReceiver*>(this) : static_cast<AnyReceiver*>(&told_);
  }
  void receive(Batch<typename Types::In1>& batch) override {
    this->template runBatch<ReadBroadcastStep>(batch, selector_);
  }
  void receive(const Signal& signal) override { this->onSignal(0, signal); }
  Status restore(const OperatorRestore& restore) override {
    WEIR_RETURN_IF_ERROR(Operator::restore(restore));
    return states_.restore(restore);
  }

 protected:
  void addOwnStates(std::vector<state::OperatorState>& own) override {
    states_.snapshot(this->context_->task(), own);
  }

 private:
  class Told final : public Receiver<typename Types::In2> {
   public:
    explicit Told(BroadcastOperator& owner) : owner_(owner) {}
    void receive(Batch<typename Types::In2>& batch) override { owner_.tell(batch); }
    void receive(const Signal& signal) override { owner_.onSignal(1, signal); }

   private:
    BroadcastOperator& owner_;  // We are its member.
  };

  void tell(Batch<typename Types::In2>& batch) {
    this->glance_.enforce();
    const AtWork at_work(this->work_, batch.size());
    for (std::size_t i = 0; i < batch.size(); ++i) {
      this->out_.setTimestamp(batch.hasTimestamps() ? batch.timestamps[i] : kNoTimestamp);
      BroadcastContext context(this->scopeAt(this->out_.timestamp()));
      const auto& record = std::as_const(batch.records[i]);
      if constexpr (kAsksForKey<F>) {
        asBase<KeyedBroadcastProcessFunction>(this->function_)
            .processBroadcastElement(record, context, this->out_);
      } else {
        asBase<BroadcastProcessFunction>(this->function_)
            .processBroadcastElement(record, context, this->out_);
      }
    }
    this->out_.setTimestamp(kNoTimestamp);
    this->out_.flush();
  }

  BroadcastStates states_;
  Told told_;
  Selector selector_;
};

}  // namespace weir::functions
