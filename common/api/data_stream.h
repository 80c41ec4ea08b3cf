#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "common/api/any_stream.h"
#include "common/api/node_settings.h"
#include "common/api/node_spec.h"
#include "common/api/program.h"
#include "common/api/refused.h"
#include "common/api/text_sinks.h"
#include "common/api/writers.h"
#include "common/functions/callable.h"
#include "common/functions/edge_reader.h"
#include "common/functions/time.h"

namespace weir {

template <typename T, typename K, typename Selector = std::function<K(const T&)>>
class KeyedStream;
template <typename T>
class SingleOutputStreamOperator;
template <typename T, typename Selector>
class SplitStream;
template <typename Stream1, typename Stream2>
class ConnectedStreams;
template <typename T>
class BroadcastStream;

/// Records of T that flow from operator to operator. A handle: copies speak of the same stream. The
/// thread of main().
template <typename T>
class DataStream : public api::AnyStream {
 public:
  using Record = T;

  using AnyStream::AnyStream;

  /// f: a callable Out(const T&) or a MapFunction<T, Out>.
  template <typename F>
  auto map(F f) const {
    return mapWith<functions::NoKey>(std::move(f), functions::NoSelector{});
  }
  /// f: a callable (const T&, Collector<Out>&) or a FlatMapFunction<T, Out>. Out has to be named,
  /// flatMap<Out>(f), where f takes its collector as auto&.
  template <typename Out = void, typename F>
  auto flatMap(F f) const {
    return flatMapWith<Out, functions::NoKey>(std::move(f), functions::NoSelector{});
  }
  /// f: a callable bool(const T&) or a FilterFunction<T>.
  template <typename F>
  SingleOutputStreamOperator<T> filter(F f) const {
    return filterWith<functions::NoKey>(std::move(f), functions::NoSelector{});
  }
  /// f: a callable (const T&, ProcessContext&, Collector<Out>&) or a ProcessFunction<T, Out>.
  template <typename Out = void, typename F>
  auto process(F f) const {
    return processWith<Out, functions::NoKey>(std::move(f), functions::NoSelector{});
  }

  /// Records of equal keys go to the same subtask, where each key has its state. selector: a
  /// callable K(const T&), a pointer to a member of T, or a KeySelector<T, K>.
  template <typename Selector>
  auto keyBy(Selector selector) const;
  /// The same parallelism on both sides, subtask i to subtask i.
  DataStream forward() const { return partitioned(graph::Partitioning::kForward); }
  DataStream shuffle() const { return partitioned(graph::Partitioning::kShuffle); }
  DataStream rebalance() const { return partitioned(graph::Partitioning::kRebalance); }
  DataStream rescale() const { return partitioned(graph::Partitioning::kRescale); }
  DataStream broadcast() const { return partitioned(graph::Partitioning::kBroadcast); }
  /// To every subtask of a function that keeps what comes in broadcast state.
  template <typename K, typename V, typename... More>
  BroadcastStream<T> broadcast(const MapStateDescriptor<K, V>& first, const More&... more) const;
  DataStream global() const { return partitioned(graph::Partitioning::kGlobal); }
  /// partitioner: a callable int(const K&, int partitions) or a Partitioner<K>.
  template <typename P, typename Selector>
  auto partitionCustom(P partitioner, Selector selector) const {
    constexpr bool kFits = [] {
      if constexpr (functions::SelectsKeys<Selector, T>) {
        return functions::Partitions<P, functions::KeyOf<Selector, T>>;
      }
      return false;
    }();
    static_assert(kFits,
                  "partitionCustom() takes a partitioner int(const K&, int) and a key selector "
                  "K(const T&), both const, where T is the type of this stream's records");
    if constexpr (kFits && api::checkFunction<std::pair<P, Selector>>()) {
      return rerouted(graph::Partitioning::kCustom,
                      api::customWriters<T>(std::move(partitioner), std::move(selector)));
    } else {
      return api::Refused{};
    }
  }

