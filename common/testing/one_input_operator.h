#pragma once

#include <type_traits>
#include <utility>

#include "common/functions/assigner_operator.h"
#include "common/functions/async_operator.h"
#include "common/functions/callable.h"
#include "common/functions/functions.h"
#include "common/functions/keyed_functions.h"
#include "common/functions/process_function.h"
#include "common/functions/prototype.h"
#include "common/functions/stream_operators.h"
#include "common/functions/two_phase_commit_sink.h"

/// Which operator runs a function of one input, as the SDK chooses it.
namespace weir::testing::one_input {

// Each kind has the types of its records, and the operator that runs it.

/// Step calls the function on each record.
template <typename StepOf, typename InOf, typename OutOf>
struct Plain {
  using In = InOf;
  using Out = OutOf;
  template <typename F, typename Key, typename Selector>
  using Operator = functions::OneInputOperator<StepOf, F, In, Out, Key, Selector>;
  template <typename F>
  static F wrap(F function) {
    return function;
  }
};

template <typename T>
struct Reducing : Plain<functions::MapStep, T, T> {
  static constexpr bool kNeedsKey = true;
  template <typename F>
  static functions::RollingReduce<T, F> wrap(F function) {
    return {std::move(function), "reduce"};
  }
};

template <typename T, typename Acc>
struct Folding : Plain<functions::MapStep, T, Acc> {
  static constexpr bool kNeedsKey = true;
  template <typename F>
  static functions::RollingFold<T, Acc, F> wrap(F function) {
    return {Acc{}, std::move(function)};
  }
};

template <typename K, typename In, typename Out>
struct ProcessingKeyed : Plain<functions::ProcessStep, In, Out> {
  static constexpr bool kNeedsKey = true;
};

template <typename T>
struct Assigning : Plain<void, T, T> {
  template <typename F, typename /*Key*/, typename /*Selector*/>
  using Operator = functions::AssignerOperator<F, T>;
  static TimeSettings settings() { return {}; }
};

template <typename In, typename Out>
struct Asking : Plain<void, In, Out> {
  template <typename F, typename /*Key*/, typename /*Selector*/>
  using Operator = functions::AsyncOperator<F>;
  static functions::AsyncSettings settings() {
    return {.ordered = true, .timeout = 60'000, .capacity = 100};
  }
};

struct Unknown : Plain<void, int, int> {};

// A callable's kind follows from what it takes.

template <typename F, typename... A>
struct CallableOf {
  using Kind = Unknown;
};
template <typename F, typename A>
struct CallableOf<F, A> {
  using In = std::decay_t<A>;
  using Result = std::decay_t<std::invoke_result_t<F&, const In&>>;
  using Kind = std::conditional_t<std::is_void_v<Result>,
                                  Plain<functions::SinkStep, In, functions::NoOutput>,
                                  Plain<functions::MapStep, In, Result>>;
};
template <typename F, typename A, typename Out>
struct CallableOf<F, A, Collector<Out>&> {
  using Kind = Plain<functions::FlatMapStep, std::decay_t<A>, Out>;
};
template <typename F, typename A, typename Out>
struct CallableOf<F, A, ProcessContext&, Collector<Out>&> {
  using Kind = Plain<functions::ProcessStep, std::decay_t<A>, Out>;
};
template <typename F, typename A>
struct CallableOf<F, A, A> {
  using Kind = Reducing<std::decay_t<A>>;
};

template <typename F, typename Arguments>
struct Callable {
  using Kind = Unknown;
};
template <typename F, typename... A>
struct Callable<F, functions::Parameters<A...>> : CallableOf<F, A...> {};

template <typename F>
auto kindOf() {
  using namespace functions;
  if constexpr (Implements<F, MapFunction>) {
    return Plain<MapStep, ArgumentOf<F, MapFunction, 0>, ArgumentOf<F, MapFunction, 1>>{};
  } else if constexpr (Implements<F, FlatMapFunction>) {
    using Out = ArgumentOf<F, FlatMapFunction, 1>;
    return Plain<FlatMapStep, ArgumentOf<F, FlatMapFunction, 0>, Out>{};
  } else if constexpr (Implements<F, FilterFunction>) {
    using T = ArgumentOf<F, FilterFunction, 0>;
    return Plain<FilterStep, T, T>{};
  } else if constexpr (Implements<F, ReduceFunction>) {
    return Reducing<ArgumentOf<F, ReduceFunction, 0>>{};
  } else if constexpr (Implements<F, FoldFunction>) {
    return Folding<ArgumentOf<F, FoldFunction, 0>, ArgumentOf<F, FoldFunction, 1>>{};
  } else if constexpr (Implements<F, ProcessFunction>) {
    using Out = ArgumentOf<F, ProcessFunction, 1>;
    return Plain<ProcessStep, ArgumentOf<F, ProcessFunction, 0>, Out>{};
  } else if constexpr (Implements<F, KeyedProcessFunction>) {
    return ProcessingKeyed<ArgumentOf<F, KeyedProcessFunction, 0>,
                           ArgumentOf<F, KeyedProcessFunction, 1>,
                           ArgumentOf<F, KeyedProcessFunction, 2>>{};
  } else if constexpr (Implements<F, TwoPhaseCommitSink>) {
    return Plain<SinkStep, ArgumentOf<F, TwoPhaseCommitSink, 0>, NoOutput>{};
  } else if constexpr (Implements<F, SinkFunction>) {
    return Plain<SinkStep, ArgumentOf<F, SinkFunction, 0>, NoOutput>{};
  } else if constexpr (Implements<F, AsyncFunction>) {
    using Out = ArgumentOf<F, AsyncFunction, 1>;
    return Asking<ArgumentOf<F, AsyncFunction, 0>, Out>{};
  } else if constexpr (Implements<F, WatermarkStrategy>) {
    return Assigning<ArgumentOf<F, WatermarkStrategy, 0>>{};
  } else if constexpr (Implements<F, AssignerWithPeriodicWatermarks>) {
    return Assigning<ArgumentOf<F, AssignerWithPeriodicWatermarks, 0>>{};
  } else if constexpr (Implements<F, AssignerWithPunctuatedWatermarks>) {
    return Assigning<ArgumentOf<F, AssignerWithPunctuatedWatermarks, 0>>{};
  } else {
    using Arguments = typename callable_internal::Signature<F>::Arguments;
    static_assert(!std::is_same_v<typename Callable<F, Arguments>::Kind, Unknown>,
                  "OneInputHarness takes functions of map, flatMap, filter, reduce, fold, process, "
                  "addSink and assignTimestampsAndWatermarks, an AsyncFunction, functions of "
                  "windows, and callables that name their types; TwoInputHarness takes those of "
                  "two inputs and of joins");
    return typename Callable<F, Arguments>::Kind{};
  }
}

template <typename F>
using KindOf = decltype(kindOf<F>());

template <typename Kind>
inline constexpr bool kNeedsKey = requires { Kind::kNeedsKey; };
/// Whether the functions of this kind can have this key; a KeyedProcessFunction names its own.
template <typename Kind, typename Key>
inline constexpr bool kIsKey = true;
template <typename K, typename In, typename Out, typename Key>
inline constexpr bool kIsKey<ProcessingKeyed<K, In, Out>, Key> = std::is_same_v<K, Key>;

/// The key type that a selector gives; NoKey of none.
template <typename Selector, typename In>
struct KeyOfSelector {
  static_assert(
      functions::SelectsKeys<Selector, In>,
      "a harness takes behind its function a key selector for the function's records: a "
      "KeySelector<T, K>, a pointer to a member, or a callable K(const T&) that is const");
  using Type = int;
};
template <typename Selector, typename In>
  requires functions::SelectsKeys<Selector, In>
struct KeyOfSelector<Selector, In> {
  using Type = functions::KeyOf<Selector, In>;
};
template <typename In>
struct KeyOfSelector<functions::NoSelector, In> {
  using Type = functions::NoKey;
};

/// The factory of the operator of a function of this kind; none where its key does not fit.
template <typename Kind, typename Key, typename F, typename Selector>
functions::OperatorFactory factoryOf(F function, Selector selector) {
  constexpr bool kHasKey = !std::is_same_v<Key, functions::NoKey>;
  constexpr bool kSelects = !kHasKey || functions::SelectsKeys<Selector, typename Kind::In>;
  constexpr bool kHasOwnKey = !kHasKey || !kSelects || kIsKey<Kind, Key>;
  static_assert(kHasKey || !kNeedsKey<Kind>,
                "this function runs on a stream with keys: give the harness a key selector");
  static_assert(kHasOwnKey, "the key selector gives keys of another type than the function's K");
  constexpr bool kFits = kSelects && kHasOwnKey && (kHasKey || !kNeedsKey<Kind>);
  if constexpr (kFits && !std::is_same_v<Kind, Unknown>) {
    using Wrapped = decltype(Kind::wrap(std::move(function)));
    using Operator = typename Kind::template Operator<Wrapped, Key, Selector>;
    return [function = functions::makePrototype(Kind::wrap(std::move(function))),
            selector = functions::makePrototype(
                std::move(selector))]() -> std::unique_ptr<functions::Operator> {
      if constexpr (requires { Kind::settings(); }) {
        return std::make_unique<Operator>(function->copy(), Kind::settings());
      } else {
        return std::make_unique<Operator>(function->copy(), selector->copy());
      }
    };
  } else {
    return {};
  }
}

}  // namespace weir::testing::one_input
