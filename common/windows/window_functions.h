#pragma once

#include <cstdint>

#include "common/functions/callable.h"
#include "common/functions/rich_function.h"
#include "common/functions/side_outputs.h"
#include "common/windows/iterable.h"
#include "common/windows/window_context.h"

/// What takes the elements of a window that fires.
namespace weir {

/// Gets key, window and elements. A class of its own, or a callable of the same arguments.
template <typename In, typename Out, typename K, typename W>
class WindowFunction {
 public:
  virtual ~WindowFunction() = default;
  virtual void apply(const K& key,
                     const W& window,
                     Iterable<In>& elements,
                     Collector<Out>& out) = 0;
};

/// The same where the stream has no keys.
template <typename In, typename Out, typename W>
class AllWindowFunction {
 public:
  virtual ~AllWindowFunction() = default;
  virtual void apply(const W& window, Iterable<In>& elements, Collector<Out>& out) = 0;
};

/// What a function of process() may ask. Valid during the call that got it.
template <typename W>
class ProcessWindowContext {
 public:
  virtual ~ProcessWindowContext() = default;
  virtual const W& window() const = 0;
  /// INT64_MIN until there was a watermark.
  virtual std::int64_t currentWatermark() const = 0;
  virtual std::int64_t currentProcessingTime() const = 0;
  /// State of the key in this window; clear() is to clear it. Windows that merge have none.
  virtual KeyedStateStore& windowState() = 0;
  /// State of the key, whatever the window.
  virtual KeyedStateStore& globalState() = 0;
  /// Emits to a side output, with the timestamp of the window.
  template <typename T>
  void output(const OutputTag<T>& tag, const T& value) {
    sides().collect(tag, value, window().maxTimestamp());
  }

