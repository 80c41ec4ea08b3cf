#pragma once

#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include "common/api/callable_pairs.h"
#include "common/api/data_stream.h"
#include "common/api/keyed_stream.h"

namespace weir {

namespace api {
template <typename Stream>
struct KeyOfStream {
  using Key = functions::NoKey;
  using Selector = functions::NoSelector;
  static Selector selector(const Stream& /*stream*/) { return {}; }
};
template <typename T, typename K, typename S>
struct KeyOfStream<KeyedStream<T, K, S>> {
  using Key = K;
  using Selector = S;
  static Selector selector(const KeyedStream<T, K, S>& stream) { return stream.selector(); }
};
}  // namespace api

/// Two streams that one function takes in, each by a method of its own; when both have keys (of one
/// type) the function may have keyed state, shared between the two. A handle, as DataStream.
template <typename Stream1, typename Stream2>
class ConnectedStreams {
 public:
  using In1 = typename Stream1::Record;
  using In2 = typename Stream2::Record;

  ConnectedStreams(Stream1 first, Stream2 second)
      : first_(std::move(first)), second_(std::move(second)) {}

  /// Keys both streams.
  template <typename Selector1, typename Selector2>
  auto keyBy(Selector1 first, Selector2 second) const {
    return first_.keyBy(std::move(first)).connect(second_.keyBy(std::move(second)));
  }

  /// f: a CoMapFunction<In1, In2, Out>.
  template <typename F>
  auto map(F f) const {
    static_assert(functions::Implements<F, CoMapFunction>,
                  "map() on connected streams takes a CoMapFunction<In1, In2, Out>, or two "
                  "callables");
    return addIf<functions::Implements<F, CoMapFunction>>("coMap", "Co-Map", std::move(f));
  }
  /// Two callables with one result type.
  template <typename F1, typename F2>
  auto map(F1 first, F2 second) const {
    constexpr bool kFits =
        std::is_invocable_v<F1&, const In1&> && std::is_invocable_v<F2&, const In2&>;
    static_assert(kFits,
                  "map() on connected streams takes two callables Out(const In1&) and "
                  "Out(const In2&), where In1 and In2 are the types of the streams' records");
    if constexpr (!kFits) {
      return api::Refused{};
    } else {
      using Out = functions::MapResult<F1, In1>;
      constexpr bool kSame = std::is_same_v<Out, functions::MapResult<F2, In2>>;
      static_assert(kSame, "the two callables of map() must return the same type");
      if constexpr (kSame && api::checkFunction<std::pair<F1, F2>>()) {
        using Pair = api::MapPair<In1, In2, Out, F1, F2>;
        return addIf<true>("coMap", "Co-Map", Pair(std::move(first), std::move(second)));
      } else {
        return api::Refused{};
      }
    }
  }
  /// f: a CoFlatMapFunction<In1, In2, Out>.
  template <typename F>
  auto flatMap(F f) const {
    static_assert(functions::Implements<F, CoFlatMapFunction>,
                  "flatMap() on connected streams takes a CoFlatMapFunction<In1, In2, Out>, or two "
                  "callables");
    return addIf<functions::Implements<F, CoFlatMapFunction>>(
        "coFlatMap", "Co-Flat Map", std::move(f));
  }
  /// Two callables (const In1&, Collector<Out>&) and (const In2&, Collector<Out>&). Out has to be
  /// named, flatMap<Out>(f, g), where both take their collector as auto&.
  template <typename Out = void, typename F1, typename F2>
  auto flatMap(F1 first, F2 second) const {
    using Emitted = api::EmittedByBoth<Out, F1, F2>;
    constexpr bool kFits =
        api::FlatMapsCallably<F1, In1, Emitted> && api::FlatMapsCallably<F2, In2, Emitted>;
    static_assert(
        kFits,
        "flatMap() on connected streams takes two callables (const In1&, Collector<Out>&) "
        "and (const In2&, Collector<Out>&) with one Out, where In1 and In2 are the types "
        "of the streams' records; name it, flatMap<Out>(f, g), where both say auto&");
    return addPair<kFits, api::FlatMapPair<In1, In2, Emitted, F1, F2>>(
        "coFlatMap", "Co-Flat Map", std::move(first), std::move(second));
  }
  /// f: a CoProcessFunction<In1, In2, Out>.
  template <typename F>
  auto process(F f) const {
    static_assert(functions::Implements<F, CoProcessFunction>,
                  "process() on connected streams takes a CoProcessFunction<In1, In2, Out>, or two "
                  "callables");
    return addIf<functions::Implements<F, CoProcessFunction>>(
        "coProcess", "Co-Process", std::move(f));
  }
  /// Two callables (const In1&, ProcessContext&, Collector<Out>&) and the same of In2.
  template <typename Out = void, typename F1, typename F2>
  auto process(F1 first, F2 second) const {
    using Emitted = api::EmittedByBoth<Out, F1, F2>;
    constexpr bool kFits =
        api::ProcessesCallably<F1, In1, Emitted> && api::ProcessesCallably<F2, In2, Emitted>;
    static_assert(kFits,
                  "process() on connected streams takes two callables (const In1&, "
                  "ProcessContext&, Collector<Out>&) and (const In2&, ProcessContext&, "
                  "Collector<Out>&) with one Out, where In1 and In2 are the types of the streams' "
                  "records; name it, process<Out>(f, g), where both say auto&");
    return addPair<kFits, api::ProcessPair<In1, In2, Emitted, F1, F2>>(
        "coProcess", "Co-Process", std::move(first), std::move(second));
  }

