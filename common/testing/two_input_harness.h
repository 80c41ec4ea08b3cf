#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

#include "common/functions/broadcast_operator.h"
#include "common/functions/callable.h"
#include "common/functions/collector.h"
#include "common/functions/prototype.h"
#include "common/functions/steps.h"
#include "common/functions/stream_operators.h"
#include "common/testing/harness.h"
#include "common/testing/one_input_operator.h"

namespace weir::testing {

namespace two_inputs {

template <typename F>
inline constexpr bool kBroadcast = functions::Implements<F, BroadcastProcessFunction> ||
                                   functions::Implements<F, KeyedBroadcastProcessFunction>;

template <typename F>
inline constexpr bool kTaken =
    kBroadcast<F> || functions::Implements<F, CoMapFunction> ||
    functions::Implements<F, CoFlatMapFunction> || functions::Implements<F, CoProcessFunction>;

/// The types of a function of two inputs, and the operator that runs it. Arguments are what the
/// harness is given beside the function.
template <typename F, typename... Arguments>
struct Kind {  // On two streams without key.
  using Steps = functions::CoSteps<F>;
  using In1 = typename Steps::In1;
  using In2 = typename Steps::In2;
  using Out = typename Steps::Out;
  using Key = functions::NoKey;
  static_assert(sizeof...(Arguments) == 0,
                "a function of two inputs takes a key selector for each of them, or none");
  static std::unique_ptr<functions::Operator> make(F function) {
    using None = functions::NoSelector;
    using Operator = functions::TwoInputOperator<Steps, F, In1, In2, Out, Key, None, None>;
    return std::make_unique<Operator>(std::move(function), None{}, None{});
  }
};

template <typename F, typename Selector1, typename Selector2>
  requires(kTaken<F> && !kBroadcast<F>)
struct Kind<F, Selector1, Selector2> {
  using Steps = functions::CoSteps<F>;
  using In1 = typename Steps::In1;
  using In2 = typename Steps::In2;
  using Out = typename Steps::Out;
  using Key = functions::KeyOf<Selector1, In1>;
  static_assert(std::is_same_v<Key, functions::KeyOf<Selector2, In2>>,
                "the keys of the two inputs are of one type");
  static std::unique_ptr<functions::Operator> make(F function, Selector1 first, Selector2 second) {
    using Operator =
        functions::TwoInputOperator<Steps, F, In1, In2, Out, Key, Selector1, Selector2>;
    return std::make_unique<Operator>(std::move(function), std::move(first), std::move(second));
  }
};

/// Of what is refused: the compiler says that, and nothing more.
template <typename F, typename... Arguments>
  requires(!kTaken<F>)
struct Kind<F, Arguments...> {
  using In1 = int;
  using In2 = int;
  using Out = int;
  using Key = functions::NoKey;
  static std::unique_ptr<functions::Operator> make(const F& /*function*/,
                                                   const Arguments&... /*arguments*/) {
    static_assert(kTaken<F>,
                  "TwoInputHarness takes a CoMapFunction, a CoFlatMapFunction, a CoProcessFunction "
                  "and functions with broadcast state: run others, such as those of joins, with a "
                  "testing::Job");
    return nullptr;
  }
};

template <typename F, typename Selector, typename... Descriptors>
std::unique_ptr<functions::Operator> makeBroadcast(F function,
                                                   Selector selector,
                                                   const Descriptors&... descriptors) {
  return std::make_unique<functions::BroadcastOperator<F, Selector>>(
      std::move(function), std::move(selector), [&](functions::BroadcastStates& states) {
        (states.add(descriptors), ...);
      });
}

template <typename F, typename... Descriptors>
  requires functions::Implements<F, BroadcastProcessFunction>
struct Kind<F, Descriptors...> : functions::BroadcastTypes<F> {
  static std::unique_ptr<functions::Operator> make(F function, Descriptors... descriptors) {
    return makeBroadcast(std::move(function), functions::NoSelector{}, descriptors...);
  }
};

template <typename F, typename Selector, typename... Descriptors>
  requires functions::Implements<F, KeyedBroadcastProcessFunction>
struct Kind<F, Selector, Descriptors...> : functions::BroadcastTypes<F> {
  static std::unique_ptr<functions::Operator> make(F function,
                                                   Selector selector,
                                                   Descriptors... descriptors) {
    return makeBroadcast(std::move(function), std::move(selector), descriptors...);
  }
};

}  // namespace two_inputs

/// Runs a function of two inputs: a CoMapFunction, CoFlatMapFunction or CoProcessFunction, with a
/// key selector for each input where these have keys; or a BroadcastProcessFunction with the
/// descriptors of the broadcast state, or a KeyedBroadcastProcessFunction with the key selector of
/// its first input before these.
///
///     TwoInputHarness h(Enrich{}, &Order::currency, &Rate::currency);
///     TwoInputHarness h(ApplyRules{}, MapStateDescriptor<std::string, Rule>("rules"));
template <typename F, typename... Arguments>
class TwoInputHarness final : public Harness<typename two_inputs::Kind<F, Arguments...>::Out,
                                             typename two_inputs::Kind<F, Arguments...>::Key> {
  using Kind = two_inputs::Kind<F, Arguments...>;

 public:
  using In1 = typename Kind::In1;
  using In2 = typename Kind::In2;

  explicit TwoInputHarness(F function, Arguments... arguments)
      : Harness<typename Kind::Out, typename Kind::Key>(
            [function = functions::makePrototype(std::move(function)), arguments...] {
              return Kind::make(function->copy(), arguments...);
            },
            2) {}

  /// One record of the first input, or of the second, and all that the function makes of it.
  void push1(In1 value, std::int64_t timestamp = kNoTimestamp) {
    this->send(0, std::move(value), timestamp);
  }
  void push2(In2 value, std::int64_t timestamp = kNoTimestamp) {
    this->send(1, std::move(value), timestamp);
  }
  /// A watermark of one input; the function's is the least of both.
  void watermark1(std::int64_t time) { this->run_.signal(0, functions::Watermark{time}); }
  void watermark2(std::int64_t time) { this->run_.signal(1, functions::Watermark{time}); }
  void endInput1() { this->run_.end(0); }
  void endInput2() { this->run_.end(1); }
};

}  // namespace weir::testing