 protected:
  virtual functions::SideOutputs& sides() = 0;
};

/// Gets the elements of a window with more around them. Its declared states are those of the key.
template <typename In, typename Out, typename K, typename W>
class ProcessWindowFunction : public RichFunction {
 public:
  using Context = ProcessWindowContext<W>;
  virtual void process(const K& key,
                       Context& context,
                       Iterable<In>& elements,
                       Collector<Out>& out) = 0;
  /// The window is gone: its windowState() is to go with it.
  virtual void clear(Context& /*context*/) {}
};

/// The same where the stream has no keys.
template <typename In, typename Out, typename W>
class ProcessAllWindowFunction : public RichFunction {
 public:
  using Context = ProcessWindowContext<W>;
  virtual void process(Context& context, Iterable<In>& elements, Collector<Out>& out) = 0;
  virtual void clear(Context& /*context*/) {}
};

template <typename In, typename Out, typename K, typename W>
class RichWindowFunction : public WindowFunction<In, Out, K, W>, public RichFunction {};
template <typename In, typename Out, typename W>
class RichAllWindowFunction : public AllWindowFunction<In, Out, W>, public RichFunction {};

namespace windows {

/// Stands for a window function where what is in the window is the result.
struct NoFunction {};

// Whether F is a function of windows: a class or a callable, of keyed streams or of whole ones.

template <typename F, typename In, typename Out, typename K, typename W>
concept AppliesByKey =
    !std::is_void_v<Out> &&
    (requires(F& f, const K& key, const W& window, Iterable<In>& all, Collector<Out>& out) {
      functions::asBase<WindowFunction>(f).apply(key, window, all, out);
    } || std::is_invocable_v<F&, const K&, const W&, Iterable<In>&, Collector<Out>&>);
template <typename F, typename In, typename Out, typename W>
concept AppliesToAll = !std::is_void_v<Out> &&
                       (requires(F& f, const W& window, Iterable<In>& all, Collector<Out>& out) {
                         functions::asBase<AllWindowFunction>(f).apply(window, all, out);
                       } || std::is_invocable_v<F&, const W&, Iterable<In>&, Collector<Out>&>);
template <typename F, typename In, typename Out, typename K, typename W>
concept ProcessesByKey = !std::is_void_v<Out> && (requires(F& f,
                                                           const K& key,
                                                           ProcessWindowContext<W>& context,
                                                           Iterable<In>& all,
                                                           Collector<Out>& out) {
  functions::asBase<ProcessWindowFunction>(f).process(key, context, all, out);
} || std::is_invocable_v<F&, const K&, ProcessWindowContext<W>&, Iterable<In>&, Collector<Out>&>);
template <typename F, typename In, typename Out, typename W>
concept ProcessesAll =
    !std::is_void_v<Out> &&
    (requires(F& f, ProcessWindowContext<W>& context, Iterable<In>& all, Collector<Out>& out) {
      functions::asBase<ProcessAllWindowFunction>(f).process(context, all, out);
    } || std::is_invocable_v<F&, ProcessWindowContext<W>&, Iterable<In>&, Collector<Out>&>);

/// F is a class that gets a context, and knows when a window is gone.
template <typename F>
concept KnowsClear = functions::Implements<F, ProcessWindowFunction> ||
                     functions::Implements<F, ProcessAllWindowFunction>;

/// Calls F with a window. kProcess: a callable gets the context, not the window itself.
template <bool kProcess, typename In, typename Out, typename K, typename W, typename F>
void callWindow(F& f,
                const K& key,
                ProcessWindowContext<W>& context,
                Iterable<In>& elements,
                Collector<Out>& out) {
  using functions::asBase;
  using functions::Implements;
  if constexpr (Implements<F, WindowFunction>) {
    WEIR_CALL_METHOD_(WindowFunction, f, apply, key, context.window(), elements, out)
  } else if constexpr (Implements<F, AllWindowFunction>) {
    WEIR_CALL_METHOD_(AllWindowFunction, f, apply, context.window(), elements, out)
  } else if constexpr (Implements<F, ProcessWindowFunction>) {
    WEIR_CALL_METHOD_(ProcessWindowFunction, f, process, key, context, elements, out)
  } else if constexpr (Implements<F, ProcessAllWindowFunction>) {
    WEIR_CALL_METHOD_(ProcessAllWindowFunction, f, process, context, elements, out)
  } else if constexpr (kProcess && ProcessesByKey<F, In, Out, K, W>) {
    std::invoke(f, key, context, elements, out);
  } else if constexpr (kProcess) {
    std::invoke(f, context, elements, out);
  } else if constexpr (AppliesByKey<F, In, Out, K, W>) {
    std::invoke(f, key, context.window(), elements, out);
  } else {
    std::invoke(f, context.window(), elements, out);
  }
}

/// What F emits: of a class its second argument; of a callable `Named`, unless that is void, else
/// what its collector says; void where there is no telling.
template <typename F, typename Named>
struct WindowResultOf {
  using Type = std::conditional_t<std::is_void_v<Named>, functions::EmittedBy<F>, Named>;
};
template <typename F, typename Named>
  requires functions::Implements<F, WindowFunction>
struct WindowResultOf<F, Named> {
  using Type = functions::ArgumentOf<F, WindowFunction, 1>;
};
template <typename F, typename Named>
  requires functions::Implements<F, AllWindowFunction>
struct WindowResultOf<F, Named> {
  using Type = functions::ArgumentOf<F, AllWindowFunction, 1>;
};
template <typename F, typename Named>
  requires functions::Implements<F, ProcessWindowFunction>
struct WindowResultOf<F, Named> {
  using Type = functions::ArgumentOf<F, ProcessWindowFunction, 1>;
};
template <typename F, typename Named>
  requires functions::Implements<F, ProcessAllWindowFunction>
struct WindowResultOf<F, Named> {
  using Type = functions::ArgumentOf<F, ProcessAllWindowFunction, 1>;
};
template <typename F, typename Named>
using WindowResult = typename WindowResultOf<F, Named>::Type;

}  // namespace windows

}  // namespace weir
