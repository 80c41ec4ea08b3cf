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
#include "common/testing/pair_setup.h"

namespace weir::testing {

namespace two_inputs {

template <typename F>
inline constexpr bool kBroadcast = functions::Implements<F, BroadcastProcessFunction> ||
                                   functions::Implements<F, KeyedBroadcastProcessFunction>;

template <typename F>
inline constexpr bool kTaken =
    kBroadcast<F> || functions::Implements<F, CoMapFunction> ||
    functions::Implements<F, CoFlatMapFunction> || functions::Implements<F, CoProcessFunction>;

/// Of what is refused: the compiler says that, and nothing more.
struct Refused {
  using In1 = int;
  using In2 = int;
  using Out = int;
  using Key = functions::NoKey;
};

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

template <typename F, typename... Arguments>
  requires(!kTaken<F> && !pair_setup::kJoins<F>)
struct Kind<F, Arguments...> : Refused {
  static std::unique_ptr<functions::Operator> make(const F& /*function*/,
                                                   const Arguments&... /*arguments*/) {
    static_assert(kTaken<F>,
                  "TwoInputHarness takes a CoMapFunction, a CoFlatMapFunction, a "
                  "CoProcessFunction, functions with broadcast state, and those of joins");
    return nullptr;
  }
};

/// Of a join: the key selectors, and its windows or bounds.
template <typename F, typename... Arguments>
  requires pair_setup::kJoins<F>
struct Kind<F, Arguments...> : Refused {
  static functions::OperatorFactory make(const F& /*function*/, const Arguments&... /*arguments*/) {
    static_assert(sizeof...(Arguments) == 3,
                  "TwoInputHarness takes with the function of a join a key selector for each "
                  "input, and then the windows of both, or between(lower, upper) of an interval "
                  "join");
    return {};
  }
};
template <typename F, typename Selector1, typename Selector2, typename How>
  requires pair_setup::kJoins<F>
struct Kind<F, Selector1, Selector2, How> : pair_setup::Setup<F, Selector1, Selector2, How> {};

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

template <typename F, typename... Arguments>
  requires functions::Implements<F, KeyedBroadcastProcessFunction>
struct Kind<F, Arguments...> : Refused {
  static std::unique_ptr<functions::Operator> make(const F& /*function*/,
                                                   const Arguments&... /*arguments*/) {
    static_assert(!functions::Implements<F, KeyedBroadcastProcessFunction>,
                  "TwoInputHarness takes with a KeyedBroadcastProcessFunction a key selector for "
                  "its first input, and then the descriptors of the broadcast state");
    return nullptr;
  }
};
template <typename F, typename Selector, typename... Descriptors>
  requires(functions::Implements<F, KeyedBroadcastProcessFunction> &&
           functions::SelectsKeys<Selector, typename functions::BroadcastTypes<F>::In1>)
struct Kind<F, Selector, Descriptors...> : functions::BroadcastTypes<F> {
  static std::unique_ptr<functions::Operator> make(F function,
                                                   Selector selector,
                                                   Descriptors... descriptors) {
    return makeBroadcast(std::move(function), std::move(selector), descriptors...);
  }
};

/// Makes the operators of a harness.
template <typename Kind, typename F, typename... Arguments>
functions::OperatorFactory factoryOf(F function, Arguments... arguments) {
  if constexpr (pair_setup::kJoins<F>) {
    return Kind::make(std::move(function), std::move(arguments)...);
  } else {
    return [function = functions::makePrototype(std::move(function)), arguments...] {
      return Kind::make(function->copy(), arguments...);
    };
  }
}

/// Whether both inputs become one, of records of either.
template <typename Kind>
inline constexpr bool kUnites = requires { requires Kind::kUnites; };

}  // namespace two_inputs

/// Runs a function of two inputs: a CoMapFunction, CoFlatMapFunction or CoProcessFunction, with a
/// key selector for each input where these have keys; a BroadcastProcessFunction with the
/// descriptors of the broadcast state, or a KeyedBroadcastProcessFunction with the key selector of
/// its first input before these; or a function of a join with both key selectors, and then the
/// windows of a join or coGroup as for OneInputHarness, the bounds of an interval join.
///
///     TwoInputHarness h(Enrich{}, &Order::currency, &Rate::currency);
///     TwoInputHarness h(ApplyRules{}, MapStateDescriptor<std::string, Rule>("rules"));
///     TwoInputHarness h(Match{}, &Order::id, &Payment::order, TumblingEventTimeWindows::of(...));
///     TwoInputHarness h(Pair{}, &Order::id, &Payment::order, between(Time::seconds(-1), ...));
template <typename F, typename... Arguments>
class TwoInputHarness final : public Harness<typename two_inputs::Kind<F, Arguments...>::Out,
                                             typename two_inputs::Kind<F, Arguments...>::Key> {
  using Kind = two_inputs::Kind<F, Arguments...>;

 public:
  using In1 = typename Kind::In1;
  using In2 = typename Kind::In2;

  explicit TwoInputHarness(F function, Arguments... arguments)
      : Harness<typename Kind::Out, typename Kind::Key>(
            two_inputs::factoryOf<Kind>(std::move(function), std::move(arguments)...), 2) {
    if constexpr (two_inputs::kUnites<Kind>) {
      this->run_.uniteInputs();
    }
  }

  /// One record of the first input, or of the second, and all that the function makes of it.
  void push1(In1 value, std::int64_t timestamp = kNoTimestamp) {
    sendTo<0>(std::move(value), timestamp);
  }
  void push2(In2 value, std::int64_t timestamp = kNoTimestamp) {
    sendTo<1>(std::move(value), timestamp);
  }
  /// A watermark of one input; the function's is the least of both.
  void watermark1(std::int64_t time) { this->run_.signal(0, functions::Watermark{time}); }
  void watermark2(std::int64_t time) { this->run_.signal(1, functions::Watermark{time}); }
  void endInput1() { this->run_.end(0); }
  void endInput2() { this->run_.end(1); }

 private:
  template <std::uint32_t kInput, typename In>
  void sendTo(In value, std::int64_t timestamp) {
    if constexpr (two_inputs::kUnites<Kind>) {
      this->send(
          0, TaggedUnion<In1, In2>(std::in_place_index<kInput>, std::move(value)), timestamp);
    } else {
      this->send(kInput, std::move(value), timestamp);
    }
  }
};

}  // namespace weir::testing
