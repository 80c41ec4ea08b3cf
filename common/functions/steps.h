#pragma once

#include <utility>

#include "common/functions/callable.h"
#include "common/functions/output.h"
#include "common/functions/process_function.h"

/// What an operator does with one record, for each kind of function.
namespace weir::functions {

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
  static constexpr bool kScoped = true;
  template <typename F, typename In, typename Out>
  static void run(F& f, In& value, Output<Out>& out, const Scope& scope) {
    ProcessContext context(scope);
    callProcess(f, std::as_const(value), context, static_cast<Collector<Out>&>(out));
  }
  template <typename F, typename In, typename Out, typename Key>
  static void run(F& f,
                  In& value,
                  Output<Out>& out,
                  const Scope& scope,
                  const state::KeyedBackendOf<Key>& backend) {
    KeyedProcessContext<Key> context(scope, backend);
    callKeyedProcess(f, std::as_const(value), context, static_cast<Collector<Out>&>(out));
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
  static constexpr bool kScoped = true;
  template <typename F, typename In, typename Out>
  static void run(F& f, In& value, Output<Out>& out, const Scope& scope) {
    ProcessContext context(scope);
    if constexpr (kPort == 1) {
      asBase<CoProcessFunction>(f).processElement1(value, context, out);
    } else {
      asBase<CoProcessFunction>(f).processElement2(value, context, out);
    }
  }
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

}  // namespace weir::functions