  /// The records of all, in no particular order between them.
  template <typename... Others>
  DataStream union_(const Others&... others) const {  // NOLINT: "union" is a keyword.
    constexpr bool kSame = (std::is_base_of_v<DataStream, Others> && ...);
    static_assert(kSame || (std::is_same_v<Others, api::Refused> || ...),
                  "union_() takes streams of the same record type");
    DataStream merged = *this;
    if constexpr (kSame) {
      (merged.append(others), ...);
    }
    return merged;
  }
  /// Two streams of different types for one function of two inputs.
  template <typename Other>
  ConnectedStreams<DataStream, Other> connect(const Other& other) const;
  api::Refused connect(const api::Refused& other) const { return other; }
  /// selector: a callable std::vector<std::string>(const T&) that names the outputs of a record.
  template <typename Selector>
  auto split(Selector selector) const;

  /// strategy: a WatermarkStrategy<T>, an AssignerWithPeriodicWatermarks<T> or an
  /// AssignerWithPunctuatedWatermarks<T>. What comes replaces the watermarks of before.
  template <typename A>
  SingleOutputStreamOperator<T> assignTimestampsAndWatermarks(A strategy) const {
    constexpr bool kFits = functions::AssignsTimestamps<A, T>;
    static_assert(kFits,
                  "assignTimestampsAndWatermarks() takes a WatermarkStrategy<T>, an "
                  "AssignerWithPeriodicWatermarks<T> or an AssignerWithPunctuatedWatermarks<T>, "
                  "where T is the type of this stream's records");
    if constexpr (kFits && api::checkFunction<A>()) {
      return {program(), program()->add(api::assignerSpec<T>(std::move(strategy), inputs()))};
    } else {
      return api::Refused{};
    }
  }

  /// A stream that comes back to where it is now: IterativeStream. It ends with its input, once
  /// nothing is in flight, or once no record has come back for `max_wait` since the input's end.
  auto iterate() const;
  auto iterate(const Time& max_wait) const;

  /// By key and window: a.join(b).where(key of a).equalTo(key of b).window(assigner).apply(f).
  template <typename Other>
  auto join(const Other& other) const;
  template <typename Other>
  auto coGroup(const Other& other) const;
  /// As window(), timeWindow() and countWindow() of KeyedStream, for all records in one subtask.
  template <typename A>
  auto windowAll(A assigner) const;
  auto timeWindowAll(Time size) const;
  auto timeWindowAll(Time size, Time slide) const;
  auto countWindowAll(std::int64_t size) const;
  auto countWindowAll(std::int64_t size, std::int64_t slide) const;

  /// f: a callable (const T&) or a SinkFunction<T>.
  template <typename F>
  DataStreamSink addSink(F f, const std::string& name = "Sink") const {
    return addSinkWith<functions::NoKey>(std::move(f), name, functions::NoSelector{});
  }
  /// A line per record on the standard output of the task manager.
  DataStreamSink print() const { return sink("print", "Sink: Print", api::printSink<T>(false)); }
  DataStreamSink printToErr() const {
    return sink("printToErr", "Sink: Print to Err", api::printSink<T>(true));
  }
  /// A line per record, into path/<subtask + 1>, or path itself at parallelism 1. The path is
  /// absolute, and holds nothing of another job unless `mode` allows to overwrite it; TextFileSink
  /// says when lines are there.
  DataStreamSink writeAsText(const std::string& path,
                             WriteMode mode = WriteMode::kNoOverwrite) const {
    return sink("writeAsText", "Sink: " + path, api::textFileSink<T>(path, mode));
  }
  /// The same with the members of a record as fields, quoted as RFC 4180 says.
  DataStreamSink writeAsCsv(const std::string& path,
                            WriteMode mode = WriteMode::kNoOverwrite) const {
    return sink("writeAsCsv", "Sink: " + path, api::csvFileSink<T>(path, mode));
  }
  DataStreamSink writeToSocket(const std::string& host, int port) const {
    return sink("writeToSocket", "Sink: Socket", api::socketSink<T>(host, port));
  }

