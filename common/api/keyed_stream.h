#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "common/api/data_stream.h"
#include "common/api/field.h"
#include "common/functions/keyed_functions.h"
#include "common/functions/time.h"

namespace weir {

/// A stream whose records go to the subtask that owns their key K. Functions on it may have keyed
/// state. A handle, as DataStream.
///
/// keyBy() returns one that knows its selector's type, which auto takes. KeyedStream<T, K> is the
/// type to write, for members, parameters and results: any keyed stream of T and K becomes one, and
/// pays a call through a pointer for each record.
template <typename T, typename K, typename Selector>
class KeyedStream : public DataStream<T> {
 public:
  using Key = K;

  template <typename Other>
    requires(std::is_same_v<Selector, std::function<K(const T&)>> &&
             !std::is_same_v<Other, Selector>)
  KeyedStream(const KeyedStream<T, K, Other>& other)  // NOLINT: converts on purpose.
      : KeyedStream(other, [selector = other.selector()](const T& record) -> K {
          return functions::callKeySelector(selector, record);
        }) {}

  KeyedStream(DataStream<T> stream, Selector selector)
      : DataStream<T>(std::move(stream)), selector_(std::move(selector)) {}

  // As on DataStream, with keyed state.
  template <typename F>
  auto map(F f) const {
    return this->template mapWith<K>(std::move(f), selector_);
  }
  template <typename Out = void, typename F>
  auto flatMap(F f) const {
    return this->template flatMapWith<Out, K>(std::move(f), selector_);
  }
  template <typename F>
  SingleOutputStreamOperator<T> filter(F f) const {
    return this->template filterWith<K>(std::move(f), selector_);
  }
  template <typename Out = void, typename F>
  auto process(F f) const {
    return this->template processWith<Out, K>(std::move(f), selector_);
  }

  /// Combines the records of each key; emits the result after every record. f: a callable
  /// T(const T&, const T&) or a ReduceFunction<T>.
  template <typename F>
  SingleOutputStreamOperator<T> reduce(F f) const {
    static_assert(functions::Reduces<F, T>,
                  "reduce() takes a ReduceFunction<T> or a callable T(const T&, const T&), where T "
                  "is the type of this stream's records");
    return rolling<functions::Reduces<F, T>>("reduce", "Keyed Reduce", std::move(f));
  }
  /// Folds the records of each key, beginning with `initial`; emits after every record. f: a
  /// callable Acc(const Acc&, const T&) or a FoldFunction<T, Acc>.
  template <typename Initial, typename F>
  auto fold(Initial initial, F f) const {
    using Acc = functions::FoldResult<F, Initial, T>;
    static_assert(functions::Folds<F, Acc, T>,
                  "fold() takes an initial Acc, and a FoldFunction<T, Acc> or a callable "
                  "Acc(const Acc&, const T&), where T is the type of this stream's records");
    if constexpr (functions::Folds<F, Acc, T> && api::checkRecord<Acc>() &&
                  api::checkFunction<F>()) {
      return this->template addIf<true, functions::MapStep, Acc, K>(
          "fold",
          "Keyed Fold",
          functions::RollingFold<T, Acc, F>(static_cast<Acc>(std::move(initial)), std::move(f)),
          selector_);
    } else {
      return api::Refused{};
    }
  }

  // Running aggregates of each key. The member is named by pointer (&Trade::price), place (1) or
  // name ("price"); without an argument the record itself is meant. min and max change this member
  // of the key's first record only, minBy and maxBy give the whole record, the first among equals.
  template <typename... Which>
  SingleOutputStreamOperator<T> sum(Which... which) const {
    return aggregate<api::Sum>("sum", which...);
  }
  template <typename... Which>
  SingleOutputStreamOperator<T> min(Which... which) const {
    return aggregate<Min>("min", which...);
  }
  template <typename... Which>
  SingleOutputStreamOperator<T> max(Which... which) const {
    return aggregate<Max>("max", which...);
  }
  template <typename... Which>
  SingleOutputStreamOperator<T> minBy(Which... which) const {
    return aggregate<MinBy>("minBy", which...);
  }
  template <typename... Which>
  SingleOutputStreamOperator<T> maxBy(Which... which) const {
    return aggregate<MaxBy>("maxBy", which...);
  }

  /// As on DataStream, with keyed state.
  template <typename F>
  DataStreamSink addSink(F f, const std::string& name = "Sink") const {
    return this->template addSinkWith<K>(std::move(f), name, selector_);
  }

