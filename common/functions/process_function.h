#pragma once

#include <cstdint>
#include <type_traits>
#include <utility>

#include "common/functions/callable.h"
#include "common/functions/process_context.h"
#include "common/functions/rich_function.h"
#include "common/state/keyed_backend_of.h"

namespace weir {

/// The context of a process function on a stream that is keyed by K.
template <typename K>
class KeyedProcessContext : public ProcessContext {
 public:
  KeyedProcessContext(const functions::Scope& scope, const state::KeyedBackendOf<K>& backend)
      : ProcessContext(scope), backend_(backend) {}
  const K& getCurrentKey() const { return backend_.currentKey(); }

 private:
  const state::KeyedBackendOf<K>& backend_;  // The operator's.
};

/// The same in onTimer().
template <typename K>
class KeyedOnTimerContext : public OnTimerContext {
 public:
  KeyedOnTimerContext(const functions::Scope& scope,
                      TimeDomain domain,
                      const state::KeyedBackendOf<K>& backend)
      : OnTimerContext(scope, domain), backend_(backend) {}
  const K& getCurrentKey() const { return backend_.currentKey(); }

 private:
  const state::KeyedBackendOf<K>& backend_;  // The operator's.
};

/// Any number out, with keyed state, timers and the key at hand; K is the type of the keys.
template <typename K, typename In, typename Out>
class KeyedProcessFunction : public RichFunction {
 public:
  using Context = KeyedProcessContext<K>;
  using OnTimerContext = KeyedOnTimerContext<K>;
  using WeirTimedBase = KeyedProcessFunction;
  static constexpr bool kWeirAsksForKey = true;
  virtual void processElement(const In& value, Context& context, Collector<Out>& out) = 0;
  /// A timer has come. What it emits has the time of an event-time timer as timestamp.
  virtual void onTimer(std::int64_t /*time*/,
                       OnTimerContext& /*context*/,
                       Collector<Out>& /*out*/) {}
};

namespace functions {

namespace timer_internal {
template <typename F>
consteval bool hasTimers() {
  if constexpr (requires { F::kWeirTimers; }) {
    return F::kWeirTimers;
  } else if constexpr (!requires { typename F::WeirTimedBase; }) {
    return false;
  } else if constexpr (requires { &F::onTimer; }) {
    return !std::is_same_v<decltype(&F::onTimer), decltype(&F::WeirTimedBase::onTimer)>;
  } else {
    return true;  // An onTimer() that cannot be named, as a private one, is F's own.
  }
}
}  // namespace timer_internal
/// Whether F is told of timers: it overrides onTimer(), or is a function of ours that says so.
template <typename F>
inline constexpr bool kHasTimers = timer_internal::hasTimers<F>();

/// Whether F asks for the key at hand.
template <typename F>
inline constexpr bool kAsksForKey = requires { F::kWeirAsksForKey; };

namespace timer_internal {
template <typename F, typename Named>
struct Processed {
  using Type = ProcessResult<F, Named>;
};
template <typename F, typename Named>
  requires Implements<F, KeyedProcessFunction>
struct Processed<F, Named> {
  using Type = ArgumentOf<F, KeyedProcessFunction, 2>;
};
}  // namespace timer_internal
/// What F emits from process(), a KeyedProcessFunction too.
template <typename F, typename Named>
using AnyProcessResult = typename timer_internal::Processed<F, Named>::Type;

/// Whether F is a KeyedProcessFunction for keys and records of these types.
template <typename F, typename Key, typename In>
concept ProcessesKeyed = Implements<F, KeyedProcessFunction> &&
                         requires(F& f,
                                  const In& value,
                                  KeyedProcessContext<Key>& context,
                                  Collector<ArgumentOf<F, KeyedProcessFunction, 2>>& out) {
                           asBase<KeyedProcessFunction>(f).processElement(value, context, out);
                         };

template <typename F, typename Key, typename In, typename Out>
void callKeyedProcess(F& f,
                      const In& value,
                      KeyedProcessContext<Key>& context,
                      Collector<Out>& out) {
  WEIR_CALL_METHOD_(KeyedProcessFunction, f, processElement, value, context, out)
}

/// Tells F of a timer of the key at hand in `backend`.
template <typename F, typename Key, typename Out>
void callOnTimer(F& f,
                 std::int64_t time,
                 TimeDomain domain,
                 const Scope& scope,
                 const state::KeyedBackendOf<Key>& backend,
                 Collector<Out>& out) {
  if constexpr (requires { typename F::WeirTimedBase; }) {
    using Base = typename F::WeirTimedBase;
    if constexpr (kAsksForKey<F>) {
      typename Base::OnTimerContext context(scope, domain, backend);
      static_cast<Base&>(f).onTimer(time, context, out);
    } else {
      typename Base::OnTimerContext context(scope, domain);
      static_cast<Base&>(f).onTimer(time, context, out);
    }
  }
}

}  // namespace functions
}  // namespace weir