 private:
  /// kFits: what the caller has asserted.
  template <bool kFits, typename Pair, typename F1, typename F2>
  auto addPair(std::string kind, std::string name, F1 first, F2 second) const {
    if constexpr (!kFits) {
      return api::Refused{};
    } else if constexpr (api::checkFunction<std::pair<F1, F2>>()) {
      return addIf<true>(
          std::move(kind), std::move(name), Pair(std::move(first), std::move(second)));
    } else {
      return api::Refused{};
    }
  }
  template <bool kFits, typename F>
  auto addIf(std::string kind, std::string name, F f) const {
    if constexpr (!kFits) {
      return api::Refused{};
    } else {
      constexpr bool kInputs = std::is_same_v<typename functions::CoSteps<F>::In1, In1> &&
                               std::is_same_v<typename functions::CoSteps<F>::In2, In2>;
      static_assert(kInputs,
                    "the function's input types are not those of the two streams, in this order");
      constexpr bool kKeys = std::is_same_v<typename api::KeyOfStream<Stream1>::Key,
                                            typename api::KeyOfStream<Stream2>::Key>;
      static_assert(kKeys,
                    "connect() takes two streams with keys of one type, or two without keys");
      if constexpr (kInputs && kKeys && api::checkRecord<typename functions::CoSteps<F>::Out>() &&
                    api::checkFunction<F>()) {
        return add(std::move(kind), std::move(name), std::move(f));
      } else {
        return api::Refused{};
      }
    }
  }
  template <typename F>
  auto add(std::string kind, std::string name, F f) const {
    using Steps = functions::CoSteps<F>;
    using Out = typename Steps::Out;
    using Key = typename api::KeyOfStream<Stream1>::Key;
    using Selector1 = typename api::KeyOfStream<Stream1>::Selector;
    using Selector2 = typename api::KeyOfStream<Stream2>::Selector;
    api::NodeSpec spec = api::specAfter(first_.inputs(), kind, name);
    api::describeFunction<F, Key>(spec.node, f);
    spec.inputs.push_back(second_.inputs());
    spec.makeBy([function = std::move(f),
                 first = api::KeyOfStream<Stream1>::selector(first_),
                 second = api::KeyOfStream<Stream2>::selector(second_)](
                    const api::NodeFacts& /*facts*/) -> functions::Operator* {
      using Made = functions::TwoInputOperator<Steps, F, In1, In2, Out, Key, Selector1, Selector2>;
      return new Made(function, first, second);
    });
    const auto& program = first_.program();
    if (second_.program() != program) {
      program->refuse("connect() joins streams of two environments");
    }
    return SingleOutputStreamOperator<Out>(program, program->add(std::move(spec)));
  }

  Stream1 first_;
  Stream2 second_;
};

/// A stream whose records are sorted to named outputs. A handle, as DataStream.
template <typename T, typename Selector>
class SplitStream {
 public:
  SplitStream(DataStream<T> stream, Selector selector)
      : stream_(std::move(stream)), selector_(std::move(selector)) {}

  /// The records for which the selector names one of `names`.
  template <typename... Names>
  SingleOutputStreamOperator<T> select(const Names&... names) const {
    const std::vector<std::string> wanted{std::string(names)...};
    auto selected = stream_.filter([selector = selector_, wanted](const T& record) mutable {
      for (const std::string& name : selector(record)) {
        for (const std::string& one : wanted) {
          if (name == one) {
            return true;
          }
        }
      }
      return false;
    });
    api::becomeSelect(*stream_.program(), selected.inputs().front().node);
    return selected;
  }

 private:
  DataStream<T> stream_;
  Selector selector_;
};

template <typename T>
template <typename Other>
ConnectedStreams<DataStream<T>, Other> DataStream<T>::connect(const Other& other) const {
  return {*this, other};
}

template <typename T>
template <typename Selector>
auto DataStream<T>::split(Selector selector) const {
  constexpr bool kFits = std::is_invocable_r_v<std::vector<std::string>, Selector&, const T&>;
  static_assert(kFits,
                "split() takes a callable std::vector<std::string>(const T&), where T is the type "
                "of this stream's records");
  if constexpr (kFits && api::checkFunction<Selector>()) {
    return SplitStream<T, Selector>(*this, std::move(selector));
  } else {
    return api::Refused{};
  }
}

}  // namespace weir