  /// Cuts the records of each key into windows. assigner: one of ours
  /// (TumblingEventTimeWindows::of(size)), or a class derived from WindowAssigner<T, W>.
  template <typename A>
  auto window(A assigner) const;
  /// Windows of one length, which begin every `slide` where that is given; by the records'
  /// timestamps or by the clock, as the job does.
  auto timeWindow(Time size) const;
  auto timeWindow(Time size, Time slide) const;
  /// A window for each `size` records of a key; with `slide` one of the last `size` of them, for
  /// each `slide` records.
  auto countWindow(std::int64_t size) const;
  auto countWindow(std::int64_t size, std::int64_t slide) const;

  /// Joins records of nearby timestamps: a.intervalJoin(b).between(lower, upper).process(f), with
  /// keys of the same type.
  template <typename Other>
  auto intervalJoin(const Other& other) const;

  /// As on DataStream; when `other` has keys too, of the same type, the function may have state.
  template <typename Other>
  ConnectedStreams<KeyedStream, Other> connect(const Other& other) const {
    return {*this, other};
  }

  const Selector& selector() const { return selector_; }

 private:
  template <typename U, typename Field>
  using Min = api::Extreme<U, Field, false, false>;
  template <typename U, typename Field>
  using Max = api::Extreme<U, Field, true, false>;
  template <typename U, typename Field>
  using MinBy = api::Extreme<U, Field, false, true>;
  template <typename U, typename Field>
  using MaxBy = api::Extreme<U, Field, true, true>;

  template <bool kFits = true, typename F>
  SingleOutputStreamOperator<T> rolling(const std::string& kind,
                                        const std::string& name,
                                        F f) const {
    if constexpr (kFits && api::checkFunction<F>()) {
      return this->template addIf<true, functions::MapStep, T, K>(
          kind, name, functions::RollingReduce<T, F>(std::move(f), kind), selector_);
    } else {
      return api::Refused{};
    }
  }

  template <template <typename, typename> typename Function, typename Which>
    requires(!api::NamesMember<Which>)
  SingleOutputStreamOperator<T> aggregate(const std::string& /*kind*/,
                                          const Which& /*which*/) const {
    static_assert(api::NamesMember<Which>,
                  "sum(), min(), max(), minBy() and maxBy() take a pointer to a member of the "
                  "records, its place or its name, or nothing where records are numbers");
    return api::Refused{};
  }
  template <template <typename, typename> typename Function>
  SingleOutputStreamOperator<T> aggregate(const std::string& kind) const {
    using Whole = Function<T, api::WholeRecord>;
    if constexpr (api::checkAggregated<Whole::kAdds, T>()) {
      return rolling(kind, "Keyed Aggregation", Whole{});
    } else {
      return api::Refused{};
    }
  }
  template <template <typename, typename> typename Function, typename M, typename Owner>
  SingleOutputStreamOperator<T> aggregate(const std::string& kind, M Owner::* member) const {
    static_assert(std::is_same_v<Owner, T>, "the member belongs to another type than the records");
    using OfMember = Function<T, api::MemberOf<T, M>>;
    if constexpr (!std::is_same_v<Owner, T>) {
      return api::Refused{};
    } else if constexpr (api::checkAggregated<OfMember::kAdds, M>()) {
      return rolling(kind, "Keyed Aggregation", OfMember{api::MemberOf<T, M>{member}});
    } else {
      return api::Refused{};
    }
  }
  template <template <typename, typename> typename Function>
  SingleOutputStreamOperator<T> aggregate(const std::string& kind, int position) const {
    const Function<T, api::AtPosition> function{{static_cast<std::size_t>(position)}};
    auto stream = rolling(kind, "Keyed Aggregation", function);
    if (std::string problem = api::problemAtPosition<T>(function, kind, position);
        !problem.empty()) {
      this->program()->node(stream.inputs().front().node).errors.push_back(std::move(problem));
    }
    return stream;
  }
  template <template <typename, typename> typename Function>
  SingleOutputStreamOperator<T> aggregate(const std::string& kind, std::string_view name) const {
    return aggregate<Function>(kind, api::positionOf<T>(name));
  }
  Selector selector_;
};

template <typename T>
template <typename Selector>
auto DataStream<T>::keyBy(Selector selector) const {
  static_assert(functions::SelectsKeys<Selector, T>,
                "keyBy() takes a KeySelector<T, K>, a pointer to a member, or a callable "
                "K(const T&) that is const, where T is the type of this stream's records");
  if constexpr (!functions::SelectsKeys<Selector, T>) {
    return api::Refused{};
  } else if constexpr (record::checkKey<functions::KeyOf<Selector, T>>() &&
                       api::checkFunction<Selector>()) {
    using K = functions::KeyOf<Selector, T>;
    return KeyedStream<T, K, Selector>(
        rerouted(graph::Partitioning::kHash, api::keyWriters<T>(selector)), std::move(selector));
  } else {
    return api::Refused{};
  }
}

}  // namespace weir
