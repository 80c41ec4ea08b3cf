#pragma once

#include <functional>
#include <type_traits>
#include <utility>

#include "common/functions/callable.h"
#include "common/functions/functions.h"

/// Two callables as one function of two inputs.
namespace weir::api {

template <typename In1, typename In2, typename Out, typename F1, typename F2>
class MapPair final : public CoMapFunction<In1, In2, Out> {
 public:
  MapPair(F1 first, F2 second) : first_(std::move(first)), second_(std::move(second)) {}
  Out map1(const In1& value) override { return std::invoke(first_, value); }
  Out map2(const In2& value) override { return std::invoke(second_, value); }

 private:
  F1 first_;
  F2 second_;
};

template <typename In1, typename In2, typename Out, typename F1, typename F2>
class FlatMapPair final : public CoFlatMapFunction<In1, In2, Out> {
 public:
  FlatMapPair(F1 first, F2 second) : first_(std::move(first)), second_(std::move(second)) {}
  void flatMap1(const In1& value, Collector<Out>& out) override { std::invoke(first_, value, out); }
  void flatMap2(const In2& value, Collector<Out>& out) override {
    std::invoke(second_, value, out);
  }

 private:
  F1 first_;
  F2 second_;
};

template <typename In1, typename In2, typename Out, typename F1, typename F2>
class ProcessPair final : public CoProcessFunction<In1, In2, Out> {
 public:
  ProcessPair(F1 first, F2 second) : first_(std::move(first)), second_(std::move(second)) {}
  void processElement1(const In1& value, ProcessContext& context, Collector<Out>& out) override {
    std::invoke(first_, value, context, out);
  }
  void processElement2(const In2& value, ProcessContext& context, Collector<Out>& out) override {
    std::invoke(second_, value, context, out);
  }

 private:
  F1 first_;
  F2 second_;
};

/// What two callables emit: `Named`, unless that is void, else what the collector of either says;
/// void where there is no telling or the two differ.
template <typename Named, typename F1, typename F2>
using EmittedByBoth = std::conditional_t<
    !std::is_void_v<Named>,
    Named,
    std::conditional_t<
        std::is_void_v<functions::EmittedBy<F1>>,
        functions::EmittedBy<F2>,
        std::conditional_t<std::is_void_v<functions::EmittedBy<F2>> ||
                               std::is_same_v<functions::EmittedBy<F1>, functions::EmittedBy<F2>>,
                           functions::EmittedBy<F1>,
                           void>>>;

template <typename F, typename In, typename Out>
concept FlatMapsCallably =
    !std::is_void_v<Out> && std::is_invocable_v<F&, const In&, Collector<Out>&>;
template <typename F, typename In, typename Out>
concept ProcessesCallably =
    !std::is_void_v<Out> && std::is_invocable_v<F&, const In&, ProcessContext&, Collector<Out>&>;

}  // namespace weir::api
