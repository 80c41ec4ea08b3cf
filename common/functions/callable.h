#pragma once

#include <concepts>
#include <cstddef>
#include <functional>
#include <tuple>
#include <type_traits>
#include <utility>

#include "common/functions/functions.h"
#include "common/functions/source_function.h"
#include "common/functions/two_phase_commit_sink.h"

/// How operators take apart what a user handed over: an object of a function class or any callable,
/// and which types that yields.
namespace weir::functions {

template <typename... A>
struct Parameters {
  template <std::size_t kAt>
  using At = std::tuple_element_t<kAt, std::tuple<A...>>;
};

namespace callable_internal {

template <typename M>
struct MemberSignature {
  using Arguments = void;
};
template <typename C, typename R, typename... A>
struct MemberSignature<R (C::*)(A...)> {
  using Arguments = Parameters<A...>;
};
template <typename C, typename R, typename... A>
struct MemberSignature<R (C::*)(A...) const> {
  using Arguments = Parameters<A...>;
};
template <typename C, typename R, typename... A>
struct MemberSignature<R (C::*)(A...) noexcept> {
  using Arguments = Parameters<A...>;
};
template <typename C, typename R, typename... A>
struct MemberSignature<R (C::*)(A...) const noexcept> {
  using Arguments = Parameters<A...>;
};

template <typename F>
struct Signature {
  using Arguments = void;
};
template <typename F>
  requires requires { &F::operator(); }
struct Signature<F> : MemberSignature<decltype(&F::operator())> {};
template <typename R, typename... A>
struct Signature<R (*)(A...)> {
  using Arguments = Parameters<A...>;
};
template <typename R, typename... A>
struct Signature<R (*)(A...) noexcept> {
  using Arguments = Parameters<A...>;
};

template <typename P>
struct Emitted {
  using Type = void;
};
template <typename Out>
struct Emitted<Collector<Out>&> {
  using Type = Out;
};
template <typename T>
struct Emitted<SourceContext<T>&> {
  using Type = T;
};
template <typename Arguments>
struct LastEmitted {
  using Type = void;
};
template <typename... A>
  requires(sizeof...(A) > 0)
struct LastEmitted<Parameters<A...>> {
  using Type = typename Emitted<typename Parameters<A...>::template At<sizeof...(A) - 1>>::Type;
};

template <template <typename...> typename Function, typename... A>
Parameters<A...> argumentsOf(const Function<A...>&);

}  // namespace callable_internal

/// Out of the Collector<Out>& (T of the SourceContext<T>&) that F takes last; void where F is
/// generic and there is no telling.
template <typename F>
using EmittedBy = typename callable_internal::LastEmitted<
    typename callable_internal::Signature<F>::Arguments>::Type;

/// F derives from one Function<...>.
template <typename F, template <typename...> typename Function>
concept Implements = requires(const F& f) { callable_internal::argumentsOf<Function>(f); };

/// An argument of that base: ArgumentOf<CountPerWord, MapFunction, 1> is its Out.
template <typename F, template <typename...> typename Function, std::size_t kAt>
using ArgumentOf = typename decltype(callable_internal::argumentsOf<Function>(
    std::declval<const F&>()))::template At<kAt>;

/// f as its Function<...>, for calls of methods that are private in F.
template <template <typename...> typename Function, typename... A>
Function<A...>& asBase(Function<A...>& f) {
  return f;
}
template <template <typename...> typename Function, typename... A>
const Function<A...>& asBase(const Function<A...>& f) {
  return f;
}

/// Calls `method` of the object's own class, which is known here, so that the compiler inlines it.
#define WEIR_CALL_METHOD_(Function, f, method, ...)                    \
  if constexpr (requires { (f).F::method(__VA_ARGS__); }) {            \
    return (f).F::method(__VA_ARGS__);                                 \
  } else {                                                             \
    return ::weir::functions::asBase<Function>(f).method(__VA_ARGS__); \
  }

template <typename F, typename In>
decltype(auto) callMap(F& f, const In& value) {
  if constexpr (Implements<F, MapFunction>) {
    WEIR_CALL_METHOD_(MapFunction, f, map, value)
  } else {
    return std::invoke(f, value);
  }
}

template <typename F, typename In, typename Out>
void callFlatMap(F& f, const In& value, Collector<Out>& out) {
  if constexpr (Implements<F, FlatMapFunction>) {
    WEIR_CALL_METHOD_(FlatMapFunction, f, flatMap, value, out)
  } else {
    std::invoke(f, value, out);
  }
}

template <typename F, typename In>
bool callFilter(F& f, const In& value) {
  if constexpr (Implements<F, FilterFunction>) {
    WEIR_CALL_METHOD_(FilterFunction, f, filter, value)
  } else {
    return std::invoke(f, value);
  }
}

template <typename F, typename In, typename Out>
void callProcess(F& f, const In& value, ProcessContext& context, Collector<Out>& out) {
  if constexpr (Implements<F, ProcessFunction>) {
    WEIR_CALL_METHOD_(ProcessFunction, f, processElement, value, context, out)
  } else {
    std::invoke(f, value, context, out);
  }
}

template <typename F, typename T>
T callReduce(F& f, const T& a, const T& b) {
  if constexpr (Implements<F, ReduceFunction>) {
    WEIR_CALL_METHOD_(ReduceFunction, f, reduce, a, b)
  } else {
    return std::invoke(f, a, b);
  }
}

template <typename F, typename Acc, typename T>
Acc callFold(F& f, const Acc& accumulator, const T& value) {
  if constexpr (Implements<F, FoldFunction>) {
    WEIR_CALL_METHOD_(FoldFunction, f, fold, accumulator, value)
  } else {
    return std::invoke(f, accumulator, value);
  }
}

template <typename F, typename In>
void callSink(F& f, const In& value) {
  if constexpr (Implements<F, TwoPhaseCommitSink>) {
    auto& transaction = asBase<TwoPhaseCommitSink>(f).currentTransaction();
    WEIR_CALL_METHOD_(TwoPhaseCommitSink, f, invoke, transaction, value)
  } else if constexpr (Implements<F, SinkFunction>) {
    WEIR_CALL_METHOD_(SinkFunction, f, invoke, value)
  } else {
    std::invoke(f, value);
  }
}

template <typename F, typename T>
InputStatus callSource(F& f, SourceContext<T>& context) {
  if constexpr (Implements<F, SourceFunction>) {
    WEIR_CALL_METHOD_(SourceFunction, f, pollNext, context)
  } else {
    return std::invoke(f, context);
  }
}

template <typename F, typename In>
decltype(auto) callKeySelector(const F& f, const In& value) {
  if constexpr (Implements<F, KeySelector>) {
    WEIR_CALL_METHOD_(KeySelector, f, getKey, value)
  } else {
    return std::invoke(f, value);
  }
}

template <typename F, typename K>
int callPartitioner(const F& f, const K& key, int partitions) {
  if constexpr (Implements<F, Partitioner>) {
    WEIR_CALL_METHOD_(Partitioner, f, partition, key, partitions)
  } else {
    return std::invoke(f, key, partitions);
  }
}

namespace callable_internal {
template <typename F, template <typename...> typename Function, typename Named>
struct Result {
  using Type = std::conditional_t<std::is_void_v<Named>, EmittedBy<F>, Named>;
};
template <typename F, template <typename...> typename Function, typename Named>
  requires Implements<F, Function>
struct Result<F, Function, Named> {
  using Type = ArgumentOf<F, Function, 1>;
};
}  // namespace callable_internal

// What F emits; for a callable `Named`, unless that is void. Void where there is no telling.

template <typename F, typename Named>
using FlatMapResult = typename callable_internal::Result<F, FlatMapFunction, Named>::Type;
template <typename F, typename Named>
using ProcessResult = typename callable_internal::Result<F, ProcessFunction, Named>::Type;

// Whether F is a function, of a class or any callable, for records of these types.

template <typename F, typename In>
concept Maps = requires(F& f, const In& value) { asBase<MapFunction>(f).map(value); } ||
               std::is_invocable_v<F&, const In&>;
template <typename F, typename In, typename Out>
concept FlatMaps = !std::is_void_v<Out> && (requires(F& f, const In& value, Collector<Out>& out) {
  asBase<FlatMapFunction>(f).flatMap(value, out);
} || std::is_invocable_v<F&, const In&, Collector<Out>&>);
template <typename F, typename In>
concept Filters = requires(F& f, const In& value) { asBase<FilterFunction>(f).filter(value); } ||
                  std::is_invocable_r_v<bool, F&, const In&>;
template <typename F, typename In, typename Out>
concept Processes = !std::is_void_v<Out> &&
                    (requires(F& f, const In& value, ProcessContext& context, Collector<Out>& out) {
                      asBase<ProcessFunction>(f).processElement(value, context, out);
                    } || std::is_invocable_v<F&, const In&, ProcessContext&, Collector<Out>&>);
template <typename F, typename T>
concept Reduces = requires(F& f, const T& value) {
  { asBase<ReduceFunction>(f).reduce(value, value) } -> std::convertible_to<T>;
} || std::is_invocable_r_v<T, F&, const T&, const T&>;
template <typename F, typename Acc, typename T>
concept Folds = requires(F& f, const Acc& accumulator, const T& value) {
  { asBase<FoldFunction>(f).fold(accumulator, value) } -> std::convertible_to<Acc>;
} || std::is_invocable_r_v<Acc, F&, const Acc&, const T&>;
template <typename F, typename In>
concept Sinks = requires(F& f, const In& value) {
  asBase<SinkFunction>(f).invoke(value);
} || requires(F& f, const In& value) {
  asBase<TwoPhaseCommitSink>(f).invoke(asBase<TwoPhaseCommitSink>(f).currentTransaction(), value);
} || std::is_invocable_v<F&, const In&>;
template <typename F, typename T>
concept Emits = !std::is_void_v<T> && std::is_invocable_r_v<InputStatus, F&, SourceContext<T>&>;
template <typename F, typename In>
concept SelectsKeys =
    requires(const F& f, const In& value) { asBase<KeySelector>(f).getKey(value); } ||
    (std::is_invocable_v<const F&, const In&> &&
     !std::is_void_v<std::invoke_result_t<const F&, const In&>>);
template <typename F, typename K>
concept Partitions = requires(const F& f, const K& key) {
  asBase<Partitioner>(f).partition(key, 1);
} || std::is_invocable_r_v<int, const F&, const K&, int>;

/// What F makes of a record of In: the type of the resulting stream.
template <typename F, typename In>
using MapResult = std::decay_t<decltype(callMap(std::declval<F&>(), std::declval<const In&>()))>;
template <typename F, typename In>
using KeyOf =
    std::decay_t<decltype(callKeySelector(std::declval<const F&>(), std::declval<const In&>()))>;

}  // namespace weir::functions
