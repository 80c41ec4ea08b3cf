#pragma once

#include <type_traits>
#include <utility>

#include "common/api/environment.h"
#include "common/api/stream_windows.h"
#include "common/functions/callable.h"
#include "common/functions/prototype.h"
#include "common/state/descriptors.h"
#include "common/testing/elements.h"
#include "common/testing/in_windows.h"
#include "common/testing/operator_graph.h"
#include "common/windows/window_functions.h"

/// From a function of windows to the operator that runs it, by the graph that a program would
/// build.
namespace weir::testing::window_setup {

template <typename F>
inline constexpr bool kCombined = false;
template <typename F, typename G>
inline constexpr bool kCombined<Combined<F, G>> = true;

// What a callable takes.

template <typename Arguments>
struct ElementOf {
  using Type = void;
};
template <typename T>
struct ElementOf<functions::Parameters<T, T>> {  // Of reduce().
  using Type = std::decay_t<T>;
};
template <typename W, typename T, typename Out>
struct ElementOf<functions::Parameters<W, Iterable<T>&, Collector<Out>&>> {
  using Type = T;
};
template <typename K, typename W, typename T, typename Out>
struct ElementOf<functions::Parameters<K, W, Iterable<T>&, Collector<Out>&>> {
  using Type = T;
};
template <typename Argument>
inline constexpr bool kContext = false;
template <typename W>
inline constexpr bool kContext<ProcessWindowContext<W>&> = true;
template <typename Arguments>
inline constexpr bool kTakesContext = false;
template <typename... A>
inline constexpr bool kTakesContext<functions::Parameters<A...>> = (kContext<A> || ...);

template <typename F>
using Arguments = typename functions::callable_internal::Signature<F>::Arguments;

/// The type of the elements that F takes, as std::type_identity; of void where F is no function of
/// windows.
template <typename F>
auto elementOf() {
  using namespace functions;
  if constexpr (Implements<F, AggregateFunction>) {
    return std::type_identity<ArgumentOf<F, AggregateFunction, 0>>{};
  } else if constexpr (Implements<F, ReduceFunction>) {
    return std::type_identity<ArgumentOf<F, ReduceFunction, 0>>{};
  } else if constexpr (Implements<F, FoldFunction>) {
    return std::type_identity<ArgumentOf<F, FoldFunction, 0>>{};
  } else if constexpr (Implements<F, WindowFunction>) {
    return std::type_identity<ArgumentOf<F, WindowFunction, 0>>{};
  } else if constexpr (Implements<F, AllWindowFunction>) {
    return std::type_identity<ArgumentOf<F, AllWindowFunction, 0>>{};
  } else if constexpr (Implements<F, ProcessWindowFunction>) {
    return std::type_identity<ArgumentOf<F, ProcessWindowFunction, 0>>{};
  } else if constexpr (Implements<F, ProcessAllWindowFunction>) {
    return std::type_identity<ArgumentOf<F, ProcessAllWindowFunction, 0>>{};
  } else if constexpr (kCombined<F>) {
    return elementOf<decltype(F::first)>();
  } else {
    return std::type_identity<typename ElementOf<Arguments<F>>::Type>{};
  }
}

/// Whether F runs nowhere but in windows.
template <typename F>
inline constexpr bool kNeedsWindows = [] {
  using namespace functions;
  using Callable = Arguments<F>;
  return kCombined<F> || Implements<F, WindowFunction> || Implements<F, AllWindowFunction> ||
         Implements<F, ProcessWindowFunction> || Implements<F, ProcessAllWindowFunction> ||
         (!std::is_void_v<typename ElementOf<Callable>::Type> && !std::is_void_v<EmittedBy<F>>);
}();

/// Gives F to the windows, by the method that takes it; with G, what it makes of them goes to that.
template <typename Windows, typename F, typename... G>
auto combineOn(const Windows& windows, F function, G... then) {
  if constexpr (functions::Implements<F, AggregateFunction>) {
    return windows.aggregate(std::move(function), std::move(then)...);
  } else if constexpr (functions::Implements<F, FoldFunction>) {
    using Acc = functions::ArgumentOf<F, FoldFunction, 1>;
    return windows.fold(Acc{}, std::move(function), std::move(then)...);
  } else {
    return windows.reduce(std::move(function), std::move(then)...);
  }
}
template <typename Windows, typename F>
auto runOn(const Windows& windows, F function) {
  using namespace functions;
  if constexpr (kCombined<F>) {
    return combineOn(windows, std::move(function.first), std::move(function.second));
  } else if constexpr (!kNeedsWindows<F>) {
    return combineOn(windows, std::move(function));
  } else if constexpr (Implements<F, ProcessWindowFunction> ||
                       Implements<F, ProcessAllWindowFunction> || kTakesContext<Arguments<F>>) {
    return windows.process(std::move(function));
  } else {
    return windows.apply(std::move(function));
  }
}

/// The windows of a stream of In, as a program makes them.
template <typename In, typename Selector, typename Windows>
auto windowsOf(StreamExecutionEnvironment& env, const Selector& selector, const Windows& windows) {
  env.setStreamTimeCharacteristic(windows.time);
  const DataStream<In> stream = env.addSource(source<In>({}));
  if constexpr (std::is_same_v<Selector, functions::NoSelector>) {
    return in_windows::cutOf<false>(windows.cut, stream);
  } else {
    return in_windows::cutOf<false>(windows.cut, stream.keyBy(selector));
  }
}

// The types of what comes of it; of what is refused any, as the compiler has said why.

template <typename Windows>
struct Cut {
  using Key = functions::NoKey;
  using Window = GlobalWindow;
};
template <typename P>
struct Cut<WindowedStream<P>> {
  using Key = typename P::Key;
  using Window = typename P::Window;
};
template <typename Stream>
struct Made {
  using Out = int;
};
template <typename Stream>
  requires requires { typename Stream::Record; }
struct Made<Stream> {
  using Out = typename Stream::Record;
};

/// A function in windows: its types, and its operator. Windows: InWindows.
template <typename F, typename Selector, typename Windows>
struct Setup {
  using In = typename decltype(elementOf<F>())::type;
  using CutWindows = decltype(windowsOf<In>(std::declval<StreamExecutionEnvironment&>(),
                                            std::declval<const Selector&>(),
                                            std::declval<const Windows&>()));
  using Key = typename Cut<CutWindows>::Key;
  using Window = typename Cut<CutWindows>::Window;
  using Out = typename Made<decltype(runOn(std::declval<CutWindows>(), std::declval<F>()))>::Out;

  static functions::OperatorFactory make(F function, Selector selector, Windows windows) {
    return lastOperatorOf([&](StreamExecutionEnvironment& env) {
      runOn(windowsOf<In>(env, selector, windows), std::move(function));
    });
  }
};

}  // namespace weir::testing::window_setup