 protected:
  template <typename Key, typename F, typename Selector>
  auto mapWith(F f, Selector selector) const {
    static_assert(functions::Maps<F, T>,
                  "map() takes a MapFunction<T, Out> or a callable Out(const T&), where T is the "
                  "type of this stream's records");
    if constexpr (!functions::Maps<F, T>) {
      return api::Refused{};
    } else {
      using Out = functions::MapResult<F, T>;
      static_assert(!std::is_void_v<Out>, "the function of map() returns nothing: use flatMap()");
      return addIf<!std::is_void_v<Out>, functions::MapStep, Out, Key>(
          "map", "Map", std::move(f), std::move(selector));
    }
  }
  template <typename Out, typename Key, typename F, typename Selector>
  auto flatMapWith(F f, Selector selector) const {
    using Result = functions::FlatMapResult<F, Out>;
    constexpr bool kFits = functions::FlatMaps<F, T, Result>;
    static_assert(kFits,
                  "flatMap() takes a FlatMapFunction<T, Out> or a callable (const T&, "
                  "Collector<Out>&), where T is the type of this stream's records; name the type, "
                  "flatMap<Out>(f), where the collector is auto&");
    return addIf<kFits, functions::FlatMapStep, Result, Key>(
        "flatMap", "Flat Map", std::move(f), std::move(selector));
  }
  template <typename Key, typename F, typename Selector>
  SingleOutputStreamOperator<T> filterWith(F f, Selector selector) const {
    static_assert(functions::Filters<F, T>,
                  "filter() takes a FilterFunction<T> or a callable bool(const T&), where T is the "
                  "type of this stream's records");
    return addIf<functions::Filters<F, T>, functions::FilterStep, T, Key>(
        "filter", "Filter", std::move(f), std::move(selector));
  }
  template <typename Out, typename Key, typename F, typename Selector>
  auto processWith(F f, Selector selector) const {
    using Result = functions::AnyProcessResult<F, Out>;
    constexpr bool kFits = api::checkProcess<F, T, Key, Result>();
    return addIf<kFits, functions::ProcessStep, Result, Key>(
        "process", "Process", std::move(f), std::move(selector));
  }

  /// Adds an operator after this stream and returns what it emits. kFits: what the caller has
  /// asserted.
  template <bool kFits, typename Step, typename Out, typename Key, typename F, typename Selector>
  auto addIf(std::string_view kind, std::string_view name, F f, Selector selector) const {
    if constexpr (!kFits) {
      return api::Refused{};
    } else if constexpr (api::checkRecord<Out>() && api::checkFunction<F>()) {
      const std::uint32_t node = program()->add(api::oneInputSpec<Step, T, Out, Key>(
          kind, name, std::move(f), std::move(selector), inputs()));
      return SingleOutputStreamOperator<Out>(program(), node);
    } else {
      return api::Refused{};
    }
  }
  template <typename Key, typename F, typename Selector>
  DataStreamSink addSinkWith(F f, const std::string& name, Selector selector) const {
    static_assert(functions::Sinks<F, T>,
                  "addSink() takes a SinkFunction<T> or a callable (const T&), where T is the type "
                  "of this stream's records");
    if constexpr (functions::Sinks<F, T> && api::checkFunction<F>()) {
      return sink<Key>("sink", name, std::move(f), std::move(selector));
    } else {
      return api::Refused{};
    }
  }
  template <typename Key = functions::NoKey, typename F, typename Selector = functions::NoSelector>
  DataStreamSink sink(std::string_view kind,
                      std::string_view name,
                      F f,
                      Selector selector = {}) const {
    return {program(),
            program()->add(api::oneInputSpec<functions::SinkStep, T, functions::NoOutput, Key>(
                kind, name, std::move(f), std::move(selector), inputs()))};
  }
  DataStream rerouted(graph::Partitioning partitioning,
                      std::unique_ptr<const api::EdgeWriterMaker> writers) const {
    return {*this, partitioning, std::move(writers)};
  }

 private:
  DataStream partitioned(graph::Partitioning partitioning) const {
    return {*this, partitioning, api::kEndsOf<T>};
  }
};

/// The stream that one operator emits, with the operator's settings.
template <typename T>
class SingleOutputStreamOperator : public DataStream<T>,
                                   public OperatorSettings<SingleOutputStreamOperator<T>> {
 public:
  /// What the function emits under `tag` (ProcessContext::output).
  template <typename U>
  DataStream<U> getSideOutput(const OutputTag<U>& tag) const {
    if constexpr (api::checkRecord<U>()) {
      this->program()->claimTag(tag);
      return {this->program(), this->inputs().front().node, api::kEndsOf<U>, tag.id()};
    } else {
      return api::Refused{};
    }
  }

  SingleOutputStreamOperator(const std::shared_ptr<api::Program>& program, std::uint32_t node)
      : DataStream<T>(program, node, api::kEndsOf<T>),
        OperatorSettings<SingleOutputStreamOperator<T>>(program, node) {}
};

}  // namespace weir
